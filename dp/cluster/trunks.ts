/**
 * The transport between data planes: one mutual-TLS connection that carries all calls to an endpoint (a second one where
 * its streams are used up), made with the first call and replaced by the next when identity, roots or destination have
 * changed; of HTTP/2 with others that speak it. The pool serves endpoints that speak neither or have no TLS.
 */
import type { Sweepable } from '../codec/deadlines.ts'
import type { ReasonCode } from '../errors.ts'
import { HTTP_CLIENT, HTTP2, MULTIPLEXED, TCP_CLIENT } from '../tls/alpn.ts'
import { isIssuedByOneOf, type Peer } from '../tls/peer.ts'
import type { Carrier } from './carrier.ts'
import { dial } from './connect.ts'
import { Connection } from './connection.ts'
import type { Destination } from './destination.ts'
import type { Endpoint } from './endpoint.ts'
import { Http2Trunk } from './http2/http2-trunk.ts'
import { Pool, type PoolEnvironment } from './pool.ts'
import { Redial } from './redial.ts'
import type { Stream, StreamWaiter, Transport } from './transport.ts'
import { Trunk, type TrunkOwner } from './trunk.ts'
import { WaitingLine } from './waiting-line.ts'

/** How long an endpoint that serves one call a connection is not asked again; for TCP the question is a connection. */
const OLDER_FOR_MS = { http: 60_000, tcp: 600_000 }
/** Connections to one endpoint as long as their streams suffice: the second one for calls beside bulk. */
const MAX_BESIDE_BULK = 2

export class Trunks implements Transport, TrunkOwner, Sweepable {
  readonly #endpoint: Endpoint
  readonly #environment: PoolEnvironment
  readonly #pool: Pool
  #destination: Destination
  #trunks: Carrier[] = []
  readonly #waiting = new WaitingLine()
  readonly #tunnels = new WaitingLine()
  #arrivals = 0
  #isDialing = false
  /** The connection whose server has not taken us yet. */
  #greeting: Carrier | null = null
  readonly #redial: Redial
  #isRetired = false
  /** Until then the other side is taken for an older one. */
  #olderUntilMs = 0
  /** Of the trust domain, as far as connections were looked at. */
  #narrowings: number

  constructor(endpoint: Endpoint, destination: Destination, environment: PoolEnvironment) {
    this.#endpoint = endpoint
    this.#environment = environment
    this.#destination = destination
    this.#redial = new Redial(environment.limits)
    this.#pool = new Pool(endpoint, destination, environment)
    this.#narrowings = destination.domain?.narrowings ?? 0
  }

  take(): Stream | null {
    return this.#isPooled() ? this.#pool.take() : this.#lend(false)
  }

  wait(waiter: StreamWaiter): void {
    if (this.#isPooled() || (waiter.isUpgrade === true && this.#hasHttp2())) this.#pool.wait(waiter)
    else this.#serve(waiter, this.#waiting)
  }

  open(waiter: StreamWaiter): void {
    if (this.#isPooled() || this.#hasHttp2()) this.#pool.open(waiter)
    else this.#serve(waiter, this.#tunnels)
  }

  /** Takes over how the endpoint is reached; connections that would not be made like this any more end. */
  redirect(destination: Destination): void {
    const { domain } = destination
    if (domain !== this.#destination.domain) this.#narrowings = domain?.narrowings ?? 0
    this.#destination = destination
    this.#olderUntilMs = 0
    this.#redial.reset()
    for (const trunk of this.#trunks) {
      const { peer } = trunk.connection
      if (peer !== null && !destination.allows(peer)) trunk.cut('wrong-server-identity')
      else if (!this.#isUsable(trunk)) trunk.leave()
    }
    this.#pool.redirect(destination)
    if (destination.target === null) this.#handOver()
    else this.#serveWaiting()
  }

  recheck(): void {
    const { domain } = this.#destination
    const roots = domain?.roots?.certificates ?? []
    this.#narrowings = domain?.narrowings ?? 0
    for (const trunk of this.#trunks) {
      const { peer } = trunk.connection
      if (peer !== null && !isIssuedByOneOf(peer, roots)) trunk.cut('untrusted-peer')
    }
    this.#pool.recheck()
  }

  retire(): void {
    this.#isRetired = true
    this.#redial.reset()
    for (const trunk of [...this.#trunks]) trunk.leave()
    this.#failUpTo(this.#arrivals, 'no-healthy-endpoint', 'the endpoint was removed')
    this.#pool.retire()
  }

  sweep(nowMs: number): void {
    // Nobody tells the transport of an endpoint that is gone.
    if (this.#narrowings !== (this.#destination.domain?.narrowings ?? 0)) this.recheck()
    for (const trunk of [...this.#trunks]) {
      if (nowMs > trunk.connection.expiresAtMs) trunk.cut('certificate-expired')
      else if (!this.#isUsable(trunk)) trunk.leave()
      trunk.sweep(nowMs, this.#destination.idleMs)
    }
  }

  callEnded(): void {
    this.#endpoint.active--
    this.#serveWaiting()
  }

  idleUntilMs(keepMs: number): number {
    const limitMs = this.#destination.idleMs
    // The other side's own limit, less a second for what is on its way.
    const idleMs = keepMs < 0 ? limitMs : Math.min(limitMs, keepMs - 1000)
    return this.#environment.deadlines.nowMs + idleMs
  }

  carrierChanged(trunk: Carrier): void {
    if (trunk === this.#greeting && trunk.isReady) {
      this.#greeting = null
      this.#succeeded()
      this.#serveWaiting()
    } else if (!trunk.isOpen || this.#waiting.length > 0) this.#serveWaiting()
  }

  carrierClosed(trunk: Carrier): void {
    this.#trunks = this.#trunks.filter(other => other !== trunk)
    if (this.#trunks.length === 0) this.#environment.deadlines.remove(this)
    if (trunk === this.#greeting) {
      this.#greeting = null
      this.#isDialing = false
      // Unless it was us: whoever waits gets one that is made anew.
      if (!this.#isRetired && trunk.connection.isAsNow(this.#destination)) {
        this.#failed('handshake-failed', 'the other data plane has closed the connection', this.#arrivals)
      }
    }
    this.#serveWaiting()
  }

  #isPooled(): boolean {
    if (this.#destination.target === null) return true
    return this.#olderUntilMs > 0 && this.#environment.deadlines.nowMs < this.#olderUntilMs
  }

  /** Which carries neither TCP connections nor what an exchange may be upgraded to. */
  #hasHttp2(): boolean {
    return this.#trunks.some(trunk => trunk instanceof Http2Trunk)
  }

  /** For a new call. */
  #isUsable(trunk: Carrier): boolean {
    return !this.#isRetired && trunk.isUsable(this.#destination, this.#environment.deadlines.nowMs)
  }

  #lend(isFresh: boolean): Stream | null {
    if (this.#endpoint.active >= this.#environment.limits.maxConnections) return null
    let usable = 0
    let bulk: Carrier | null = null
    for (const trunk of this.#trunks) {
      if (!this.#isUsable(trunk)) continue
      usable++
      if (trunk.isBulk) bulk ??= trunk
      const stream = trunk.isBulk ? null : trunk.lend(isFresh)
      if (stream !== null) return this.#lent(stream)
    }
    if (bulk === null) return null
    // The call does not wait for it: later ones will find it.
    if (usable < MAX_BESIDE_BULK) this.#dial()
    return this.#lent(bulk.lend(isFresh))
  }

  #lent(stream: Stream | null): Stream | null {
    if (stream !== null) this.#endpoint.active++
    return stream
  }

  #serve(waiter: StreamWaiter, line: WaitingLine): void {
    const stream = this.#lend(true)
    const { maxWaiting, maxConnections } = this.#environment.limits
    if (stream !== null) waiter.onStream(stream)
    else if (line.length >= maxWaiting) waiter.onNoStream('overflow', 'too many wait')
    else if (line === this.#tunnels && this.#endpoint.active >= maxConnections) {
      // Exchanges wait for others to end; TCP connections may be held for ever.
      waiter.onNoStream('overflow', 'too many connections')
    } else if (this.#redial.isLong) waiter.onNoStream(this.#redial.reason, this.#redial.detail)
    else {
      line.push({ waiter, number: ++this.#arrivals })
      this.#dial()
    }
  }

  #serveWaiting(): void {
    for (const line of [this.#waiting, this.#tunnels]) {
      // Nobody gets one for nothing: to a TCP application it is a connection.
      while (line.isWanting) {
        const stream = this.#lend(line === this.#tunnels)
        if (stream === null) break
        line.shift()?.waiter.onStream(stream)
      }
    }
    if (this.#waiting.length + this.#tunnels.length > 0) this.#dial()
  }

  #dial(): void {
    const { limits } = this.#environment
    if (this.#isDialing || this.#endpoint.active >= limits.maxConnections) return
    const { domain, target, connectTimeoutMs } = this.#destination
    const client = domain?.client() ?? 'no-identity'
    const arrivals = this.#arrivals
    if (typeof client === 'string' || target === null) {
      const reason = typeof client === 'string' ? client : 'no-identity'
      this.#failUpTo(arrivals, reason, 'this data plane cannot make mesh connections now')
      return
    }
    if (this.#redial.holds(() => this.#serveWaiting())) return
    this.#isDialing = true
    const connection = new Connection('shared', this.#pool)
    connection.begin(this.#destination)
    const isForTcp = this.#tunnels.length > 0
    const tls = { client, target, protocols: isForTcp ? TCP_CLIENT : HTTP_CLIENT }
    dial(connection, this.#endpoint, tls, connectTimeoutMs, false, {
      onConnected: (peer, protocol) => {
        connection.certify(peer, client.credentials.notAfterMs)
        this.#connected(connection, peer, protocol, isForTcp)
      },
      onFailed: (reason, detail) => {
        this.#isDialing = false
        this.#failed(reason, detail, arrivals)
        this.#serveWaiting()
      },
    })
  }

  #succeeded(): void {
    this.#isDialing = false
    this.#endpoint.succeed()
    this.#redial.reset()
  }

  /**
   * Who has waited for longer than it took to fail (`arrivals`) would only wait for the same failure again; so would
   * all where nothing works.
   */
  #failed(reason: ReasonCode, detail: string, arrivals: number): void {
    this.#endpoint.fail(`${reason}: ${detail}`)
    this.#redial.fail(reason, detail)
    this.#failUpTo(this.#trunks.length === 0 ? this.#arrivals : arrivals, reason, detail)
  }

  #connected(connection: Connection, peer: Peer | null, protocol: string, isForTcp: boolean): void {
    const isWelcome = connection.isAsNow(this.#destination) && peer !== null && this.#destination.allows(peer)
    if (this.#isRetired || !isWelcome) {
      // What it was verified against was replaced meanwhile. Whoever waits gets one that is made anew.
      this.#isDialing = false
      connection.discard()
      this.#serveWaiting()
    } else if (protocol !== MULTIPLEXED && protocol !== HTTP2) {
      this.#succeeded()
      this.#olderUntilMs = Date.now() + OLDER_FOR_MS[isForTcp ? 'tcp' : 'http']
      // One for TCP is laid over a socket of ours, so that it can be reset.
      if (isForTcp) connection.discard()
      else this.#pool.adopt(connection)
      this.#handOver()
    } else {
      const { deadlines, limits } = this.#environment
      if (this.#trunks.length === 0) deadlines.add(this)
      const readyByMs = Date.now() + this.#destination.connectTimeoutMs
      const Way = protocol === HTTP2 ? Http2Trunk : Trunk
      this.#greeting = new Way(connection, limits, readyByMs, this)
      this.#trunks.push(this.#greeting)
      if (protocol === HTTP2) this.#handOver(waiter => waiter.isUpgrade === true)
    }
  }

  /** Whoever waits here waits for the pool from now on; `isMoved`: of those who wait for an exchange. */
  #handOver(isMoved = (_waiter: StreamWaiter): boolean => true): void {
    for (const { waiter } of this.#waiting.takeAll(isMoved)) {
      const stream = this.#pool.take()
      if (stream === null) this.#pool.wait(waiter)
      else waiter.onStream(stream)
    }
    for (const { waiter } of this.#tunnels.takeUpTo(this.#arrivals)) this.#pool.open(waiter)
  }

  /** `upTo`: number of the last that is told. */
  #failUpTo(upTo: number, reason: ReasonCode, detail: string): void {
    const tickets = [...this.#waiting.takeUpTo(upTo), ...this.#tunnels.takeUpTo(upTo)]
    for (const { waiter } of tickets) waiter.onNoStream(reason, detail)
  }
}
