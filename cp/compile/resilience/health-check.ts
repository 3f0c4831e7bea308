/**
 * HealthCheck and MeshHealthCheck → the probes of clusters (Kuma semantics 3.4, 2.13): both dialects probe where both speak
 * of a service. What a MeshHealthCheck says of panic goes before the other; a MeshCircuitBreaker, before both.
 */
import type { Conduct, Panic } from '#contract/resilience/conduct.ts'
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { HealthCheckSpec } from '../../kinds/legacy/health-check.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { numberOf } from '../../kinds/values.ts'
import { outboundPolicy } from '../../match/legacy/connection.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { commonProtocol } from '../protocol.ts'
import { msOf } from './milliseconds.ts'
import { authorOf, onceFor } from './outbound-parts.ts'
import { withParts } from './parts.ts'

type Protocol = ReturnType<typeof commonProtocol>

interface Header {
  readonly name: string
  readonly value: string
}

/** What both dialects have. */
interface Shared {
  readonly interval?: string
  readonly unhealthyInterval?: string
  readonly timeout?: string
  readonly unhealthyThreshold?: number
  readonly healthyThreshold?: number
  readonly initialJitter?: string
  readonly intervalJitter?: string
  readonly intervalJitterPercent?: number
  readonly noTrafficInterval?: string
  readonly eventLogPath?: string
  readonly alwaysLogHealthCheckFailures?: boolean
  readonly reuseConnection?: boolean
  readonly healthyPanicThreshold?: number | string
  readonly failTrafficOnPanic?: boolean
}

/** Of a MeshHealthCheck: as its kind reads it. */
interface Conf extends Shared {
  readonly tcp?: { readonly disabled?: boolean; readonly send?: string; readonly receive?: readonly string[] }
  readonly http?: {
    readonly disabled?: boolean
    readonly path?: string
    readonly requestHeadersToAdd?: { readonly set?: readonly Header[]; readonly add?: readonly Header[] }
    readonly expectedStatuses?: readonly number[]
  }
  readonly grpc?: { readonly disabled?: boolean; readonly serviceName?: string; readonly authority?: string }
}

const TYPE = 'MeshHealthCheck'
const LEGACY = 'HealthCheck'

export function compileHealthCheck(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const policies = selectedPolicies(view, TYPE, dataplane)
  const hasLegacy = view.policies(LEGACY).length > 0
  if (policies.length === 0 && !hasLegacy) return
  for (const target of draft.clusters.values()) {
    const { service } = target.destination
    const protocol = commonProtocol(view, service)
    const legacy = hasLegacy ? outboundPolicy(view, LEGACY, dataplane, service) : undefined
    const before = legacy === undefined ? null : legacyConduct(legacy)(service)
    const said = serviceConf(view, policies, service)
    const now = said === undefined ? null : conductFor(said)(`${protocol} ${service}`)
    const parts = bothOf(before, now)
    if (parts !== null) target.cluster = withParts(target.cluster, parts)
  }
}

/** The same object for the same ones. */
const both = new WeakMap<Conduct, WeakMap<Conduct, Conduct>>()

function bothOf(before: Conduct | null, now: Conduct | null): Conduct | null {
  if (before === null || now === null) return before ?? now
  const known = both.get(before) ?? new WeakMap<Conduct, Conduct>()
  both.set(before, known)
  const healthChecks = [...(before.healthChecks ?? []), ...(now.healthChecks ?? [])]
  const made = known.get(now) ?? { ...before, ...now, ...(healthChecks.length > 0 && { healthChecks }) }
  known.set(now, made)
  return made
}

const conductFor = onceFor((said: ServiceConf) =>
  remembered(key => {
    const [protocol = '', service = ''] = key.split(' ')
    const conf = said.conf as Conf
    const policy = authorOf(said)
    const check = checkOf(conf, protocol as Protocol, service, policy)
    return { ...(check !== null && { healthChecks: [check] }), ...panicOf(conf, policy) }
  }),
)

const legacyConduct = onceFor((policy: Resource) =>
  remembered((service: string): Conduct => {
    const { conf } = policy.spec as HealthCheckSpec
    const shared = (conf ?? {}) as Shared
    const name = `${LEGACY}/${policy.name}`
    const times = timesOf(shared, name)
    const http = conf?.http
    const check: HealthCheck =
      http === undefined
        ? { ...times, type: 'tcp', ...tcpOf(conf?.tcp as Conf['tcp']) }
        : {
            ...times,
            type: 'http',
            path: http.path ?? '/',
            ...headersOf(service, legacyHeaders(http, false), legacyHeaders(http, true)),
            statuses: statusesOf(http.expectedStatuses),
          }
    return { healthChecks: [check], ...panicOf(shared, name) }
  }),
)

function remembered<Made>(make: (key: string) => Made): (key: string) => Made {
  const known = new Map<string, Made>()
  return key => {
    const made = known.get(key) ?? make(key)
    known.set(key, made)
    return made
  }
}

/** By the section of the service's protocol; null: it has none. */
function checkOf(conf: Conf, protocol: Protocol, service: string, policy: string): HealthCheck | null {
  const { tcp, http, grpc } = conf
  const times = timesOf(conf, policy)
  const section = protocol === 'grpc' ? grpc : protocol === 'tcp' ? undefined : http
  if (section === undefined || section.disabled === true) {
    // a probe of its protocol that is switched off makes room for that of its connection
    const isTcp = protocol === 'tcp' || section?.disabled === true
    return isTcp && tcp !== undefined && tcp.disabled !== true
      ? { ...times, type: 'tcp', ...tcpOf(tcp) }
      : null
  }
  if (protocol === 'grpc') {
    return { ...times, type: 'grpc', service: grpc?.serviceName ?? '', authority: grpc?.authority || service }
  }
  const { set = [], add = [] } = http?.requestHeadersToAdd ?? {}
  return {
    ...times,
    type: 'http',
    path: http?.path ?? '/',
    ...headersOf(service, set, add),
    statuses: statusesOf(http?.expectedStatuses),
  }
}

/** An empty list is none. */
function statusesOf(statuses: readonly number[] = []): readonly number[] {
  return statuses.length > 0 ? statuses : [200]
}

function tcpOf({ send, receive = [] }: NonNullable<Conf['tcp']> = {}): {
  send?: string
  receive?: readonly string[]
} {
  return { ...(send && { send }), ...(receive.length > 0 && { receive }) }
}

type Http = NonNullable<NonNullable<HealthCheckSpec['conf']>['http']>

function legacyHeaders({ requestHeadersToAdd = [] }: Http, isAdded: boolean): readonly Header[] {
  return requestHeadersToAdd
    .filter(({ append = true }) => append === isAdded)
    .map(({ header }) => ({ name: header?.key ?? '', value: header?.value ?? '' }))
}

/** A header `host` says whom to ask for. */
function headersOf(
  service: string,
  set: readonly Header[],
  add: readonly Header[],
): { readonly host: string; readonly headers: readonly Header[]; readonly set?: readonly Header[] } {
  const isHost = ({ name }: Header): boolean => name.toLowerCase() === 'host'
  const linesOf = (headers: readonly Header[]): readonly Header[] =>
    headers.filter(header => !isHost(header)).map(({ name, value }) => ({ name: name.toLowerCase(), value }))
  const replacing = linesOf(set)
  return {
    host: [...set, ...add].findLast(isHost)?.value ?? service,
    headers: linesOf(add),
    ...(replacing.length > 0 && { set: replacing }),
  }
}

function timesOf(conf: Shared, policy: string) {
  const { eventLogPath = '' } = conf
  const unhealthyIntervalMs = msOf(conf.unhealthyInterval)
  return {
    policy,
    intervalMs: msOf(conf.interval) || 60_000,
    ...(unhealthyIntervalMs > 0 && { unhealthyIntervalMs }),
    timeoutMs: msOf(conf.timeout) || 15_000,
    unhealthyThreshold: conf.unhealthyThreshold || 5,
    healthyThreshold: conf.healthyThreshold || 1,
    initialJitterMs: msOf(conf.initialJitter),
    intervalJitterMs: msOf(conf.intervalJitter),
    intervalJitterPercent: conf.intervalJitterPercent ?? 0,
    noTrafficIntervalMs: msOf(conf.noTrafficInterval) || 60_000,
    reusesConnection: conf.reuseConnection ?? true,
    ...(eventLogPath !== '' && { eventLogPath }),
    logsAllFailures: conf.alwaysLogHealthCheckFailures ?? false,
  }
}

function panicOf(conf: Shared, policy: string): { readonly panic?: Panic } {
  const { healthyPanicThreshold, failTrafficOnPanic } = conf
  if (healthyPanicThreshold === undefined && failTrafficOnPanic === undefined) return {}
  const percent = healthyPanicThreshold === undefined ? null : numberOf(healthyPanicThreshold)
  return { panic: { policy, percent: percent ?? 50, refuses: failTrafficOnPanic ?? false } }
}
