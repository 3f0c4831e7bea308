/** What a peer may do so often and no oftener: a store that is used up one by one and filled again as time goes by. */
export class Allowance {
  readonly #burst: number
  readonly #perSecond: number
  #left: number
  #filledMs = -1

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#left = burst
  }

  /** Used up; what was spent beyond has to be filled first. */
  get isSpent(): boolean {
    return this.#left < 0
  }

  /** False: used up. */
  spend(): boolean {
    return --this.#left >= 0
  }

  /** Gives one back for work that the peer did in return. */
  refund(count: number): void {
    this.#left = Math.min(this.#burst, this.#left + count)
  }

  /** To be called now and then. */
  fill(nowMs: number): void {
    if (this.#filledMs >= 0) this.refund(((nowMs - this.#filledMs) * this.#perSecond) / 1000)
    this.#filledMs = nowMs
  }
}
