/**
 * How the last streams of a connection ended, in a bounded memory: frames behind the end of a stream mean different
 * things depending on who ended it (RFC 9113 §5.1).
 */

/** `forgotten`: long ago, or never opened. */
export type Ending = 'complete' | 'reset-by-peer' | 'reset-by-us' | 'forgotten'

/** Frames may be on their way for as many streams as we have reset lately. */
const RESETS = 512
const ENDS = 64

export class PastStreams {
  #resets: Uint32Array | null = null
  #resetAt = 0
  /** Twice the id, one more where the peer has reset it. */
  readonly #ends = new Float64Array(ENDS)
  #endAt = 0

  add(id: number, ending: Ending): void {
    if (ending === 'reset-by-us') {
      this.#resets ??= new Uint32Array(RESETS)
      this.#resets[this.#resetAt++ % RESETS] = id
    } else this.#ends[this.#endAt++ % ENDS] = id * 2 + (ending === 'reset-by-peer' ? 1 : 0)
  }

  endingOf(id: number): Ending {
    if (this.#resets?.includes(id) === true) return 'reset-by-us'
    if (this.#ends.includes(id * 2)) return 'complete'
    return this.#ends.includes(id * 2 + 1) ? 'reset-by-peer' : 'forgotten'
  }
}
