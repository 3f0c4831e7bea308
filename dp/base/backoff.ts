/**
 * Waiting times between tries: doubling up to a limit, each drawn from the whole range (full jitter), the first too,
 * since many may have lost the same connection at the same moment.
 */
export class Backoff {
  readonly #leastMs: number
  readonly #mostMs: number
  readonly #random: () => number
  #tries = 0

  /** `random` answers 0…1. */
  constructor(leastMs: number, mostMs: number, random: () => number = Math.random) {
    this.#leastMs = leastMs
    this.#mostMs = mostMs
    this.#random = random
  }

  /** The wait before the next try, in ms: from `leastMs` to the doubled limit. */
  nextMs(): number {
    const limit = Math.min(this.#mostMs, this.#leastMs * 2 ** Math.min(this.#tries + 1, 30))
    this.#tries++
    return Math.round(this.#leastMs + this.#random() * Math.max(0, limit - this.#leastMs))
  }

  /** It worked: the next wait is short again. */
  reset(): void {
    this.#tries = 0
  }
}
