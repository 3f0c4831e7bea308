/**
 * What came of the calls to one endpoint: failures in a row, and in this interval how many calls went well. Without split
 * errors a call that did not get through counts as an answer 503 (kuma-semantics 3.3).
 */
import type { OutlierDetection } from '#contract/resilience/breaker.ts'
import type { ReasonCode } from '../../errors.ts'
import type { Endpoint, Judge } from '../endpoint.ts'
import { isOwnFault } from '../failure.ts'
import type { Tally } from './shares.ts'

/** An Endpoint, as far as it is judged. */
export type Accused = Pick<Endpoint, 'isMarked' | 'mark' | 'clear' | 'judge'>

export interface Detection {
  readonly config: OutlierDetection
  /** There were enough failures in a row; `reason`: in words. */
  detect(suspect: Suspect, reason: string): void
}

export class Suspect implements Judge, Tally {
  readonly endpoint: Accused
  calls = 0
  successes = 0
  /** Times the base time it is out; grows each time it is taken out, falls with each interval in use. */
  multiplier = 0
  /** When this worker took it out; 0: it did not, or it is back. */
  ejectedAtMs = 0
  /** At some time in this interval. */
  wasOut = false
  readonly #detection: Detection
  #run5xx = 0
  #runGateway = 0
  #runLocal = 0

  constructor(endpoint: Accused, detection: Detection) {
    this.endpoint = endpoint
    this.#detection = detection
  }

  get isOut(): boolean {
    return this.endpoint.isMarked('ejected')
  }

  answered(status: number): void {
    this.calls++
    this.#runLocal = 0
    if (status >= 500) return this.#fail(status >= 502 && status <= 504)
    this.successes++
    this.#run5xx = 0
    this.#runGateway = 0
  }

  failed(reason: ReasonCode): void {
    if (isOwnFault(reason) || NOT_ITS_FAULT.has(reason)) return
    if (!this.#detection.config.splitsErrors) {
      this.calls++
      return this.#fail(true)
    }
    // Calls that were under way when it was taken out say nothing new.
    if (this.isOut) return
    const { consecutiveLocal } = this.#detection.config
    if (++this.#runLocal < (consecutiveLocal ?? Number.POSITIVE_INFINITY)) return
    this.#runLocal = 0
    this.#detection.detect(this, `${consecutiveLocal} calls in a row did not get through`)
  }

  /** Of a new interval. */
  clearTally(): void {
    this.calls = 0
    this.successes = 0
  }

  /** What was before it was taken out is forgotten. */
  clearRuns(): void {
    this.#run5xx = 0
    this.#runGateway = 0
    this.#runLocal = 0
  }

  #fail(isGateway: boolean): void {
    if (this.isOut) return
    const { consecutive5xx, consecutiveGateway } = this.#detection.config
    this.#run5xx++
    this.#runGateway = isGateway ? this.#runGateway + 1 : 0
    if (this.#runGateway >= (consecutiveGateway ?? Number.POSITIVE_INFINITY)) {
      this.#runGateway = 0
      this.#detection.detect(this, `${consecutiveGateway} gateway errors in a row`)
    }
    if (this.#run5xx >= (consecutive5xx ?? Number.POSITIVE_INFINITY)) {
      this.#run5xx = 0
      this.#detection.detect(this, `${consecutive5xx} failures in a row`)
    }
  }
}

/** Refused on this side. */
const NOT_ITS_FAULT: ReadonlySet<ReasonCode> = new Set(['overflow', 'no-healthy-endpoint', 'policy-change'])
