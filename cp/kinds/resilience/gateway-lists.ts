/**
 * Which list a policy on inbounds may have below a top: gateways have no inbounds, their clients are selected in `to`
 * (kuma-api 4.12). Where the top selects both gateways and sidecars, both lists are accepted, as Kuma 2.5 does.
 */
import { type ConfPlace, includesGateways, isOnlyGateways } from '../policy.ts'
import type { TargetRef } from '../target-ref.ts'

/** Why the list must not be there; null: it may. */
export function inboundRefusal(list: ConfPlace['list'], top: TargetRef): string | null {
  if (list === 'to') return includesGateways(top) ? null : 'must not be defined'
  if (!isOnlyGateways(top)) return null
  if (list === 'rules') return 'must not be defined'
  return 'must not be defined when the scope includes a Gateway, select only proxyType Sidecar or select only gateways and use spec.to'
}
