/** serviceProbe of an inbound → how its data plane probes the application (Kuma semantics 5.1). */
import type { InboundListener } from '#contract/listener.ts'
import type { ServiceProbe } from '#contract/resilience/service-probe.ts'
import type { DataplaneInbound, ServiceProbeSpec } from '../kinds/proxy/dataplane.ts'
import { msOf } from './resilience/milliseconds.ts'

const INTERVAL_MS = 1_000
const TIMEOUT_MS = 2_000

/** Inbounds that are ignored are not probed. */
export function probeOf({ probe, state }: DataplaneInbound): Pick<InboundListener, 'probe'> {
  if (probe === null || state === 'Ignored') return {}
  const { interval, timeout, unhealthyThreshold = 1, healthyThreshold = 1 } = probe
  return {
    probe: {
      intervalMs: msOf(interval) || INTERVAL_MS,
      timeoutMs: msOf(timeout) || TIMEOUT_MS,
      unhealthyThreshold,
      healthyThreshold,
      ...wayOf(probe),
    },
  }
}

type Way = ServiceProbe extends infer Probe
  ? Probe extends ServiceProbe
    ? Omit<Probe, 'intervalMs' | 'timeoutMs' | 'unhealthyThreshold' | 'healthyThreshold'>
    : never
  : never

function wayOf({ http, grpc, exec, systemd }: ServiceProbeSpec): Way {
  if (http !== undefined) {
    const { path = '/', host = '', expectedStatuses = [] } = http
    const statuses = expectedStatuses.length > 0 ? expectedStatuses : [200]
    return { type: 'http', path, ...(host !== '' && { host }), statuses }
  }
  if (grpc !== undefined) return { type: 'grpc', service: grpc.service ?? '' }
  if (exec !== undefined) return { type: 'exec', command: exec.command ?? [] }
  if (systemd !== undefined) return { type: 'systemd', unit: systemd.unit }
  return { type: 'tcp' }
}
