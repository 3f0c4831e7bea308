/**
 * FaultInjection and MeshFaultInjection → faults of inbounds that speak HTTP (Kuma semantics 3.5, 1.7, 2.13). On an inbound
 * that any FaultInjection selects the older dialect alone acts.
 */
import type { ClientMatch } from '#contract/client-match.ts'
import type { InboundListener } from '#contract/listener.ts'
import type { Fault } from '#contract/resilience/fault.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { FaultInjectionSpec } from '../../kinds/legacy/fault-injection.ts'
import type { Match } from '../../kinds/policy.ts'
import type { DataplaneInbound, DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { fromRulesOf, matchRulesOf } from '../../match/inbound-rules.ts'
import { inboundPolicies, selectorsOf } from '../../match/legacy/connection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { clientOf } from '../security/traffic-permission.ts'
import { clientsOfSelector, clientsOfSubset } from './clients.ts'
import { msOf } from './milliseconds.ts'

/** Of a MeshFaultInjection: as its kind reads it. */
interface Conf {
  readonly http?: readonly {
    readonly abort?: { readonly httpStatus: number; readonly percentage: number | string }
    readonly delay?: { readonly value: string; readonly percentage: number | string }
    readonly responseBandwidth?: { readonly limit: string; readonly percentage: number | string }
  }[]
}

export function compileFaultInjection(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  if (view.policies('MeshFaultInjection').length + view.policies('FaultInjection').length === 0) return
  for (const target of draft.inbounds) {
    if (target.listener.protocol === 'tcp') continue
    const faults = faultsOf(view, dataplane, target.inbound)
    if (faults.length > 0) target.listener = { ...target.listener, faults } satisfies InboundListener
  }
}

function faultsOf(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): readonly Fault[] {
  const legacy = inboundPolicies(view, 'FaultInjection', inbound)
  if (legacy.length > 0) return legacy.flatMap(policy => legacyFaults(view.mesh.name, policy))
  const type = 'MeshFaultInjection'
  return [
    ...fromRulesOf(view, type, dataplane, inbound).flatMap(({ subset, conf, origins }) =>
      faultsSaid(conf, clientsOfSubset(view.mesh.name, subset), `${type}/${origins.at(-1)?.name ?? ''}`),
    ),
    ...matchRulesOf(view, type, dataplane, inbound, false).flatMap(({ match, conf, origin }) =>
      faultsSaid(
        conf,
        match === undefined ? undefined : clientOf(match as Match),
        `${type}/${origin.policy.name}`,
      ),
    ),
  ]
}

function faultsSaid(conf: unknown, clients: ClientMatch | undefined, policy: string): readonly Fault[] {
  return ((conf as Conf).http ?? []).map(({ abort, delay, responseBandwidth }) => ({
    policy,
    ...(clients !== undefined && { clients }),
    ...(abort !== undefined && {
      abort: { status: abort.httpStatus, percentage: Number(abort.percentage) },
    }),
    ...(delay !== undefined && { delay: { ms: msOf(delay.value), percentage: Number(delay.percentage) } }),
    ...(responseBandwidth !== undefined && {
      bandwidth: {
        bytesPerSecond: bytesPerSecond(responseBandwidth.limit),
        percentage: Number(responseBandwidth.percentage),
      },
    }),
  }))
}

/** One for each source. */
function legacyFaults(mesh: string, policy: Resource): readonly Fault[] {
  const { delay, abort, responseBandwidth } = (policy.spec as FaultInjectionSpec).conf ?? {}
  return selectorsOf(policy, 'sources').map(({ match }): Fault => {
    const clients = clientsOfSelector(mesh, match ?? {})
    return {
      policy: `FaultInjection/${policy.name}`,
      ...(clients !== undefined && { clients }),
      ...(abort?.httpStatus !== undefined && {
        abort: { status: abort.httpStatus, percentage: abort.percentage ?? 0 },
      }),
      ...(delay?.value !== undefined && {
        delay: { ms: msOf(delay.value), percentage: delay.percentage ?? 0 },
      }),
      ...(responseBandwidth?.limit !== undefined && {
        bandwidth: {
          bytesPerSecond: bytesPerSecond(responseBandwidth.limit),
          percentage: responseBandwidth.percentage ?? 0,
        },
      }),
    }
  })
}

/** What Envoy makes of Kuma's units: `100kbps` are 100 KiB a second (semantics 3.5, as it was seen). */
const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 * 1000, g: 1024 * 1_000_000 }

function bytesPerSecond(limit: string): number {
  const [, number = '0', unit = 'k'] = /^(\d+)\s?([gmk])/i.exec(limit) ?? []
  return Math.max(1, Math.min(Number(number) * (UNITS[unit.toLowerCase()] ?? 1), Number.MAX_SAFE_INTEGER))
}
