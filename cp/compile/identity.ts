/**
 * The names that a data plane holds and the roots it trusts (Kuma semantics 4.2): `spiffe://MESH/SERVICE` for each
 * of its services, then `kuma://TAG/VALUE` for every tag, each part sorted.
 */
import type { Trust } from '#contract/identity.ts'
import type { Resource } from '../kinds/kind.ts'
import { enabledBackend } from '../kinds/mesh/mesh.ts'
import { type DataplaneSpec, tagSetsOf } from '../kinds/proxy/dataplane.ts'
import type { MeshView } from '../match/view.ts'
import type { Draft } from './draft.ts'

const SERVICE_TAG = 'kuma.io/service'

export function compileIdentity(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const backend = enabledBackend(view.mesh.spec)
  if (backend === undefined) return
  draft.identity = {
    trustDomain: view.mesh.name,
    backend: backend.name,
    uris: identityUris(view.mesh.name, dataplane.spec),
  }
  draft.trust.push(trustOf(view))
}

/** What the certificate of a data plane says, in its order. */
export function identityUris(mesh: string, dataplane: DataplaneSpec): readonly string[] {
  const services = new Set<string>()
  const others = new Set<string>()
  for (const tags of tagSetsOf(dataplane)) {
    for (const [tag, value] of Object.entries(tags)) {
      if (tag === SERVICE_TAG) services.add(uriOfTag(mesh, tag, value))
      others.add(`kuma://${tag}/${value}`)
    }
  }
  return [...[...services].sort(), ...[...others].sort()]
}

/** The URI that proves that a client carries a tag. */
export function uriOfTag(mesh: string, tag: string, value: string): string {
  return tag === SERVICE_TAG ? `spiffe://${mesh}/${value}` : `kuma://${tag}/${value}`
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
