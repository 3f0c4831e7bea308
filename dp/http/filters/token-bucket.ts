/**
 * A bucket of tokens that refills smoothly (the generic cell rate algorithm): one number says when it will be full again.
 * The number is in memory that all workers share, so the bucket is exact for all of them.
 */

/** Of Int32, for a number of 64 bits wherever it begins. */
export const BUCKET_CELLS = 3

const NS_PER_MS = 1_000_000

export class TokenBucket {
  /** Held, since cells that nobody holds are given to somebody else. */
  readonly cells: Int32Array
  /** When the bucket is full again, in ns since the epoch. */
  readonly #fullAt: BigInt64Array
  /** Between two tokens. */
  readonly #pauseNs: bigint
  readonly #intervalNs: bigint
  readonly #now: () => bigint

  /** `size` tokens, made anew within `intervalMs`. `cells`: BUCKET_CELLS of them, shared by the workers. */
  constructor(size: number, intervalMs: number, cells: Int32Array, now = nowNs) {
    this.cells = cells
    const offset = cells.byteOffset + (cells.byteOffset % BigInt64Array.BYTES_PER_ELEMENT)
    this.#fullAt = new BigInt64Array(cells.buffer, offset, 1)
    this.#pauseNs = BigInt(Math.max(1, Math.round((intervalMs * NS_PER_MS) / size)))
    this.#intervalNs = this.#pauseNs * BigInt(size)
    this.#now = now
  }

  /** False: it is empty. */
  take(): boolean {
    const now = this.#now()
    for (;;) {
      const fullAt = Atomics.load(this.#fullAt, 0)
      // bigints have no Math.max
      const isFull = fullAt <= now
      const next = (isFull ? now : fullAt) + this.#pauseNs
      if (next - now > this.#intervalNs) return false
      if (Atomics.compareExchange(this.#fullAt, 0, fullAt, next) === fullAt) return true
    }
  }
}

/** The same in all workers. */
function nowNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}
