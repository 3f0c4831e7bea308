/** The names that a data plane is to hold and the roots it trusts (Kuma semantics 4.2). */
import type { Trust } from '#contract/identity.ts'
import type { Resource } from '../kinds/kind.ts'
import { enabledBackend } from '../kinds/mesh/mesh.ts'
import { type DataplaneSpec, tagSetsOf } from '../kinds/proxy/dataplane.ts'
import { identityUris } from '../kinds/spiffe.ts'
import type { MeshView } from '../match/view.ts'
import type { Draft } from './draft.ts'

export function compileIdentity(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const backend = enabledBackend(view.mesh.spec)
  if (backend === undefined) return
  draft.identity = {
    trustDomain: view.mesh.name,
    backend: backend.name,
    uris: identityUris(view.mesh.name, tagSetsOf(dataplane.spec)),
  }
  draft.trust.push(trustOf(view))
}

const trustByRoots = new WeakMap<readonly string[], Trust>()

/** One object for all data planes of a mesh while its roots stay. */
function trustOf(view: MeshView): Trust {
  const roots = view.roots()
  const known = trustByRoots.get(roots)
  if (known !== undefined && known.trustDomain === view.mesh.name) return known
  const trust = { trustDomain: view.mesh.name, roots }
  trustByRoots.set(roots, trust)
  return trust
}
