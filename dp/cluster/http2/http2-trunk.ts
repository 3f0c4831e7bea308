/**
 * One HTTP/2 connection over mutual TLS to an endpoint that is not one of our data planes: carries all calls of HTTP, as a
 * trunk of vmesh/1 does between ours.
 */
import { Http2Connection } from '../../codec/http2/connection.ts'
import type { Http2Handler } from '../../codec/http2/core.ts'
import type { Http2Stream } from '../../codec/http2/stream.ts'
import type { Limits } from '../../codec/limits.ts'
import type { ReasonCode } from '../../errors.ts'
import type { Carrier, CarrierOwner } from '../carrier.ts'
import type { Connection } from '../connection.ts'
import type { Destination } from '../destination.ts'
import { RequestStream, type RequestStreamLender } from './request-stream.ts'

export class Http2Trunk implements Carrier, Http2Handler, RequestStreamLender {
  readonly connection: Connection
  readonly isBulk = false
  readonly #http2: Http2Connection
  readonly #owner: CarrierOwner
  readonly #lent = new Set<RequestStream>()
  #isUsed = false
  /** When it was found without a stream; 0: it has some. */
  #quietSinceMs = 0
  readonly #readyByMs: number

  /** Takes the connection over: verified, and both sides speak HTTP/2. `readyByMs`: the server has taken us by then. */
  constructor(connection: Connection, limits: Limits, readyByMs: number, owner: CarrierOwner) {
    this.connection = connection
    this.#readyByMs = readyByMs
    this.#owner = owner
    this.#http2 = new Http2Connection(connection, { role: 'client', limits: limits.http2, handler: this })
  }

  get isOpen(): boolean {
    return !this.#http2.isEnding
  }

  get isReady(): boolean {
    return this.#http2.isTaken
  }

  isUsable(destination: Destination, nowMs: number): boolean {
    const { connection } = this
    return this.isOpen && connection.retiresAtMs > nowMs && connection.isAsNow(destination)
  }

  lend(isFresh: boolean): RequestStream | null {
    if (!this.isReady || !this.#http2.canRequest) return null
    const stream = new RequestStream(this.#http2, 'https', this.#isUsed && !isFresh, this)
    this.#isUsed = true
    this.#lent.add(stream)
    return stream
  }

  leave(): void {
    this.#http2.drain()
  }

  cut(reason: ReasonCode): void {
    for (const stream of this.#lent) stream.cutReason = reason
    this.connection.cut(reason)
  }

  sweep(nowMs: number, idleMs: number): void {
    this.#http2.sweep(nowMs)
    if (!this.isReady && nowMs > this.#readyByMs) this.connection.destroy()
    if (this.#lent.size > 0) this.#quietSinceMs = 0
    else if (this.#quietSinceMs === 0) this.#quietSinceMs = nowMs
    else if (nowMs - this.#quietSinceMs > idleMs) this.leave()
  }

  released(stream: RequestStream): void {
    this.#lent.delete(stream)
    this.#owner.callEnded()
  }

  onRequest(stream: Http2Stream): void {
    // Servers open none; the connection has seen to it.
    stream.reset(0)
  }

  onTooLarge(): void {}

  onCapacity(): void {
    this.#owner.carrierChanged(this)
  }

  onGoaway(): void {
    this.#owner.carrierChanged(this)
  }

  onClose(): void {
    this.#owner.carrierChanged(this)
  }

  onGone(): void {
    this.#owner.carrierClosed(this)
  }
}
