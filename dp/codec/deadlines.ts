/**
 * One coarse timer for everything that has a deadline: connections keep their deadline as a number and are looked at
 * twice a second, so that no timer is made for a request. It runs only while something is registered.
 */

export interface Sweepable {
  /** Looks at its own deadlines. May remove itself and others. */
  sweep(nowMs: number): void
}

/** Between two sweeps. */
export const SWEEP_MS = 500

export class Deadlines {
  readonly #members = new Set<Sweepable>()
  #nowMs = 0
  #timer: NodeJS.Timeout | null = null

  /** Epoch milliseconds, half a second old or less. */
  get nowMs(): number {
    return this.#timer === null ? Date.now() : this.#nowMs
  }

  add(member: Sweepable): void {
    this.#members.add(member)
    if (this.#timer !== null) return
    this.#nowMs = Date.now()
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#timer.unref()
  }

  remove(member: Sweepable): void {
    this.#members.delete(member)
  }

  #sweep(): void {
    this.#nowMs = Date.now()
    for (const member of this.#members) member.sweep(this.#nowMs)
    if (this.#members.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
