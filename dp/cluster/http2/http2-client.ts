/** One HTTP/2 connection to an endpoint: lends its streams, and goes when it has been idle for too long. */
import type { ByteStream } from '../../codec/byte-stream.ts'
import { Http2Connection } from '../../codec/http2/connection.ts'
import type { Http2Handler } from '../../codec/http2/core.ts'
import type { Http2Limits } from '../../codec/http2/http2-limits.ts'
import type { Http2Stream } from '../../codec/http2/stream.ts'
import { RequestStream, type RequestStreamLender } from './request-stream.ts'

export interface ClientOwner {
  /** A stream that was lent is given back. */
  released(): void
  /** `lend` may succeed again. */
  hasCapacity(): void
  /** Nothing is lent any more. */
  closed(client: Http2Client): void
}

export class Http2Client implements Http2Handler, RequestStreamLender {
  readonly #owner: ClientOwner
  readonly #connection: Http2Connection
  #isUsed = false
  #lent = 0
  /** When it was found without a stream; 0: it has some. */
  #quietSinceMs = 0

  /** Begins at once on a wire that is connected. */
  constructor(wire: ByteStream, limits: Http2Limits, owner: ClientOwner) {
    this.#owner = owner
    this.#connection = new Http2Connection(wire, { role: 'client', limits, handler: this })
  }

  /** null: its streams are used up, or it is ending. */
  lend(): RequestStream | null {
    if (!this.#connection.canRequest) return null
    const stream = new RequestStream(this.#connection, 'http', this.#isUsed, this)
    this.#isUsed = true
    this.#lent++
    return stream
  }

  released(): void {
    this.#lent--
    this.#owner.released()
  }

  /** No new calls: it ends with those that run. */
  leave(): void {
    this.#connection.drain()
  }

  sweep(nowMs: number, idleMs: number): void {
    if (this.#lent > 0) this.#quietSinceMs = 0
    else if (this.#quietSinceMs === 0) this.#quietSinceMs = nowMs
    else if (nowMs - this.#quietSinceMs > idleMs) this.#connection.drain()
    this.#connection.sweep(nowMs)
  }

  onRequest(stream: Http2Stream): void {
    // Servers open none; the connection has seen to it.
    stream.reset(0)
  }

  onTooLarge(): void {}

  onCapacity(): void {
    this.#owner.hasCapacity()
  }

  onGoaway(): void {
    this.#owner.hasCapacity()
  }

  onClose(): void {
    this.#owner.hasCapacity()
  }

  onGone(): void {
    this.#owner.closed(this)
  }
}
