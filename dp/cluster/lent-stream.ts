/**
 * A stream of a trunk as it is lent out, like a pooled connection: one exchange after the other, idle in between,
 * without a frame that says so. While it is idle anything that happens on it ends it.
 */
import { type ByteSink, NO_SINK } from '../codec/byte-stream.ts'
import { type StreamHost, VmeshStream } from '../codec/vmesh1/stream.ts'
import type { ReasonCode } from '../errors.ts'
import type { Stream } from './transport.ts'

/** What is told of streams that are lent. */
export interface StreamLender {
  released(stream: LentStream, isReusable: boolean, keepMs: number): void
  /** An idle stream was closed, or said something that nobody asked for. */
  lost(stream: LentStream): void
}

export class LentStream extends VmeshStream implements Stream, ByteSink {
  isReused = false
  cutReason: ReasonCode | '' = ''
  isLent = false
  /** While idle. */
  idleUntilMs = 0
  /** Bytes that it had carried when it was lent, and when it was looked at last. */
  lentAtBytes = 0
  sweptAtBytes = 0
  readonly #lender: StreamLender

  constructor(host: StreamHost, id: number, lender: StreamLender) {
    super(host, id)
    this.#lender = lender
  }

  get carriedBytes(): number {
    return this.bytesRead + this.bytesWritten
  }

  release(isReusable: boolean, keepMs: number): void {
    if (!this.isLent) return
    this.isLent = false
    this.isReused = true
    this.sink = this
    // Whoever had it may have paused it, and the next one expects to hear from it.
    this.resume()
    this.#lender.released(this, isReusable, keepMs)
  }

  /** Ends it: nobody listens any more. */
  discard(): void {
    this.sink = NO_SINK
    this.destroy()
  }

  /** While idle it is its own sink. */
  onBytes(): void {
    this.#lender.lost(this)
  }

  onEnd(): void {
    this.#lender.lost(this)
  }

  onDrain(): void {}

  onClose(): void {
    this.#lender.lost(this)
  }
}
