/**
 * ServiceInsights, computed from what is stored and connected at this moment: one for each service that a data plane
 * offers or an ExternalService names (kuma-api 1.9, 4.6).
 */
import type { Resource } from '../../kinds/kind.ts'
import { type ServiceInsightSpec, serviceInsightSchema } from '../../kinds/mesh/service-insight.ts'
import { withoutZeros } from '../../kinds/schema/decode.ts'
import { SERVICE_TAG } from '../../kinds/spiffe.ts'
import type { ApiContext } from '../request.ts'
import { type CountedProxy, proxiesOf } from './proxies.ts'

/** The domain and port under which transparent proxies know services. */
const DOMAIN = 'mesh'
const VIP_PORT = 80

/** Sorted by mesh, then service. */
export async function serviceInsights(
  context: ApiContext,
  mesh: string | undefined,
): Promise<readonly Resource[]> {
  const meshes = await context.store.list('Mesh')
  const wanted = meshes.filter(({ name }) => mesh === undefined || name === mesh)
  return (await Promise.all(wanted.map(one => ofMesh(context, one)))).flat()
}

/** One that nobody offers is told as such; null while the mesh has no service at all. */
export async function serviceInsight(
  context: ApiContext,
  mesh: string,
  service: string,
): Promise<Resource | null> {
  const all = await serviceInsights(context, mesh)
  const found = all.find(({ name }) => name === service)
  const [first] = all
  if (found !== undefined || first === undefined) return found ?? null
  return {
    ...first,
    name: service,
    spec: { dataplanes: {}, addressPort: `${service}.${DOMAIN}:${VIP_PORT}` },
  }
}

/** Service → its address. */
export async function externalServicesOf(
  context: ApiContext,
  mesh: string,
): Promise<ReadonlyMap<string, string>> {
  const resources = await context.store.list('ExternalService', mesh)
  return new Map(
    resources.map(({ name, spec }) => {
      const { tags, networking } = spec as ExternalServiceFields
      return [tags?.[SERVICE_TAG] ?? name, networking?.address ?? '']
    }),
  )
}

/** Checked when they were written. */
interface ExternalServiceFields {
  readonly tags?: Readonly<Record<string, string>>
  readonly networking?: { readonly address?: string }
}

async function ofMesh(context: ApiContext, mesh: Resource): Promise<readonly Resource[]> {
  return servicesOf(mesh, await proxiesOf(context, mesh.name), await externalServicesOf(context, mesh.name))
}

/** Sorted by service. @param proxies those of the mesh */
export function servicesOf(
  mesh: Resource,
  proxies: readonly CountedProxy[],
  external: ReadonlyMap<string, string>,
): readonly Resource[] {
  const providers = new Map<string, CountedProxy[]>()
  for (const proxy of proxies) {
    for (const service of proxy.services.keys()) {
      const group = providers.get(service)
      if (group === undefined) providers.set(service, [proxy])
      else group.push(proxy)
    }
  }
  const specs = new Map<string, ServiceInsightSpec>()
  for (const [service, group] of providers) specs.set(service, internalSpec(service, group))
  for (const [service, address] of external) {
    if (!specs.has(service)) {
      specs.set(service, {
        status: 'not_available',
        dataplanes: {},
        serviceType: 'external',
        addressPort: address,
      })
    }
  }
  return [...specs.keys()].sort().map(name => ({
    type: 'ServiceInsight',
    mesh: mesh.name,
    name,
    labels: {},
    creationTime: mesh.creationTime,
    modificationTime: mesh.modificationTime,
    revision: 0,
    spec: withoutZeros(serviceInsightSchema, specs.get(name)),
  }))
}

const SERVICE_TYPES = {
  standard: 'internal',
  gatewayBuiltin: 'gateway_builtin',
  gatewayDelegated: 'gateway_delegated',
} as const

function internalSpec(service: string, group: readonly CountedProxy[]): ServiceInsightSpec {
  const total = group.length
  const online = group.filter(({ services }) => services.get(service) === true).length
  const serviceType = SERVICE_TYPES[group[0]?.type ?? 'standard']
  const issued = new Map<string, number>()
  for (const { issuedBackend } of group) {
    if (issuedBackend) issued.set(issuedBackend, (issued.get(issuedBackend) ?? 0) + 1)
  }
  return {
    status: online === total ? 'online' : online === 0 ? 'offline' : 'partially_degraded',
    dataplanes: { total, online, offline: total - online },
    issuedBackends: Object.fromEntries(issued),
    serviceType,
    ...(serviceType === 'internal' ? { addressPort: `${service}.${DOMAIN}:${VIP_PORT}` } : {}),
    zones: [...new Set(group.map(({ zone }) => zone).filter(zone => zone !== ''))].sort(),
  }
}
