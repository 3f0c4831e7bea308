/**
 * Takes calls from other data planes and hands them to the local application. With TLS the client's certificate is
 * verified before a byte is read, and the permission is decided once for each connection and snapshot.
 */
import type { Socket } from 'node:net'
import type { Cluster as ClusterConfig } from '#contract/cluster.ts'
import type { InboundListener } from '#contract/listener.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { ByteStream } from '../codec/byte-stream.ts'
import type { Deadlines } from '../codec/deadlines.ts'
import type { Limits } from '../codec/limits.ts'
import type { Load } from '../codec/load.ts'
import { acceptWire, Wire } from '../codec/wire.ts'
import { HttpConnection } from '../http/connection.ts'
import { InboundFilters } from '../http/filters/inbound-filters.ts'
import { type CallRules, callRules } from '../http/resilience/call-rules.ts'
import type { Caller, HttpRole, LiveConnection } from '../http/role.ts'
import { HTTP_SERVER, MULTIPLEXED, TCP_SERVER } from '../tls/alpn.ts'
import type { Credentials } from '../tls/credentials.ts'
import type { TrustDomain } from '../tls/mesh-tls.ts'
import { isIssuedByOneOf, type Peer, refuseClient } from '../tls/peer.ts'
import { clientCertificateField } from './client-certificate.ts'
import { fitsClient } from './client-match.ts'
import { ClientRules } from './client-rules.ts'
import { ConnectionRates } from './connection-rates.ts'
import { Connections, type Traffic } from './connections.ts'
import type { ListenerCounters } from './counters.ts'
import { decide } from './permission.ts'
import { RareLog } from './rare-log.ts'
import type { ListenerRole, RoleEnvironment } from './role.ts'
import { TcpConnection, type TcpRole } from './tcp-connection.ts'
import { type Client, NO_TRAFFIC, TrunkConnection, type TrunkRole } from './trunk-connection.ts'
import { turnAway } from './turn-away.ts'

/** The application is on this machine. */
const CONNECT_TIMEOUT_MS = 5000

export class Inbound implements ListenerRole, HttpRole, TcpRole, TrunkRole {
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly load: Load
  readonly counters: ListenerCounters
  readonly connections: Connections
  /** The local application. */
  cluster: Cluster
  config: InboundListener
  rules: CallRules
  readonly isLastHop = true
  readonly routes = null
  isRetiring = false
  readonly #environment: RoleEnvironment
  readonly #rareLog: RareLog
  readonly #cells: RoleEnvironment['cells']
  #filters: InboundFilters
  #clientRules: ClientRules
  #connectionRates: ConnectionRates
  #domain: TrustDomain | null

  constructor(config: InboundListener, environment: RoleEnvironment, counters: ListenerCounters) {
    this.config = config
    this.#environment = environment
    this.#rareLog = new RareLog(environment.log)
    this.#domain = config.tls === null ? null : environment.tls.domain(config.tls.trustDomain)
    this.limits = environment.limits
    this.deadlines = environment.deadlines
    this.load = environment.load
    this.counters = counters
    this.rules = rulesOf(config, this.limits)
    this.#clientRules = new ClientRules(config, this.limits)
    const own = ownCells(config, environment)
    this.#cells = own.cells
    this.#filters = new InboundFilters(config.faults, config.rateLimits, this.#cells)
    this.#connectionRates = new ConnectionRates(config.connectionRates, this.#cells)
    this.cluster = new Cluster(upstreamOf(config), own)
    this.connections = new Connections(environment.deadlines, counters, () => this.#onEmpty())
  }

  /** Running connections go on where the new section allows them; others end now. */
  configure(config: InboundListener): void {
    const old = this.config
    const oldDomain = this.#domain
    this.config = config
    this.#domain = config.tls === null ? null : this.#environment.tls.domain(config.tls.trustDomain)
    this.rules = rulesOf(config, this.limits)
    this.#clientRules = new ClientRules(config, this.limits)
    this.#filters = new InboundFilters(config.faults, config.rateLimits, this.#cells)
    this.#connectionRates = new ConnectionRates(config.connectionRates, this.#cells)
    this.cluster.update(upstreamOf(config))
    const isOtherKind = config.protocol !== old.protocol || (config.tls === null) !== (old.tls === null)
    const domain = this.#domain
    this.connections.forEach((connection, { peer }) => {
      if (isOtherKind) connection.retire()
      this.#reconsider(connection, peer)
    })
    if (domain !== null && domain !== oldDomain) this.recheck([domain])
  }

  /** Ends connections of clients whose root is gone. */
  recheck(domains: readonly TrustDomain[]): void {
    const domain = this.#domain
    if (domain === null || !domains.includes(domain)) return
    this.connections.forEach((connection, { peer }) => {
      if (peer !== null && !isTrustedBy(domain, peer)) connection.end('untrusted-peer')
    })
  }

  accept(raw: Socket): void {
    this.counters.accepted++
    if (!this.load.enterClient(this.deadlines.nowMs)) {
      this.counters.fail('overload')
      return turnAway(raw, this.config.tls === null && this.config.protocol !== 'tcp')
    }
    if (this.config.tls === null) {
      const wire = acceptWire(raw, this.config.protocol === 'tcp' ? 'bulk' : 'shared')
      wire.socket.once('close', this.load.leaveClient)
      this.serve(wire, { peer: null, expiresAtMs: Number.POSITIVE_INFINITY, caller: this.#anybody() })
      return
    }
    raw.once('close', this.load.leaveClient)
    const { trustDomain } = this.config.tls
    const domain = this.#domain
    const roots = domain?.roots
    const protocols = this.config.protocol === 'tcp' ? TCP_SERVER : HTTP_SERVER
    const server = domain?.server(protocols) ?? 'no-identity'
    if (typeof server === 'string') {
      this.counters.fail(server)
      raw.destroy()
      return
    }
    server.accept(raw, trustDomain, {
      onSecure: (socket, below, peer, credentials) => {
        // The handshake knows only the roots that it began with.
        const isCurrent = this.#domain === domain && domain?.roots === roots
        if (!isCurrent && !this.#isStillWelcome(peer)) {
          this.counters.fail('untrusted-peer')
          below.resetAndDestroy()
          return
        }
        const wire = new Wire('chunks')
        wire.adopt(socket, below)
        const expiresAtMs = Math.min(peer.notAfterMs, credentials.notAfterMs)
        const client = { peer, expiresAtMs, caller: this.#callerOf(peer, credentials) }
        const isMultiplexed = socket.alpnProtocol === MULTIPLEXED
        if (this.#isUnwelcome(isMultiplexed)) wire.reset()
        else if (!isMultiplexed) this.serve(wire, client)
        else {
          const trunk = new TrunkConnection(wire, this, client)
          this.connections.add(trunk, { traffic: NO_TRAFFIC, peer, expiresAtMs })
        }
      },
      onRefused: reason => this.counters.fail(reason),
    })
  }

  retire(withinMs: number): void {
    this.isRetiring = true
    this.connections.retire(withinMs)
    if (this.connections.size === 0) this.cluster.retire()
  }

  replaced(from: LiveConnection, to: LiveConnection): void {
    this.connections.replace(from, to)
  }

  closed(connection: LiveConnection): void {
    this.connections.remove(connection)
  }

  /** A connection of a client, or a stream of one that carries many. */
  serve(down: ByteStream & Traffic, { peer, expiresAtMs, caller }: Client): void {
    const live = { traffic: down, peer, expiresAtMs }
    if (this.config.protocol !== 'tcp') {
      this.connections.add(new HttpConnection(down, this, caller), live)
    } else {
      this.counters.requests++
      const connection = new TcpConnection(down, this)
      this.connections.add(connection, live)
      if (caller.isShadowDenied) this.counters.shadowDenied++
      if (caller.denial !== '') return connection.reconsider(caller)
      const limitedBy = this.#connectionRates.refusalOf(peer?.uris ?? NO_URIS, peer?.sni ?? '')
      if (limitedBy === null) return connection.start(this.cluster)
      this.counters.limited++
      connection.end('rate-limited', limitedBy)
    }
  }

  /**
   * The listener may have gone during the handshake. One call may be on its way behind it already, which is served as
   * long as others are; many come only once they are taken.
   */
  #isUnwelcome(isMultiplexed: boolean): boolean {
    return this.isRetiring && (isMultiplexed || this.connections.size === 0)
  }

  #isStillWelcome(peer: Peer): boolean {
    const { tls } = this.config
    if (tls === null || this.#domain === null) return false
    return refuseClient(peer, tls.trustDomain, Date.now()) === '' && isTrustedBy(this.#domain, peer)
  }

  #reconsider(connection: LiveConnection, peer: Peer | null): void {
    const { tls } = this.config
    if (tls === null) return connection.reconsider(this.#anybody())
    if (peer === null) connection.end('policy-change')
    else if (refuseClient(peer, tls.trustDomain, Date.now()) !== '') connection.end('untrusted-peer')
    else {
      const credentials = this.#domain?.credentials ?? null
      if (credentials === null) connection.end('no-identity')
      else connection.reconsider(this.#callerOf(peer, credentials))
    }
  }

  #callerOf(peer: Peer, credentials: Credentials): Caller {
    const { tls } = this.config
    const { action, policy } = tls === null ? NO_PERMISSION : decide(tls.permission, peer.uris, peer.sni)
    if (action !== 'allow') this.#tellDecision(action, policy, peer)
    return {
      addedFields: clientCertificateField(credentials.own, peer),
      denial: action === 'deny' ? 'permission-denied' : '',
      policy,
      isShadowDenied: action === 'shadow-deny',
      filters: this.#filters.of(match => fitsClient(match, peer.uris, peer.sni)),
      rules: this.#clientRules.of(peer.uris, peer.sni),
    }
  }

  /** Without TLS nobody knows who calls, and everybody may. */
  #anybody(): Caller {
    const filters = this.#filters.of(match => fitsClient(match, NO_URIS, ''))
    return {
      addedFields: '',
      denial: '',
      policy: '',
      isShadowDenied: false,
      filters,
      rules: this.#clientRules.of(NO_URIS, ''),
    }
  }

  #tellDecision(action: 'deny' | 'shadow-deny', policy: string, { uris }: Peer): void {
    const { service } = this.config
    const client = uris.find(uri => uri.startsWith('spiffe://')) ?? ''
    const message = action === 'deny' ? 'client denied' : 'client allowed that would be denied'
    this.#rareLog.warn({ service, client, policy, reason: 'permission-denied' }, message)
  }

  #onEmpty(): void {
    if (this.isRetiring) this.cluster.retire()
    this.#environment.onEmpty()
  }
}

const NO_URIS: readonly string[] = []

/** Without mTLS everybody may call. */
const NO_PERMISSION = { action: 'allow', policy: '' } as const

function isTrustedBy(domain: TrustDomain, peer: Peer): boolean {
  return isIssuedByOneOf(peer, domain.roots?.certificates ?? [])
}

/** Its application may be behind other inbounds too, with other limits. */
function ownCells({ address, port }: InboundListener, environment: RoleEnvironment): RoleEnvironment {
  return { ...environment, cells: (name, count) => environment.cells(`${address}:${port} ${name}`, count) }
}

/** Kuma's inbounds have a time for requests even where nobody says so (kuma-semantics 3.1). */
function rulesOf({ timeouts }: InboundListener, limits: Limits): CallRules {
  return callRules({ timeouts: { policy: '', requestMs: limits.inboundRequestMs, ...timeouts } }, limits)
}

function upstreamOf({ upstream, protocol }: InboundListener): ClusterConfig {
  const { address, port, connectTimeoutMs = CONNECT_TIMEOUT_MS, ...conduct } = upstream
  return {
    ...(protocol === 'http2' ? { protocol } : {}),
    name: `localhost:${port}`,
    endpoints: [{ address, port }],
    tls: null,
    connectTimeoutMs,
    ...conduct,
  }
}
