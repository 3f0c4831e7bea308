/** MeshInsights, computed from what is stored and connected at this moment (kuma-api 4.6). One for each mesh. */
import type { Resource } from '../../kinds/kind.ts'
import { type MeshInsightSpec, meshInsightSchema } from '../../kinds/mesh/mesh-insight.ts'
import { kinds } from '../../kinds/registry.ts'
import { withoutZeros } from '../../kinds/schema/decode.ts'
import type { ApiContext } from '../request.ts'
import { counted, countedBy } from './counters.ts'
import { type CountedProxy, proxiesOf } from './proxies.ts'
import { externalServicesOf } from './service-insights.ts'

/** Sorted by name. */
export async function meshInsights(context: ApiContext): Promise<readonly Resource[]> {
  const meshes = await context.store.list('Mesh')
  return Promise.all(meshes.map(mesh => insightOf(context, mesh)))
}

export async function meshInsight(context: ApiContext, name: string): Promise<Resource | null> {
  const mesh = await context.store.get({ type: 'Mesh', mesh: '', name })
  return mesh === null ? null : insightOf(context, mesh)
}

/** Type → number of resources in the mesh, of types that have some, in their order. */
export async function resourceCounts(
  context: ApiContext,
  mesh: string,
): Promise<ReadonlyMap<string, number>> {
  const types = kinds
    .filter(kind => kind.scope === 'Mesh' && !kind.readOnly)
    .map(kind => kind.type)
    .sort()
  const lists = await Promise.all(types.map(type => context.store.list(type, mesh)))
  return new Map(
    types.map((type, i) => [type, lists[i]?.length ?? 0] as const).filter(([, total]) => total > 0),
  )
}

async function insightOf(context: ApiContext, mesh: Resource): Promise<Resource> {
  const [proxies, counts, external] = await Promise.all([
    proxiesOf(context, mesh.name),
    resourceCounts(context, mesh.name),
    externalServicesOf(context, mesh.name),
  ])
  const ofType = (...types: readonly CountedProxy['type'][]) =>
    counted(proxies.filter(({ type }) => types.includes(type)))
  const internal = new Set(proxies.flatMap(({ services }) => [...services.keys()])).size
  const spec: MeshInsightSpec = {
    dataplanes: counted(proxies),
    policies: totals(counts, type => POLICIES.has(type)),
    dpVersions: {
      kumaDp: countedBy(proxies, ({ kumaDp }) => [kumaDp]),
      envoy: countedBy(proxies, ({ envoy }) => [envoy]),
    },
    mTLS: {
      issuedBackends: countedBy(proxies, ({ issuedBackend }) => (issuedBackend ? [issuedBackend] : [])),
      supportedBackends: countedBy(proxies, ({ supportedBackends }) => supportedBackends),
    },
    services: { total: internal + external.size, internal, external: external.size },
    dataplanesByType: {
      standard: ofType('standard'),
      gateway: ofType('gatewayBuiltin', 'gatewayDelegated'),
      gatewayBuiltin: ofType('gatewayBuiltin'),
      gatewayDelegated: ofType('gatewayDelegated'),
    },
    resources: totals(counts, () => true),
  }
  return {
    type: 'MeshInsight',
    mesh: '',
    name: mesh.name,
    labels: {},
    creationTime: mesh.creationTime,
    modificationTime: mesh.modificationTime,
    revision: 0,
    spec: withoutZeros(meshInsightSchema, spec),
  }
}

const POLICIES: ReadonlySet<string> = new Set(kinds.filter(kind => kind.isPolicy).map(kind => kind.type))

function totals(
  counts: ReadonlyMap<string, number>,
  isWanted: (type: string) => boolean,
): Readonly<Record<string, { readonly total: number }>> {
  return Object.fromEntries(
    [...counts].filter(([type]) => isWanted(type)).map(([type, total]) => [type, { total }]),
  )
}
