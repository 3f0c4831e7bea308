/** Log lines about what happens often: one a second for each subject, with how often it happened since the last. */
import type { Logger } from '#base/log.ts'

const PAUSE_MS = 1000
/** Subjects that are told apart; the rest are forgotten with them when there are more. */
const MAX_SUBJECTS = 1000

interface Told {
  atMs: number
  untold: number
}

export class RareLog {
  readonly #log: Logger
  readonly #told = new Map<string, Told>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** `subject`: lines about the same have equal fields. */
  warn(subject: Readonly<Record<string, string>>, message: string): void {
    const key = `${message} ${Object.values(subject).join(' ')}`
    const nowMs = Date.now()
    const told = this.#told.get(key)
    if (told !== undefined && nowMs - told.atMs < PAUSE_MS) {
      told.untold++
      return
    }
    if (told === undefined && this.#told.size >= MAX_SUBJECTS) this.#told.clear()
    this.#told.set(key, { atMs: nowMs, untold: 0 })
    this.#log.warn({ ...subject, times: 1 + (told?.untold ?? 0) }, message)
  }
}
