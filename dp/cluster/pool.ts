/**
 * The transport to applications, and to data planes that are older than vmesh/1: keep-alive connections to one
 * endpoint, one exchange at a time on each, last in first out; and a connection of its own for every TCP connection. Handshakes in progress are bounded, since a cold pool under
 * load is a storm of them; calls wait in order of arrival.
 */
import type { Deadlines, Sweepable } from '../codec/deadlines.ts'
import type { ReasonCode } from '../errors.ts'
import { HTTP1_CLIENT, TUNNEL_CLIENT } from '../tls/alpn.ts'
import { isIssuedByOneOf, type Peer } from '../tls/peer.ts'
import { type DialTls, dial } from './connect.ts'
import { Connection, type Lender } from './connection.ts'
import type { Destination } from './destination.ts'
import type { Endpoint, EndpointEnvironment } from './endpoint.ts'
import type { StreamWaiter, Transport } from './transport.ts'
import { type Ticket, WaitingLine } from './waiting-line.ts'

export interface PoolEnvironment extends EndpointEnvironment {
  readonly deadlines: Deadlines
  /** Numbers that all workers count in: at least so many, at most 8, the same ones for the same name. They begin at 0. */
  readonly cells: (name: string, count: number) => Int32Array
  /** The one worker that probes endpoints; the others hear of it. */
  readonly checksHealth: boolean
}

export class Pool implements Transport, Lender, Sweepable {
  readonly #endpoint: Endpoint
  readonly #environment: PoolEnvironment
  #destination: Destination
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  readonly #waiting = new WaitingLine()
  readonly #tunnels = new WaitingLine()
  #arrivals = 0
  /** Connections being made for exchanges, and all of them. */
  #dialingExchanges = 0
  #dialing = 0
  #isRetired = false
  /** Of the trust domain, as far as connections were looked at. */
  #narrowings: number

  constructor(endpoint: Endpoint, destination: Destination, environment: PoolEnvironment) {
    this.#endpoint = endpoint
    this.#destination = destination
    this.#environment = environment
    this.#narrowings = destination.domain?.narrowings ?? 0
  }

  take(): Connection | null {
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined) return null
      if (this.#isUsable(connection)) return this.#lend(connection)
      this.#drop(connection)
    }
  }

  wait(waiter: StreamWaiter): void {
    this.#queue(this.#waiting, waiter)
  }

  /** Takes a connection over that was made, verified and certified elsewhere and never used. */
  adopt(connection: Connection): void {
    this.#take(connection, null)
  }

  open(waiter: StreamWaiter): void {
    this.#queue(this.#tunnels, waiter)
  }

  /** Takes over how the endpoint is reached; connections that would not be made like this any more end. */
  redirect(destination: Destination): void {
    const { domain } = destination
    if (domain !== this.#destination.domain) this.#narrowings = domain?.narrowings ?? 0
    this.#destination = destination
    for (const connection of this.#all) {
      const { peer } = connection
      const isAllowed = peer === null || destination.allows(peer)
      if (!isAllowed) connection.cut('wrong-server-identity')
      else if (!connection.isLent && !this.#isUsable(connection)) this.#drop(connection)
    }
  }

  recheck(): void {
    const { domain } = this.#destination
    const roots = domain?.roots?.certificates ?? []
    this.#narrowings = domain?.narrowings ?? 0
    for (const connection of this.#all) {
      const { peer } = connection
      if (peer !== null && !isIssuedByOneOf(peer, roots)) connection.cut('untrusted-peer')
    }
  }

  retire(): void {
    this.#isRetired = true
    for (const connection of this.#idle.splice(0)) this.#drop(connection)
    this.#failAll('no-healthy-endpoint', 'the endpoint was removed')
  }

  released(connection: Connection, isReusable: boolean, keepMs: number): void {
    this.#endpoint.active--
    if (!isReusable || !this.#isUsable(connection)) {
      this.#drop(connection)
      this.#dialMore()
      return
    }
    const ticket = this.#waiting.shift()
    if (ticket !== undefined) {
      ticket.waiter.onStream(this.#lend(connection))
      return
    }
    const limitMs = this.#destination.idleMs
    // The other side's own limit, less a second for what is on its way.
    const idleMs = keepMs < 0 ? limitMs : Math.min(limitMs, keepMs - 1000)
    connection.idleUntilMs = this.#environment.deadlines.nowMs + idleMs
    if (idleMs > 0) this.#idle.push(connection)
    else this.#drop(connection)
  }

  lost(connection: Connection): void {
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#drop(connection)
  }

  sweep(nowMs: number): void {
    // Nobody tells the pool of an endpoint that is gone.
    if (this.#narrowings !== (this.#destination.domain?.narrowings ?? 0)) this.recheck()
    for (const connection of this.#all) {
      if (nowMs > connection.expiresAtMs) connection.cut('certificate-expired')
      else if (!connection.isLent && (nowMs > connection.idleUntilMs || !this.#isUsable(connection))) {
        this.lost(connection)
      }
    }
  }

  /** For a new exchange. */
  #isUsable(connection: Connection): boolean {
    return (
      connection.isOpen &&
      !this.#isRetired &&
      connection.isAsNow(this.#destination) &&
      connection.retiresAtMs > this.#environment.deadlines.nowMs
    )
  }

  #lend(connection: Connection): Connection {
    connection.isLent = true
    this.#endpoint.active++
    return connection
  }

  #drop(connection: Connection): void {
    connection.discard()
    if (this.#all.delete(connection) && this.#all.size === 0) this.#environment.deadlines.remove(this)
  }

  #queue(line: WaitingLine, waiter: StreamWaiter): void {
    if (line.length >= this.#environment.limits.maxWaiting) {
      waiter.onNoStream('overflow', 'too many wait')
      return
    }
    line.push({ waiter, number: ++this.#arrivals })
    this.#dialMore()
  }

  #dialMore(): void {
    const { maxConnecting } = this.#environment.limits
    const { maxConnections } = this.#destination
    while (this.#dialing < maxConnecting && this.#all.size + this.#dialing < maxConnections) {
      const tunnel = this.#tunnels.shift()
      if (tunnel === undefined && this.#waiting.length <= this.#dialingExchanges) return
      this.#dial(tunnel ?? null)
    }
    if (this.#all.size + this.#dialing < maxConnections) return
    // Exchanges wait for a connection to be given back; TCP connections may be held for ever.
    for (const { waiter } of this.#tunnels.takeUpTo(this.#arrivals))
      waiter.onNoStream('overflow', 'too many connections')
  }

  /** `tunnel`: whom the connection is for; null: for the first exchange that waits when it is there. */
  #dial(tunnel: Ticket | null): void {
    const { domain, target, connectTimeoutMs } = this.#destination
    const client = domain?.client() ?? null
    const arrivals = this.#arrivals
    if (typeof client === 'string') {
      this.#giveUp(tunnel, arrivals, client, 'this data plane cannot make mesh connections now')
      return
    }
    const protocols = tunnel === null ? HTTP1_CLIENT : TUNNEL_CLIENT
    const tls: DialTls | null = client === null || target === null ? null : { client, target, protocols }
    const isOverSocket = tunnel !== null && tls !== null
    const connection = new Connection(isOverSocket ? 'chunks' : tunnel !== null ? 'bulk' : 'shared', this)
    connection.begin(this.#destination)
    this.#dialing++
    if (tunnel === null) this.#dialingExchanges++
    const settle = () => {
      this.#dialing--
      if (tunnel === null) this.#dialingExchanges--
    }
    dial(connection, this.#endpoint, tls, connectTimeoutMs, isOverSocket, {
      onConnected: peer => {
        settle()
        this.#connected(connection, peer, client?.credentials.notAfterMs, tunnel)
        this.#dialMore()
      },
      onFailed: (reason, detail) => {
        settle()
        this.#endpoint.fail(`${reason}: ${detail}`)
        this.#giveUp(tunnel, arrivals, reason, detail)
        this.#dialMore()
      },
    })
  }

  #connected(
    connection: Connection,
    peer: Peer | null,
    ownEndMs: number | undefined,
    tunnel: Ticket | null,
  ): void {
    this.#endpoint.succeed()
    if (tunnel !== null && this.#isRetired) {
      connection.discard()
      tunnel.waiter.onNoStream('no-healthy-endpoint', 'the endpoint was removed')
      return
    }
    if (!connection.isAsNow(this.#destination) || (peer !== null && !this.#destination.allows(peer))) {
      // What it was verified against was replaced meanwhile. Whoever waits gets one that is made anew.
      connection.discard()
      if (tunnel !== null) this.#tunnels.unshift(tunnel)
      return
    }
    connection.certify(peer, ownEndMs)
    this.#take(connection, tunnel)
  }

  #take(connection: Connection, tunnel: Ticket | null): void {
    if (this.#all.size === 0) this.#environment.deadlines.add(this)
    this.#all.add(connection)
    const ticket = tunnel ?? this.#waiting.shift()
    if (ticket !== undefined) {
      ticket.waiter.onStream(this.#lend(connection))
      return
    }
    // Whom it was for has got another one meanwhile.
    this.#lend(connection)
    connection.release(true, -1)
  }

  /** A connection could not be made. `arrivals`: number of the last who had come when it was begun. */
  #giveUp(tunnel: Ticket | null, arrivals: number, reason: ReasonCode, detail: string): void {
    tunnel?.waiter.onNoStream(reason, detail)
    // Who has waited for longer than it took to fail would only wait for the same failure again; so would all where
    // nothing works.
    const isHopeless = this.#all.size === 0 && this.#dialing === 0
    this.#failAll(reason, detail, isHopeless ? this.#arrivals : arrivals)
  }

  /** `upTo`: number of the last that is told. */
  #failAll(reason: ReasonCode, detail: string, upTo = this.#arrivals): void {
    const tickets = [...this.#waiting.takeUpTo(upTo), ...this.#tunnels.takeUpTo(upTo)]
    for (const { waiter } of tickets) waiter.onNoStream(reason, detail)
  }
}
