/**
 * The first resources: what every new mesh brings along (its CA, the key that signs its data planes' tokens), and what
 * a fresh control plane starts with (decisions, "A new mesh"; kuma-api 5.7). What exists is never touched.
 */
import type { Logger } from '#base/log.ts'
import { ensureAdminToken } from '../auth/admin-token.ts'
import { dataplaneKeys, USER_KEYS, ZONE_KEYS } from '../auth/keys.ts'
import type { Tokens } from '../auth/tokens.ts'
import { missingBuiltinCaSecrets } from '../ca/builtin.ts'
import { hostnameGenerator } from '../kinds/destination/hostname-generator.ts'
import type { ResourceDraft } from '../kinds/kind.ts'
import { enabledBackend, type MeshSpec, mesh as meshKind } from '../kinds/mesh/mesh.ts'
import {
  type MeshTrafficPermissionSpec,
  meshTrafficPermission as permissionKind,
} from '../kinds/security/mesh-traffic-permission.ts'
import type { GuardedStore, WriteHook } from '../store/guarded-store.ts'
import type { Store, Write } from '../store/store.ts'

/** Rides on the commit of a Mesh: CA of an enabled builtin backend, signing key. */
export function newMeshHook(store: Store, tokens: Tokens): WriteHook {
  return async draft => {
    if (draft.type !== 'Mesh') return []
    const backend = enabledBackend(draft.spec as MeshSpec)
    const drafts: ResourceDraft[] = [...(await tokens.keys.missing(dataplaneKeys(draft.name)))]
    if (backend?.type === 'builtin') {
      drafts.push(...(await missingBuiltinCaSecrets(store, draft.name, backend.name, backend.conf)))
    }
    return drafts.map((resource): Write => ({ op: 'put', resource, expectedRevision: 0 }))
  }
}

export interface FirstResourcesOptions {
  readonly store: Store
  readonly guarded: GuardedStore
  readonly tokens: Tokens
  /** Name of this control plane's zone. */
  readonly zone: string
  readonly skipMeshCreation: boolean
  readonly skipHostnameGenerators: boolean
  readonly bootstrapAdminToken: boolean
  readonly log: Logger
}

/** At the start of the control plane; does nothing where all is there. */
export async function createFirstResources(options: FirstResourcesOptions): Promise<void> {
  const { store, tokens, log } = options
  const keys = await tokens.keys.missing(USER_KEYS)
  const zoneKeys = await tokens.keys.missing(ZONE_KEYS)
  await store.commit([...keys, ...zoneKeys].map(resource => ({ op: 'put', resource, expectedRevision: 0 })))
  if (zoneKeys.length > 0) await store.commit([{ op: 'put', resource: zoneOf(options.zone) }])
  if (options.bootstrapAdminToken) await ensureAdminToken(store, tokens)
  // only in a store that was never used: an operator who deleted one of these meant it
  const isFresh = async (type: string): Promise<boolean> =>
    keys.length > 0 && (await store.list(type)).length === 0
  if (!options.skipHostnameGenerators && (await isFresh(hostnameGenerator.type))) {
    await store.commit(HOSTNAME_GENERATORS.map(resource => ({ op: 'put', resource })))
  }
  if (options.skipMeshCreation || !(await isFresh(meshKind.type))) return
  // past the hooks of other meshes: this one has no policy but the permission
  const secrets = await newMeshHook(store, tokens)(DEFAULT_MESH, null, store)
  await store.commit([{ op: 'put', resource: DEFAULT_MESH }, ...secrets])
  await options.guarded.put(permissionKind, ALLOW_ALL)
  log.info('made mesh default: mTLS STRICT, every member allowed by allow-all-default')
}

function zoneOf(name: string): ResourceDraft {
  return { type: 'Zone', mesh: '', name, labels: {}, spec: {} }
}

const OF_THIS_ZONE = { 'kuma.io/origin': 'zone' }

/** As Kuma makes them, with this label only (kuma-api 4.2, 5.7). */
const HOSTNAME_GENERATORS: readonly ResourceDraft[] = [
  generator('local-mesh-external-service', 'meshExternalService', '{{ .DisplayName }}.extsvc.mesh.local'),
  generator('local-universal-mesh-service', 'meshService', '{{ .DisplayName }}.svc.mesh.local'),
]

function generator(name: string, selected: string, template: string): ResourceDraft {
  const spec = { selector: { [selected]: { matchLabels: OF_THIS_ZONE } }, template }
  return { type: hostnameGenerator.type, mesh: '', name, labels: OF_THIS_ZONE, spec }
}

/** STRICT, which is what a backend without a mode is: written out, it would be dropped by the first who applies it again. */
const DEFAULT_MESH: ResourceDraft<MeshSpec> = {
  type: 'Mesh',
  mesh: '',
  name: 'default',
  labels: {},
  spec: { mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] } },
}

const ALLOW_ALL: ResourceDraft<MeshTrafficPermissionSpec> = {
  type: 'MeshTrafficPermission',
  mesh: 'default',
  name: 'allow-all-default',
  labels: {},
  spec: {
    targetRef: { kind: 'Mesh' },
    from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }],
  },
}
