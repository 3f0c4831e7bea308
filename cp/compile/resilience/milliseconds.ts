/** Durations of policies as the contract has them. */
import { goDurationMs } from '#base/duration.ts'
import { MAX_MS } from '#contract/resilience/timeouts.ts'

/** Whole milliseconds, of a duration above 0 at least one; 0: no limit, and durations below it. */
export function msOf(text: string | undefined): number {
  const ms = text === undefined ? 0 : (goDurationMs(text) ?? 0)
  return Math.min(Math.max(0, Math.ceil(ms)), MAX_MS)
}
