/**
 * What the data plane listens on. Listeners are keyed by address and port; a change of anything else is taken
 * over by the running listener without closing its socket.
 */
import type { ClientMatch } from './client-match.ts'
import type { Conduct } from './resilience/conduct.ts'
import type { Fault } from './resilience/fault.ts'
import type { ConnectionRate, RateLimit } from './resilience/rate-limit.ts'
import type { Retry } from './resilience/retry.ts'
import type { ServiceProbe } from './resilience/service-probe.ts'
import type { CallTimeouts } from './resilience/timeouts.ts'
import type { Backend, Route } from './route.ts'

/**
 * What a listener understands: HTTP (`http`, `http2`: clients of either take HTTP/1.1 or HTTP/2, as they like) or bytes.
 * An application behind an inbound of `http2` is called with HTTP/2.
 */
export type Protocol = 'http' | 'http2' | 'tcp'

/** Receives mesh traffic from other data planes and hands it to the local application. */
export interface InboundListener {
  readonly direction: 'inbound'
  /** IP address to bind. */
  readonly address: string
  readonly port: number
  readonly protocol: Protocol
  /** `kuma.io/service` of the inbound: for logs and status. */
  readonly service: string
  /** Where the application listens. */
  readonly upstream: Upstream
  /** null: the mesh has no mTLS, plain text is accepted from everybody. */
  readonly tls: InboundTls | null
  readonly timeouts?: ListenerTimeouts
  /** Of HTTP calls; the first that fits the client decides, instead of `timeouts`. */
  readonly clientTimeouts?: readonly ClientTimeouts[]
  readonly faults?: readonly Fault[]
  /** The first that fits the client decides. */
  readonly rateLimits?: readonly RateLimit[]
  readonly connectionRates?: readonly ConnectionRate[]
  /** Absent: nobody asks the application how it is. */
  readonly probe?: ServiceProbe
}

/** The local application. */
export interface Upstream extends Conduct {
  readonly address: string
  readonly port: number
  /** Absent: 5 s. */
  readonly connectTimeoutMs?: number
}

export interface ListenerTimeouts extends CallTimeouts {
  /** From the first byte of the head of a request to its last; absent or 0: as the data plane's limits say. */
  readonly headersMs?: number
  /** Of TCP connections. */
  readonly tcpIdleMs?: number
}

/** For some clients. */
export interface ClientTimeouts {
  readonly clients: ClientMatch
  readonly timeouts: CallTimeouts
}

export interface InboundTls {
  /** Clients must hold `spiffe://TRUST-DOMAIN/…` and chain to that domain's bundle (`trust/TRUST-DOMAIN`). */
  readonly trustDomain: string
  readonly permission: Permission
}

/** Who may call an inbound. The first rule that matches decides; no match denies. */
export interface Permission {
  readonly rules: readonly PermissionRule[]
}

export interface PermissionRule extends ClientMatch {
  /** Empty: whoever fits the other members. */
  readonly principals: readonly string[]
  /** `shadow-deny` lets the call pass and counts it as one that would be denied. */
  readonly action: 'allow' | 'deny' | 'shadow-deny'
  /** Who said so: `KIND/POLICY`, for logs and reasons. */
  readonly policy: string
}

/** Names of the clusters that calls of an outbound may go to, its own first; those that get copies are not among them. */
export function clustersOf({ cluster, backends = [], routes = [] }: OutboundListener): readonly string[] {
  const all = [...backends, ...routes.flatMap(route => route.backends)]
  return [...new Set([cluster, ...all.map(backend => backend.cluster)])]
}

/** Takes calls of local applications for one destination. */
export interface OutboundListener {
  readonly direction: 'outbound'
  readonly address: string
  readonly port: number
  readonly protocol: Protocol
  /** Name of the cluster (section `cluster/NAME`) that stands for what was asked for; it is always there. */
  readonly cluster: string
  /** Clusters that share the calls, by weight, that no route matches; absent: all go to `cluster`. */
  readonly backends?: readonly Backend[]
  /** Who said so of `backends`: `KIND/POLICY`. */
  readonly policy?: string
  /** Of `http` and `http2`; the first that matches decides. */
  readonly routes?: readonly Route[]
  readonly timeouts?: ListenerTimeouts
  /** Of HTTP calls. */
  readonly retry?: Retry
  /** Of TCP: endpoints that are tried for a connection; absent: 5. */
  readonly connectAttempts?: number
}
