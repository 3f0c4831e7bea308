/**
 * Takes endpoints out of a cluster because of what came of the calls to them, and puts them back when their time is over.
 * Time comes from outside. Each worker counts its own calls; endpoints that another one has taken out are marked, count as
 * out, and are put back by that one.
 */
import type { OutlierDetection } from '#contract/resilience/breaker.ts'
import type { Sweepable } from '../../codec/deadlines.ts'
import { byFailurePercentage, bySuccessRate } from './shares.ts'
import { type Accused, type Detection, Suspect } from './suspect.ts'

/** Envoy's; the base time where that is longer. */
const MAX_EJECTION_MS = 300_000

export class Outliers implements Sweepable, Detection {
  /** Times an endpoint was taken out by this worker. */
  ejections = 0
  /** Times it was not, since too many would have been out. */
  overflows = 0
  #config: OutlierDetection
  #suspects: ReadonlyMap<Accused, Suspect> = new Map()
  readonly #clock: () => number
  #intervalEndsMs: number

  constructor(config: OutlierDetection, clock: () => number = Date.now) {
    this.#config = config
    this.#clock = clock
    this.#intervalEndsMs = clock() + config.intervalMs
  }

  get config(): OutlierDetection {
    return this.#config
  }

  /** What is known of endpoints stays; the times of those that are out are measured anew. */
  configure(config: OutlierDetection): void {
    this.#config = config
    this.#intervalEndsMs = Math.min(this.#intervalEndsMs, this.#clock() + config.intervalMs)
  }

  /** The endpoints from now on; what is known of those that stay, stays. */
  watch(endpoints: readonly Accused[]): void {
    const before = this.#suspects
    this.#suspects = new Map(
      endpoints.map(endpoint => [endpoint, before.get(endpoint) ?? new Suspect(endpoint, this)]),
    )
    for (const suspect of this.#suspects.values()) suspect.endpoint.judge = suspect
    for (const [endpoint, suspect] of before) if (!this.#suspects.has(endpoint)) release(suspect)
  }

  /** Nobody is judged any more; whom this worker has taken out is back. */
  stop(): void {
    for (const suspect of this.#suspects.values()) release(suspect)
    this.#suspects = new Map()
  }

  sweep(nowMs: number): void {
    for (const suspect of this.#suspects.values()) this.#look(suspect, nowMs)
    if (nowMs < this.#intervalEndsMs) return
    const { intervalMs, successRate, failurePercentage } = this.#config
    const intervals = 1 + Math.floor((nowMs - this.#intervalEndsMs) / intervalMs)
    this.#intervalEndsMs += intervals * intervalMs
    const suspects = [...this.#suspects.values()]
    const judged = suspects.filter(suspect => !suspect.isOut)
    for (const suspect of judged) {
      if (!suspect.wasOut) suspect.multiplier = Math.max(0, suspect.multiplier - intervals)
      suspect.wasOut = false
    }
    const found = [
      ...(successRate === undefined ? [] : bySuccessRate(judged, successRate)),
      ...(failurePercentage === undefined ? [] : byFailurePercentage(judged, failurePercentage)),
    ]
    for (const { tally, reason } of found) this.detect(tally, reason)
    for (const suspect of suspects) suspect.clearTally()
  }

  detect(suspect: Suspect, reason: string): void {
    if (suspect.isOut) return
    let out = 1
    for (const other of this.#suspects.values()) if (other.isOut) out++
    if (100 * out > this.#config.maxEjectionPercent * this.#suspects.size) {
      this.overflows++
      return
    }
    this.ejections++
    const { baseEjectionMs, policy } = this.#config
    if (suspect.multiplier * baseEjectionMs < this.#longestMs) suspect.multiplier++
    suspect.ejectedAtMs = this.#clock()
    suspect.wasOut = true
    suspect.endpoint.mark('ejected', `${reason} (${policy})`)
  }

  get #longestMs(): number {
    return Math.max(MAX_EJECTION_MS, this.#config.baseEjectionMs)
  }

  #look(suspect: Suspect, nowMs: number): void {
    if (suspect.isOut) {
      suspect.wasOut = true
      suspect.clearRuns()
      if (suspect.ejectedAtMs === 0) return
      const outMs = Math.min(this.#config.baseEjectionMs * suspect.multiplier, this.#longestMs)
      if (nowMs < suspect.ejectedAtMs + outMs) return
      suspect.endpoint.clear('ejected')
    }
    suspect.ejectedAtMs = 0
  }
}

/** Nobody else would put it back, also where another worker has an endpoint of the same address now. */
function release(suspect: Suspect): void {
  suspect.endpoint.judge = null
  if (suspect.ejectedAtMs > 0) suspect.endpoint.clear('ejected')
}
