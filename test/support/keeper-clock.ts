/** A clock that goes when the test says so, and the timers of who was given it. */
import type { KeeperClock } from '../../dp/link/identity-keeper.ts'

export class TestClock implements KeeperClock {
  #nowMs: number
  readonly #timers = new Map<() => void, number>()
  randomness = 1

  constructor(nowMs = Date.now()) {
    this.#nowMs = nowMs
  }

  readonly now = (): number => this.#nowMs
  readonly random = (): number => this.randomness
  readonly after = (ms: number, work: () => void): (() => void) => {
    this.#timers.set(work, this.#nowMs + ms)
    return () => this.#timers.delete(work)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Lets `ms` go by: what falls due is called in its order, each when what came before it is at rest. */
  async advance(ms: number, atRest: () => Promise<void>): Promise<void> {
    const until = this.#nowMs + ms
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a[1] - b[1])
      if (next === undefined || next[1] > until) break
      const [work, dueMs] = next
      this.#timers.delete(work)
      this.#nowMs = Math.max(this.#nowMs, dueMs)
      work()
      await atRest()
    }
    this.#nowMs = until
  }

  /** The clock is set, or the machine slept: time is another one, and timers know nothing of it. */
  jump(ms: number): void {
    this.#nowMs += ms
    for (const [work, dueMs] of this.#timers) this.#timers.set(work, dueMs + ms)
  }
}
