/**
 * Timeout and MeshTimeout → times of outbounds, their routes and clusters, and of inbounds (Kuma semantics 3.1, 2.13). A
 * MeshTimeout takes the place of a Timeout; what it leaves out has its default.
 */
import type { Cluster } from '#contract/cluster.ts'
import type { ClientTimeouts, InboundListener, ListenerTimeouts } from '#contract/listener.ts'
import type { Conduct } from '#contract/resilience/conduct.ts'
import type { CallTimeouts } from '#contract/resilience/timeouts.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { TimeoutSpec } from '../../kinds/legacy/timeout.ts'
import type { Match } from '../../kinds/policy.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { catchAllItems, type MatchRule, matchRulesOf } from '../../match/inbound-rules.ts'
import { mergeItems } from '../../match/items.ts'
import { outboundPolicy } from '../../match/legacy/connection.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { commonProtocol } from '../protocol.ts'
import { clientOf } from '../security/traffic-permission.ts'
import { msOf } from './milliseconds.ts'
import { addToListener, addToRoutes, authorOf, onceFor } from './outbound-parts.ts'
import { withParts } from './parts.ts'

/** Of a MeshTimeout: as its kind reads it. */
interface Conf {
  readonly connectionTimeout?: string
  readonly idleTimeout?: string
  readonly http?: {
    readonly requestTimeout?: string
    readonly streamIdleTimeout?: string
    readonly maxStreamDuration?: string
    readonly maxConnectionDuration?: string
    readonly requestHeadersTimeout?: string
  }
}

const DEFAULTS = { connect: '5s', idle: '1h', request: '15s', streamIdle: '30m' }

export function compileTimeout(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const policies = selectedPolicies(view, 'MeshTimeout', dataplane)
  for (const target of draft.outbounds) {
    const said = timesFor(view, policies, dataplane, target.outbound.service)
    if (said !== null) addToListener(target, target.listener.protocol === 'tcp' ? said.tcp : said.http)
    addToRoutes(view, policies, target, timesOfRoute)
  }
  for (const target of draft.clusters.values()) {
    const said = timesFor(view, policies, dataplane, target.destination.service)
    if (said !== null) target.cluster = withParts(target.cluster, said.cluster)
  }
  if (policies.length > 0) compileInbounds(view, dataplane, draft)
}

/** For each place, what is said there. */
interface Times {
  readonly http: { readonly timeouts: ListenerTimeouts }
  readonly tcp: { readonly timeouts: ListenerTimeouts }
  readonly cluster: Pick<Cluster, 'connectTimeoutMs'> & Conduct
}

/** null: nothing is said. */
function timesFor(
  view: MeshView,
  policies: readonly Resource[],
  dataplane: Resource<DataplaneSpec>,
  service: string,
): Times | null {
  const conf = serviceConf(view, policies, service)
  if (conf !== undefined) return timesOf(conf)
  const legacy = outboundPolicy(view, 'Timeout', dataplane, service)
  if (legacy === undefined) return null
  return commonProtocol(view, service) === 'grpc' ? timesOfGrpc(legacy) : timesOfLegacy(legacy)
}

const timesOf = onceFor((said: ServiceConf): Times => {
  const conf = said.conf as Conf
  const policy = authorOf(said)
  return {
    http: { timeouts: httpTimes(conf, policy) },
    tcp: { timeouts: tcpTimes(conf, policy) },
    cluster: connectionTimes(conf),
  }
})

const timesOfRoute = onceFor((said: ServiceConf) => ({
  timeouts: callTimes(said.conf as Conf, authorOf(said)),
}))

function callTimes({ http = {} }: Conf, policy: string): CallTimeouts {
  const maxStreamMs = msOf(http.maxStreamDuration)
  return {
    policy,
    requestMs: msOf(http.requestTimeout ?? DEFAULTS.request),
    streamIdleMs: msOf(http.streamIdleTimeout ?? DEFAULTS.streamIdle),
    ...(maxStreamMs > 0 && { maxStreamMs }),
  }
}

function httpTimes(conf: Conf, policy: string): ListenerTimeouts {
  const headersMs = msOf(conf.http?.requestHeadersTimeout)
  return { ...callTimes(conf, policy), ...(headersMs > 0 && { headersMs }) }
}

function tcpTimes({ idleTimeout }: Conf, policy: string): ListenerTimeouts {
  return { policy, tcpIdleMs: msOf(idleTimeout ?? DEFAULTS.idle) }
}

/** Of those that the data plane makes, also to the local application. */
function connectionTimes({ connectionTimeout, idleTimeout, http }: Conf) {
  const maxConnectionMs = msOf(http?.maxConnectionDuration)
  return {
    connectTimeoutMs: connectMs(connectionTimeout),
    idleMs: msOf(idleTimeout ?? DEFAULTS.idle),
    ...(maxConnectionMs > 0 && { maxConnectionMs }),
  }
}

const timesOfLegacy = onceFor((policy: Resource) => legacyTimes(policy, false))
const timesOfGrpc = onceFor((policy: Resource) => legacyTimes(policy, true))

/** What is left out has no limit but the data plane's own. */
function legacyTimes({ name, spec }: Resource, isGrpc: boolean): Times {
  const { connectTimeout, tcp, http = {}, grpc = {} } = (spec as TimeoutSpec).conf ?? {}
  const policy = `Timeout/${name}`
  const streamIdle = http.streamIdleTimeout ?? (isGrpc ? grpc.streamIdleTimeout : undefined)
  const maxStream = http.maxStreamDuration ?? (isGrpc ? grpc.maxStreamDuration : undefined)
  return {
    http: {
      timeouts: {
        policy,
        ...(http.requestTimeout !== undefined && { requestMs: msOf(http.requestTimeout) }),
        ...(streamIdle !== undefined && { streamIdleMs: msOf(streamIdle) }),
        ...(maxStream !== undefined && { maxStreamMs: msOf(maxStream) }),
      },
    },
    tcp: {
      timeouts: { policy, ...(tcp?.idleTimeout !== undefined && { tcpIdleMs: msOf(tcp.idleTimeout) }) },
    },
    cluster: {
      connectTimeoutMs: connectMs(connectTimeout),
      ...(http.idleTimeout !== undefined && { idleMs: msOf(http.idleTimeout) }),
    },
  }
}

/** Of an inbound that no MeshTimeout speaks of, data planes have the times that Kuma's have. */
function compileInbounds(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  for (const target of draft.inbounds) {
    const rules = matchRulesOf(view, 'MeshTimeout', dataplane, target.inbound, true)
    const items = catchAllItems(rules)
    if (items.length > 0) {
      const times = inboundTimes(target.listener, mergeItems(items) as Conf, authorOf({ items }))
      target.listener = { ...target.listener, ...times }
    }
    if (target.listener.protocol === 'tcp' || rules.length === items.length) continue
    target.listener = { ...target.listener, clientTimeouts: clientTimes(rules, items) }
  }
}

/** For the clients that a rule matches, with what holds for all; the closest match first. */
function clientTimes(
  rules: readonly MatchRule[],
  forAll: ReturnType<typeof catchAllItems>,
): ClientTimeouts[] {
  return rules.flatMap(({ match, conf, origin }) => {
    if (match === undefined) return []
    const items = [...forAll, { policy: origin.policy, conf }]
    const timeouts = callTimes(mergeItems(items) as Conf, authorOf({ items }))
    return [{ clients: clientOf(match as Match), timeouts }]
  })
}

function inboundTimes(
  { upstream, protocol }: InboundListener,
  conf: Conf,
  policy: string,
): Pick<InboundListener, 'upstream' | 'timeouts'> {
  if (protocol !== 'tcp')
    return { upstream: { ...upstream, ...connectionTimes(conf) }, timeouts: httpTimes(conf, policy) }
  const connectTimeoutMs = connectMs(conf.connectionTimeout)
  return { upstream: { ...upstream, connectTimeoutMs }, timeouts: tcpTimes(conf, policy) }
}

/** The contract knows hours. */
const MAX_CONNECT_MS = 3_600_000

function connectMs(text: string = DEFAULTS.connect): number {
  return Math.min(msOf(text), MAX_CONNECT_MS) || MAX_CONNECT_MS
}
