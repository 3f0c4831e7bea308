/**
 * RateLimit and MeshRateLimit → limits of inbounds (Kuma semantics 3.6, 1.7, 2.13). On an inbound that any RateLimit
 * selects the older dialect alone acts: the source that fits best says how many requests.
 */
import type { ClientMatch } from '#contract/client-match.ts'
import type { InboundListener } from '#contract/listener.ts'
import type { ConnectionRate, RateLimit } from '#contract/resilience/rate-limit.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { RateLimitSpec } from '../../kinds/legacy/rate-limit.ts'
import type { Match } from '../../kinds/policy.ts'
import type { DataplaneInbound, DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { catchAllItems, type MatchRule, matchRulesOf } from '../../match/inbound-rules.ts'
import { mergeItems } from '../../match/items.ts'
import { inboundPolicies, selectorsOf } from '../../match/legacy/connection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { clientOf } from '../security/traffic-permission.ts'
import { clientsOfSelector } from './clients.ts'
import { msOf } from './milliseconds.ts'
import { authorOf } from './outbound-parts.ts'

interface Rate {
  readonly num: number
  readonly interval: string
}

interface Header {
  readonly name: string
  readonly value: string
}

/** Of a MeshRateLimit: as its kind reads it. */
interface Conf {
  readonly local?: {
    readonly http?: {
      readonly disabled?: boolean
      readonly requestRate?: Rate
      readonly onRateLimit?: {
        readonly status?: number
        readonly headers?: { readonly set?: readonly Header[]; readonly add?: readonly Header[] }
      }
    }
    readonly tcp?: { readonly disabled?: boolean; readonly connectionRate?: Rate }
  }
}

const TYPE = 'MeshRateLimit'
const TOO_MANY = 429

export function compileRateLimit(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  if (view.policies(TYPE).length + view.policies('RateLimit').length === 0) return
  for (const target of draft.inbounds) {
    const { protocol } = target.listener
    const parts =
      protocol === 'tcp'
        ? tcpParts(view, dataplane, target.inbound)
        : httpParts(view, dataplane, target.inbound)
    target.listener = { ...target.listener, ...parts }
  }
}

function httpParts(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): Pick<InboundListener, 'rateLimits'> {
  const legacy = inboundPolicies(view, 'RateLimit', inbound)
  const rateLimits =
    legacy.length > 0
      ? legacy.flatMap(policy => legacyLimits(view.mesh.name, policy))
      : forClients(matchRulesOf(view, TYPE, dataplane, inbound, true), limitOf)
  return rateLimits.length === 0 ? {} : { rateLimits }
}

function tcpParts(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): Pick<InboundListener, 'connectionRates'> {
  if (inboundPolicies(view, 'RateLimit', inbound).length > 0) return {}
  const connectionRates = forClients(matchRulesOf(view, TYPE, dataplane, inbound, true), rateOf)
  return connectionRates.every(({ connections }) => connections === null) ? {} : { connectionRates }
}

/** null: nothing is said of connections. */
function rateOf(conf: unknown, policy: string): ConnectionRate | null {
  const { disabled = false, connectionRate } = (conf as Conf | undefined)?.local?.tcp ?? {}
  if (!disabled && connectionRate === undefined) return null
  return {
    policy,
    connections: disabled ? null : (connectionRate?.num ?? null),
    intervalMs: msOf(connectionRate?.interval) || 1,
  }
}

/** What holds for some clients, the closest match first, then what holds for all. */
function forClients<Made extends object>(
  rules: readonly MatchRule[],
  make: (conf: unknown, policy: string) => Made | null,
): readonly (Made & { readonly clients?: ClientMatch })[] {
  const forSome = rules.flatMap(({ match, conf, origin }) => {
    const made = match === undefined ? null : make(conf, `${TYPE}/${origin.policy.name}`)
    return made === null ? [] : [{ ...made, clients: clientOf(match as Match) }]
  })
  const items = catchAllItems(rules)
  const forAll = make(mergeItems(items), authorOf({ items }))
  return forAll === null ? forSome : [...forSome, forAll]
}

/** null: nothing is said of requests. */
function limitOf(conf: unknown, policy: string): RateLimit | null {
  const { disabled = false, requestRate, onRateLimit = {} } = (conf as Conf | undefined)?.local?.http ?? {}
  if (!disabled && requestRate === undefined) return null
  return {
    policy,
    requests: disabled ? null : (requestRate?.num ?? null),
    intervalMs: msOf(requestRate?.interval) || 1,
    status: statusOf(onRateLimit.status),
    set: lines(onRateLimit.headers?.set),
    add: lines(onRateLimit.headers?.add),
  }
}

/** One that says no; Envoy takes 429 for others. */
function statusOf(status: number = TOO_MANY): number {
  return status >= 400 && status <= 599 ? status : TOO_MANY
}

function lines(headers: readonly Header[] = []): readonly Header[] {
  return headers.map(({ name, value }) => ({ name: name.toLowerCase(), value }))
}

/** One for each source. */
function legacyLimits(mesh: string, policy: Resource): readonly RateLimit[] {
  const { http } = (policy.spec as RateLimitSpec).conf ?? {}
  if (http?.requests === undefined) return []
  const { requests, interval, onRateLimit = {} } = http
  const headers = (onRateLimit.headers ?? []).map(({ key = '', value = '', append = false }) => ({
    line: { name: key.toLowerCase(), value },
    append,
  }))
  return selectorsOf(policy, 'sources').map(({ match }): RateLimit => {
    const clients = clientsOfSelector(mesh, match ?? {})
    return {
      policy: `RateLimit/${policy.name}`,
      ...(clients !== undefined && { clients }),
      requests,
      intervalMs: msOf(interval) || 1,
      status: statusOf(onRateLimit.status),
      set: headers.filter(({ append }) => !append).map(({ line }) => line),
      add: headers.filter(({ append }) => append).map(({ line }) => line),
    }
  })
}
