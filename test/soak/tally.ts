/** What came of the calls of a soak, by kind, and of those that failed: how many of each kind of failure. */

export class Tally {
  readonly answered = new Map<string, number>()
  readonly #failures = new Map<string, { count: number; readonly first: string }>()

  /** `fault`: why the call failed, in words without what differs each time; ''. `detail`: what does differ. */
  note(kind: string, fault: string, detail = ''): void {
    if (fault === '') {
      this.answered.set(kind, (this.answered.get(kind) ?? 0) + 1)
      return
    }
    const key = `${kind}: ${fault}`
    const known = this.#failures.get(key)
    if (known === undefined)
      this.#failures.set(key, { count: 1, first: `${new Date().toISOString()} ${detail}` })
    else known.count++
  }

  get total(): number {
    return [...this.answered.values()].reduce((sum, count) => sum + count, 0)
  }

  /** A line for each kind of failure, with its first. */
  failures(): string[] {
    return [...this.#failures].map(([key, { count, first }]) => `${count} x ${key} (first ${first})`.trim())
  }

  /** `kind count, …` */
  summary(): string {
    return [...this.answered].map(([kind, count]) => `${kind} ${count}`).join(', ')
  }
}
