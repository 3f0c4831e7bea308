/** Time as probes see it. */

export interface ProbeClock {
  /** Wall clock, ms since 1970. */
  readonly now: () => number
  /** Calls `work` once after `ms`; the result takes it back. */
  readonly after: (ms: number, work: () => void) => () => void
}

/** No timer of it keeps the process alive. */
export const REAL_CLOCK: ProbeClock = {
  now: Date.now,
  after: (ms, work) => {
    const timer = setTimeout(work, ms).unref()
    return () => clearTimeout(timer)
  },
}
