/** One TCP connection of a client, carried to an endpoint of the cluster as it is. */
import { NO_HASH } from '../cluster/balance/hash.ts'
import type { CallCounts } from '../cluster/call-counts.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Stream, StreamWaiter } from '../cluster/transport.ts'
import type { ByteSink, ByteStream } from '../codec/byte-stream.ts'
import type { Deadlines } from '../codec/deadlines.ts'
import type { Limits } from '../codec/limits.ts'
import type { Load } from '../codec/load.ts'
import { Tunnel } from '../codec/tunnel.ts'
import { type ReasonCode, reasonAt } from '../errors.ts'
import type { CallRules } from '../http/resilience/call-rules.ts'
import type { Caller, LiveConnection } from '../http/role.ts'
import { hashConnection } from '../http/routing/call-hash.ts'
import type { ListenerCounters } from './counters.ts'

export interface TcpRole {
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly load: Load
  readonly counters: ListenerCounters
  /** The cluster is the local application. */
  readonly isLastHop: boolean
  /** A connection on which no byte moves ends. */
  readonly rules: Pick<CallRules, 'tcpIdleMs'>
  closed(connection: TcpConnection): void
}

const MAX_EARLY_BYTES = 64 * 1024

export class TcpConnection implements ByteSink, StreamWaiter, LiveConnection {
  readonly #down: ByteStream
  readonly #role: TcpRole
  #tunnel: Tunnel | null = null
  #isClosed = false
  #hasEnded = false
  #hasEntered = false
  /** Where it counts as a connection. */
  #counts: CallCounts | null = null
  /** What the client sent before there was an endpoint. */
  readonly #early: Buffer[] = []
  #earlyBytes = 0

  /** `start` asks for the endpoint. */
  constructor(down: ByteStream, role: TcpRole) {
    this.#down = down
    this.#role = role
    down.sink = this
  }

  get isWanted(): boolean {
    return !this.#isClosed
  }

  /** `tries`: endpoints that are asked one after the other. */
  start(cluster: Cluster, tries?: number): void {
    const { load, deadlines } = this.#role
    this.#hasEntered = load.enterCall(deadlines.nowMs)
    if (!this.#hasEntered) return this.end('overload')
    if (!cluster.counts.enterConnection()) return this.end('overflow', cluster.counts.policy)
    this.#counts = cluster.counts
    cluster.open(this, this.#hashFor(cluster), tries)
  }

  onStream(stream: Stream): void {
    if (this.#isClosed) {
      stream.release(false, -1)
      return
    }
    const { deadlines, rules } = this.#role
    this.#tunnel = new Tunnel(this.#down, stream, {
      deadlines,
      idleMs: rules.tcpIdleMs,
      onClose: () => {
        if (stream.cutReason !== '') this.#role.counters.fail(stream.cutReason)
        stream.release(false, -1)
        this.#leave()
      },
    })
    for (const bytes of this.#early.splice(0)) stream.writeBytes(bytes)
    if (this.#hasEnded) this.#tunnel.endFrom(this.#down)
    this.#down.resume()
  }

  onNoStream(reason: ReasonCode): void {
    if (!this.#isClosed) this.end(reasonAt(this.#role.isLastHop, reason))
  }

  /** A TCP connection is one exchange: it ends by itself. */
  retire(): void {}

  end(reason: ReasonCode, policy = ''): void {
    this.#role.counters.fail(reason, policy)
    if (this.#tunnel !== null) this.#tunnel.cut()
    else this.#down.reset()
  }

  reconsider(caller: Caller): void {
    if (caller.denial === '') return
    this.#role.counters.denied++
    this.end(caller.denial, caller.policy)
  }

  sweep(nowMs: number): void {
    if (this.#tunnel !== null && nowMs > this.#tunnel.deadlineMs) this.end('stream-timeout')
  }

  /** Reading goes on for a while before there is an endpoint, so that a client that has gone is noticed. */
  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#earlyBytes += end - start
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.#down.pause()
    this.#early.push(Buffer.from(bytes.subarray(start, end)))
  }

  onEnd(): void {
    this.#hasEnded = true
  }

  onDrain(): void {}

  /** Before there is a tunnel. */
  onClose(): void {
    this.#isClosed = true
    this.#leave()
  }

  #hashFor({ config }: Cluster): number {
    const { hashPolicies } = config
    return hashPolicies === undefined ? NO_HASH : hashConnection(hashPolicies, this.#down.remoteAddress ?? '')
  }

  #leave(): void {
    if (this.#hasEntered) this.#role.load.leaveCall()
    this.#hasEntered = false
    this.#counts?.leaveConnection()
    this.#counts = null
    this.#role.closed(this)
  }
}
