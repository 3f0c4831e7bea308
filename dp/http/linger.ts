/**
 * The end of a client's connection from our side: all that was written still leaves, then the client gets a moment
 * to read the last answer before the connection is cut (RFC 9112 §9.6).
 */
import type { ByteStream } from '../codec/byte-stream.ts'
import type { Deadlines } from '../codec/deadlines.ts'
import type { Limits } from '../codec/limits.ts'

export class Linger {
  readonly #down: ByteStream
  readonly #deadlines: Deadlines
  readonly #limits: Limits
  #isFlushed = false
  #deadlineMs: number

  /** Ends our side of `down`; what still arrives is for the caller to drop. */
  constructor(down: ByteStream, deadlines: Deadlines, limits: Limits) {
    this.#down = down
    this.#deadlines = deadlines
    this.#limits = limits
    this.#deadlineMs = deadlines.nowMs + limits.streamIdleMs
    down.end()
    down.resume()
  }

  /** To be asked at every sweep: whether the client had its time. */
  isOver(nowMs: number): boolean {
    if (!this.#isFlushed && this.#down.pendingBytes === 0) {
      this.#isFlushed = true
      this.#deadlineMs = nowMs + this.#limits.lingerMs
    }
    return nowMs > this.#deadlineMs
  }

  /** Even a client that does not take its last answer has no more than that moment. */
  hurry(): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, this.#deadlines.nowMs + this.#limits.lingerMs)
  }
}
