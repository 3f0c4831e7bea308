/**
 * Which endpoints stand out by the share of their calls that went well in one interval. An endpoint counts where it had
 * enough calls, and nothing is said where too few count (Envoy's rules).
 */
import type { OutlierDetection } from '#contract/resilience/breaker.ts'

/** Of one endpoint in one interval. */
export interface Tally {
  readonly calls: number
  readonly successes: number
}

export interface Outlier<T extends Tally> {
  readonly tally: T
  /** Why, in words. */
  readonly reason: string
}

/** Those whose share is below the mean minus so many standard deviations. */
export function bySuccessRate<T extends Tally>(
  tallies: readonly T[],
  { minimumHosts, requestVolume, factor }: NonNullable<OutlierDetection['successRate']>,
): readonly Outlier<T>[] {
  const judged = tallies.filter(({ calls }) => calls >= requestVolume)
  if (judged.length === 0 || judged.length < minimumHosts) return []
  const rates = judged.map(rateOf)
  const mean = sumOf(rates) / rates.length
  const deviation = Math.sqrt(sumOf(rates.map(rate => (rate - mean) ** 2)) / rates.length)
  const least = mean - factor * deviation
  return judged
    .filter(tally => rateOf(tally) < least)
    .map(tally => ({
      tally,
      reason: `${textOf(rateOf(tally))} of its calls went well, less than ${textOf(least)}`,
    }))
}

/** Those that fail as often as the threshold says, or more. */
export function byFailurePercentage<T extends Tally>(
  tallies: readonly T[],
  { minimumHosts, requestVolume, threshold }: NonNullable<OutlierDetection['failurePercentage']>,
): readonly Outlier<T>[] {
  const judged = tallies.filter(({ calls }) => calls >= requestVolume)
  if (judged.length < minimumHosts) return []
  return judged
    .filter(tally => 100 - rateOf(tally) >= threshold)
    .map(tally => ({ tally, reason: `${textOf(100 - rateOf(tally))} of its calls failed` }))
}

/** Percent. */
function rateOf({ calls, successes }: Tally): number {
  return (100 * successes) / calls
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0)
}

function textOf(percent: number): string {
  return `${Math.round(percent * 10) / 10} %`
}
