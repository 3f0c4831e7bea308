/** What runs, as plain data for people and programs. */
import { clustersOf, type OutboundListener } from '#contract/listener.ts'
import type { EndpointStatus, InboundStatus, OutboundStatus, RunningStatistics } from '#contract/questions.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Inbound } from '../listener/inbound.ts'
import type { Outbound } from '../listener/outbound.ts'
import type { Runtime } from './runtime.ts'

export function statusOf(runtime: Runtime): RunningStatistics {
  const inbounds: InboundStatus[] = []
  const outbounds: OutboundStatus[] = []
  for (const { role } of runtime.listeners.values()) {
    if (role.config.direction === 'inbound')
      inbounds.push({ ...commonOf(role), service: role.config.service })
    else outbounds.push({ ...commonOf(role), ...routingOf(role.config), ...othersOf(role.config, runtime) })
  }
  return { inbounds, outbounds }
}

function routingOf({ cluster, routes, backends, policy }: OutboundListener) {
  return {
    cluster,
    ...(routes !== undefined && { routes }),
    ...(backends !== undefined && { backends }),
    ...(policy !== undefined && { policy }),
  }
}

function othersOf(config: OutboundListener, { clusters }: Runtime): Pick<OutboundStatus, 'others'> {
  const others = clustersOf(config).flatMap(name => {
    const cluster = name === config.cluster ? undefined : clusters.get(name)
    return cluster === undefined ? [] : [{ cluster: name, endpoints: endpointsOf(cluster) }]
  })
  return others.length === 0 ? {} : { others }
}

function commonOf(role: Inbound | Outbound) {
  const { address, port, protocol } = role.config
  return {
    address,
    port,
    protocol,
    connections: role.connections.size,
    counters: { ...role.counters.toRecord(), ...countedOf(role.cluster), ...role.connections.countBytes() },
    endpoints: endpointsOf(role.cluster),
  }
}

/** What never happened is not told. */
function countedOf({ counters }: Cluster): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counters).filter(([, count]) => count > 0))
}

function endpointsOf({ endpoints }: Cluster): readonly EndpointStatus[] {
  return endpoints.map(({ address, port, marks, active }) => ({
    address,
    port,
    healthy: marks.length === 0,
    reason: marks.map(mark => mark.reason).join('; '),
    marks,
    active,
  }))
}
