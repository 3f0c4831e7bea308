/**
 * The clock of a connection, moved by sweeps: whether greeting and header blocks come to their end in time, whether a
 * silent peer still lives (PING), and when those that were on their way during a drain have arrived.
 */

import type { Sender } from './frames/sender.ts'
import type { Http2Limits } from './http2-limits.ts'

const PROBE = Buffer.from('vmesh-up')
const DRAIN = Buffer.from('vmesh-go')

export class Keeper {
  readonly #limits: Http2Limits
  readonly #sender: Sender
  #hasHeard = true
  #heardMs = 0
  /** -1: what it times is not going on. */
  #begunMs = -1
  #blockMs = -1
  #askedMs = -1
  #isAsking = false
  #closedMs = -1

  constructor(limits: Http2Limits, sender: Sender) {
    this.#limits = limits
    this.#sender = sender
  }

  /** Bytes have come. */
  hears(): void {
    this.#hasHeard = true
  }

  /** The answer comes behind all that the peer sent before it heard of the drain. */
  askForDrain(): void {
    this.#ask(DRAIN)
  }

  /** `payload[start, start + 8)` of a PING that is an answer: to that question? */
  isDrainAnswer(payload: Buffer, start: number): boolean {
    return payload.compare(DRAIN, 0, 8, start, start + 8) === 0
  }

  /** Why the connection has to end; ''. */
  sweep(nowMs: number, isGreeted: boolean, isBlockOpen: boolean): string {
    const { handshakeTimeoutMs, headTimeoutMs, pingAfterMs, pingTimeoutMs } = this.#limits
    if (this.#begunMs < 0) this.#begunMs = nowMs
    if (!isGreeted && nowMs - this.#begunMs > handshakeTimeoutMs) return 'no SETTINGS in time'
    if (!isBlockOpen) this.#blockMs = -1
    else if (this.#blockMs < 0) this.#blockMs = nowMs
    else if (nowMs - this.#blockMs > headTimeoutMs) return 'header block not complete in time'
    if (this.#hasHeard) {
      this.#hasHeard = false
      this.#heardMs = nowMs
      this.#isAsking = false
    } else if (!this.#isAsking && nowMs - this.#heardMs > pingAfterMs) this.#ask(PROBE)
    if (!this.#isAsking) this.#askedMs = -1
    else if (this.#askedMs < 0) this.#askedMs = nowMs
    else if (nowMs - this.#askedMs > pingTimeoutMs) return 'no answer to PING'
    return ''
  }

  /** Of a connection that we have closed: whether the peer had its time to close as well. */
  isOverdue(nowMs: number): boolean {
    if (this.#closedMs < 0) this.#closedMs = nowMs
    return nowMs - this.#closedMs > this.#limits.lingerMs
  }

  #ask(payload: Buffer): void {
    this.#isAsking = true
    this.#sender.ping(payload, 0, 0)
  }
}
