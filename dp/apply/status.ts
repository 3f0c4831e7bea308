/** What runs, as plain data for people and programs. */
import type { Inbound } from '../listener/inbound.ts'
import type { Outbound } from '../listener/outbound.ts'
import type { EngineStatus, InboundStatus, OutboundStatus } from './engine.ts'
import type { Runtime } from './runtime.ts'

export function statusOf(runtime: Runtime): EngineStatus {
  const inbounds: InboundStatus[] = []
  const outbounds: OutboundStatus[] = []
  for (const { role } of runtime.listeners.values()) {
    if (role.config.direction === 'inbound')
      inbounds.push({ ...commonOf(role), service: role.config.service })
    else outbounds.push({ ...commonOf(role), cluster: role.config.cluster, endpoints: endpointsOf(role) })
  }
  return { inbounds, outbounds }
}

function commonOf(role: Inbound | Outbound) {
  const { address, port, protocol } = role.config
  return {
    address,
    port,
    protocol,
    connections: role.connections.size,
    counters: { ...role.counters.toRecord(), ...role.connections.countBytes() },
  }
}

function endpointsOf(role: Inbound | Outbound): OutboundStatus['endpoints'] {
  return role.cluster.endpoints.map(({ address, port, isHealthy, reason, active }) => ({
    address,
    port,
    healthy: isHealthy,
    reason,
    active,
  }))
}
