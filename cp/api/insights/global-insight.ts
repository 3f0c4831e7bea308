/** `/global-insight` and `/global-insights`: what is in all meshes together, every counter written (kuma-api 1.6). */
import { kinds } from '../../kinds/registry.ts'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint, Right } from '../request.ts'
import { counted, noCounters } from './counters.ts'
import { resourceCounts } from './mesh-insights.ts'
import { proxiesOf } from './proxies.ts'
import { externalServicesOf, servicesOf } from './service-insights.ts'

const RIGHT: Right = {
  check: 'before',
  action: { type: 'read', kind: { type: 'GlobalInsight', adminOnly: false } },
}

export function globalInsightEndpoint(context: ApiContext): Endpoint {
  return {
    right: RIGHT,
    operation: 'Could not retrieve global insights',
    handle: async () => ok(await globalInsight(context)),
  }
}

/** Resources of global scope by type, also those of which there are none. */
export function globalInsightsEndpoint(context: ApiContext): Endpoint {
  const types = kinds.filter(kind => kind.scope === 'Global' && !kind.readOnly).map(kind => kind.type)
  return {
    right: RIGHT,
    operation: 'Could not retrieve global insights',
    async handle() {
      const lists = await Promise.all(types.map(type => context.store.list(type)))
      const totals = types.map((type, i) => [type, { total: lists[i]?.length ?? 0 }] as const)
      const resources = Object.fromEntries(totals.toSorted(([a], [b]) => (a < b ? -1 : 1)))
      return ok({ type: 'GlobalInsights', creationTime: new Date().toISOString(), resources })
    },
  }
}

async function globalInsight(context: ApiContext): Promise<unknown> {
  const { store } = context
  const [meshes, proxies] = await Promise.all([store.list('Mesh'), proxiesOf(context, undefined)])
  const services = await Promise.all(
    meshes.map(async mesh => {
      const own = meshes.length === 1 ? proxies : proxies.filter(proxy => proxy.mesh === mesh.name)
      return servicesOf(mesh, own, await externalServicesOf(context, mesh.name))
    }),
  )
  const counts = await countsOf(
    context,
    meshes.map(({ name }) => name),
  )
  const ofType = (type: string) => counted(proxies.filter(proxy => proxy.type === type))
  const [ingresses, egresses] = await Promise.all([store.list('ZoneIngress'), store.list('ZoneEgress')])
  return {
    createdAt: new Date().toISOString(),
    services: serviceCounters(services.flat().map(({ spec }) => spec as ServiceFields)),
    zones: {
      controlPlanes: { online: 0, total: 0 },
      zoneIngresses: { online: 0, total: ingresses.length },
      zoneEgresses: { online: 0, total: egresses.length },
    },
    dataplanes: {
      standard: ofType('standard'),
      gatewayBuiltin: ofType('gatewayBuiltin'),
      gatewayDelegated: ofType('gatewayDelegated'),
    },
    policies: {
      total: kinds
        .filter(kind => kind.isPolicy)
        .reduce((total, kind) => total + (counts.get(kind.type) ?? 0), 0),
    },
    meshes: { total: meshes.length },
    resources: Object.fromEntries(
      [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([type, total]) => [type, { total }]),
    ),
  }
}

interface ServiceFields {
  readonly status?: string
  readonly serviceType?: string
}

const STATES: Readonly<Record<string, 'online' | 'offline' | 'partiallyDegraded'>> = {
  online: 'online',
  partially_degraded: 'partiallyDegraded',
}

function serviceCounters(services: readonly ServiceFields[]): unknown {
  const byType = { internal: noCounters(), gateway_builtin: noCounters(), gateway_delegated: noCounters() }
  let external = 0
  for (const { status = '', serviceType = 'internal' } of services) {
    if (serviceType === 'external') {
      external++
      continue
    }
    const counters = byType[serviceType as keyof typeof byType]
    counters.total++
    counters[STATES[status] ?? 'offline']++
  }
  return {
    total: services.length,
    internal: byType.internal,
    external: { total: external },
    gatewayBuiltin: byType.gateway_builtin,
    gatewayDelegated: byType.gateway_delegated,
  }
}

/** Of the meshes and, of global scope, what Kuma counts here: HostnameGenerators. */
async function countsOf(
  context: ApiContext,
  meshes: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>()
  const add = (type: string, count: number): void => {
    if (count > 0) totals.set(type, (totals.get(type) ?? 0) + count)
  }
  for (const counts of await Promise.all(meshes.map(mesh => resourceCounts(context, mesh)))) {
    for (const [type, count] of counts) add(type, count)
  }
  add('HostnameGenerator', (await context.store.list('HostnameGenerator')).length)
  return totals
}
