/** A guarded store on a memory store in zone `z1`, and drafts for it, in mesh `m1` unless told. */
import type { Kind, ResourceDraft, ResourceKey } from '../../cp/kinds/kind.ts'
import type { MeshSpec } from '../../cp/kinds/mesh/mesh.ts'
import type { DataplaneSpec } from '../../cp/kinds/proxy/dataplane.ts'
import { kindByType } from '../../cp/kinds/registry.ts'
import { createGuardedStore, type GuardedStore, type WriteHook } from '../../cp/store/guarded-store.ts'
import { createMemoryStore } from '../../cp/store/memory-store.ts'
import type { Store } from '../../cp/store/store.ts'
import { silentLogger } from '../../dp/base/log.ts'

export interface GuardedFixture {
  readonly store: Store
  readonly guarded: GuardedStore
}

export function aGuardedStore(
  options: { store?: Store; hooks?: readonly WriteHook[]; unsafeDelete?: boolean } = {},
): GuardedFixture {
  const { store = createMemoryStore(), hooks = [], unsafeDelete = false } = options
  return {
    store,
    guarded: createGuardedStore({ store, zone: 'z1', hooks, unsafeDelete, log: silentLogger() }),
  }
}

export function aMesh(name: string, spec: MeshSpec = {}): ResourceDraft<MeshSpec> {
  return { type: 'Mesh', mesh: '', name, labels: {}, spec }
}

/** One inbound of service `web` with further tags. */
export function aDataplane(
  name: string,
  tags: Record<string, string> = {},
  mesh = 'm1',
): ResourceDraft<DataplaneSpec> {
  const inbound = [{ port: 80, tags: { 'kuma.io/service': 'web', ...tags } }]
  return { type: 'Dataplane', mesh, name, labels: {}, spec: { networking: { address: '10.0.0.1', inbound } } }
}

/** A resource of a type whose spec is `data`, as secrets have it. */
export function aDraft(
  type: string,
  name: string,
  mesh = 'm1',
  labels: Record<string, string> = {},
): ResourceDraft {
  return { type, mesh, name, labels, spec: { data: 'eA==' } }
}

export function aKey(type: string, name: string, mesh = 'm1'): ResourceKey {
  return { type, mesh, name }
}

export function kindOf(type: string): Kind {
  const kind = kindByType(type)
  if (kind === undefined) throw new Error(`there is no kind ${type}`)
  return kind
}
