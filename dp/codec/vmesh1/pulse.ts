/** Whether the other side still lives: a session that hears nothing asks with PING, and waits for any answer. */
import type { FrameWriter } from './frame-writer.ts'
import type { SessionLimits } from './session-limits.ts'

const QUESTION = Buffer.from('vmesh-up')

export class Pulse {
  readonly #limits: SessionLimits
  readonly #writer: FrameWriter
  #hasHeard = true
  #heardMs = 0
  /** 0: nothing was asked. */
  #askedMs = 0
  /** Asked, and no answer by the next sweep. */
  isInDoubt = false

  constructor(limits: SessionLimits, writer: FrameWriter) {
    this.#limits = limits
    this.#writer = writer
  }

  /** Bytes have come. */
  hears(): void {
    this.#hasHeard = true
    this.isInDoubt = false
  }

  /** False: dead. */
  sweep(nowMs: number): boolean {
    if (this.#hasHeard) {
      this.#hasHeard = false
      this.#heardMs = nowMs
      this.#askedMs = 0
    } else if (this.#askedMs > 0) {
      this.isInDoubt = true
      return nowMs - this.#askedMs <= this.#limits.pingTimeoutMs
    } else if (nowMs - this.#heardMs > this.#limits.pingAfterMs) {
      this.#askedMs = nowMs
      this.#writer.ping(0, QUESTION)
    }
    return true
  }
}
