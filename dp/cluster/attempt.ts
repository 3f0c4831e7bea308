/** How one call finds an endpoint that a connection can be made to. */
import type { ReasonCode } from '../errors.ts'
import type { Placed } from './balance/endpoint-set.ts'
import type { CallCounts } from './call-counts.ts'
import type { Endpoint } from './endpoint.ts'
import { isOwnFault } from './failure.ts'
import type { Stream, StreamWaiter, Transport } from './transport.ts'

/** An endpoint of a cluster with the way to it. */
export interface Member extends Placed {
  readonly endpoint: Endpoint
  readonly transport: Transport
  readonly protocol: 'http2' | undefined
}

/** Endpoints tried for one call: more would only add their timeouts up. */
export const MAX_TRIES = 5

/** Of a TCP connection that was made nothing more is known. */
const CONNECTED = 200

/** The cluster, as the attempt sees it. */
export interface Picker {
  readonly counts: CallCounts
  /** Of the stream that was handed out last. */
  picked: Endpoint | null
  pick(tried: readonly Member[], hash: number): Member | null
}

/** The way of one call from endpoint to endpoint until a connection is made. */
export class Attempt implements StreamWaiter {
  readonly #cluster: Picker
  readonly #waiter: StreamWaiter
  readonly #kind: 'exchange' | 'fresh' | 'tunnel'
  readonly #hash: number
  readonly #tries: number
  readonly #tried: Member[] = []
  /** It counts as one that waits for a connection. */
  #isPending = false
  #isOver = false

  constructor(
    cluster: Picker,
    waiter: StreamWaiter,
    kind: 'exchange' | 'fresh' | 'tunnel',
    hash: number,
    tries: number,
  ) {
    this.#tries = tries
    this.#cluster = cluster
    this.#waiter = waiter
    this.#kind = kind
    this.#hash = hash
  }

  get isWanted(): boolean {
    return !this.#isOver && this.#waiter.isWanted
  }

  get isUpgrade(): boolean {
    return this.#waiter.isUpgrade === true
  }

  go(member: Member): void {
    this.#tried.push(member)
    const { transport } = member
    if (this.#kind === 'tunnel') transport.open(this)
    else transport.wait(this)
    if (!this.#isOver && !this.#isPending) this.#wait()
  }

  onStream(stream: Stream): void {
    if (this.#isOver) return stream.release(true, -1)
    this.#end()
    if (this.#kind === 'tunnel') this.#tried.at(-1)?.endpoint.judge?.answered(CONNECTED)
    this.#cluster.picked = this.#tried.at(-1)?.endpoint ?? null
    this.#waiter.onStream(stream)
  }

  onNoStream(reason: ReasonCode, detail: string): void {
    if (this.#isOver) return
    this.#tried.at(-1)?.endpoint.judge?.failed(reason)
    const next =
      isOwnFault(reason) || this.#tried.length >= this.#tries
        ? null
        : this.#cluster.pick(this.#tried, this.#hash)
    if (next === null) {
      this.#end()
      this.#waiter.onNoStream(reason, detail)
      return
    }
    const stream = this.#kind === 'exchange' ? next.transport.take() : null
    if (stream === null) return this.go(next)
    this.#tried.push(next)
    this.onStream(stream)
  }

  onForgotten(): void {
    this.#end()
  }

  /** Only now is it known that there is no stream yet. */
  #wait(): void {
    this.#isPending = this.#cluster.counts.enterPending()
    if (this.#isPending) return
    this.#isOver = true
    this.#waiter.onNoStream('overflow', 'too many wait for a connection')
  }

  #end(): void {
    this.#isOver = true
    if (this.#isPending) this.#cluster.counts.leavePending()
    this.#isPending = false
  }
}
