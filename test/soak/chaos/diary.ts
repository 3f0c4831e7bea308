/** What was done to a mesh under chaos and when, so that a failed call can tell what happened around it. */

interface Entry {
  readonly atMs: number
  readonly text: string
}

interface Harm {
  readonly fromMs: number
  /** Infinity: it goes on. */
  toMs: number
}

/** Answers are on their way for so long after what cut them. */
const AFTERMATH_MS = 100

export class Diary {
  readonly #startedAtMs = performance.now()
  readonly #entries: Entry[] = []
  readonly #harms = new Map<string, Harm[]>()

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return performance.now() - this.#startedAtMs
  }

  note(text: string): void {
    this.#entries.push({ atMs: this.nowMs, text })
  }

  /** From now on connections through these applications break. */
  harm(apps: readonly string[]): void {
    for (const app of apps) {
      const harms = this.#harms.get(app) ?? []
      harms.push({ fromMs: this.nowMs, toMs: Number.POSITIVE_INFINITY })
      this.#harms.set(app, harms)
    }
  }

  heal(apps: readonly string[]): void {
    for (const app of apps) {
      const last = this.#harms.get(app)?.at(-1)
      if (last !== undefined) last.toMs = this.nowMs
    }
  }

  /** Connections through the application broke at some time between the two. */
  wasHarmed(app: string, fromMs: number, toMs: number): boolean {
    return (this.#harms.get(app) ?? []).some(
      harm => harm.fromMs <= toMs && harm.toMs + AFTERMATH_MS >= fromMs,
    )
  }

  /** What was done between the two, a line each. */
  between(fromMs: number, toMs: number): string[] {
    return this.#entries
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
      .map(({ atMs, text }) => `${(atMs / 1000).toFixed(2)} s ${text}`)
  }
}
