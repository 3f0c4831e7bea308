/**
 * What is told of one application. That it takes no calls is told at once; that it does again is told only so often, since
 * each time all its callers get new endpoints.
 */
import type { InboundReadiness } from '#contract/resilience/service-probe.ts'
import type { ProbeClock } from './clock.ts'

/** At once; then one a pause. */
const RECOVERIES = { atOnce: 3, pauseMs: 20_000 }
/** They are told to the control plane alone. */
const REASONS = { atOnce: 10, pauseMs: 5_000 }

export class Damper {
  readonly #clock: ProbeClock
  readonly #onTold: () => void
  readonly #recoveries = new Allowance(RECOVERIES)
  /** Reasons may change with every probe. */
  readonly #reasons = new Allowance(REASONS)
  #told: InboundReadiness | null = null
  #fault = ''
  #lastFault = ''
  /** Well again, and not told yet. */
  #wait: (() => void) | null = null

  constructor(clock: ProbeClock, onTold: () => void) {
    this.#clock = clock
    this.#onTold = onTold
  }

  /** null: nothing is known yet. */
  get told(): InboundReadiness | null {
    return this.#told
  }

  /** '': it takes calls; else why not. */
  take(fault: string): void {
    this.#fault = fault
    if (fault !== '') this.#lastFault = fault
    // what it is when the wait is over decides
    if (this.#wait !== null) return
    const told = this.#told
    if (told === null || (told.isReady && fault !== '')) return this.#tell(fault)
    if (told.isReady || fault === told.reason) return
    const nowMs = this.#clock.now()
    if (fault !== '') {
      if (this.#reasons.takeOrWaitMs(nowMs) === 0) this.#tell(fault)
      return
    }
    const waitMs = this.#recoveries.takeOrWaitMs(nowMs)
    if (waitMs === 0) return this.#tell('')
    this.#waitFor(waitMs)
    const often = `told as ready at most every ${RECOVERIES.pauseMs / 1000} s`
    this.#tell(`flaps: well again, but ${often}; before: ${this.#lastFault}`)
  }

  stop(): void {
    this.#wait?.()
  }

  #waitFor(ms: number): void {
    this.#wait = this.#clock.after(ms, () => {
      this.#wait = null
      this.take(this.#fault)
    })
  }

  #tell(reason: string): void {
    const isReady = reason === ''
    const before = this.#told
    if (before?.reason === reason) return
    const sinceMs = before?.isReady === isReady ? before.sinceMs : this.#clock.now()
    this.#told = { isReady, reason, sinceMs }
    this.#onTold()
  }
}

/** Fills smoothly, as the token buckets of rate limits do. */
class Allowance {
  readonly #atOnce: number
  readonly #pauseMs: number
  #fullAtMs = 0

  constructor({ atOnce, pauseMs }: { readonly atOnce: number; readonly pauseMs: number }) {
    this.#atOnce = atOnce
    this.#pauseMs = pauseMs
  }

  /** 0: it may be; else in how many ms it may. */
  takeOrWaitMs(nowMs: number): number {
    const mostMs = this.#atOnce * this.#pauseMs
    // the clock may have been set back
    this.#fullAtMs = Math.min(Math.max(this.#fullAtMs, nowMs), nowMs + mostMs)
    const waitMs = Math.max(0, this.#fullAtMs + this.#pauseMs - nowMs - mostMs)
    if (waitMs === 0) this.#fullAtMs += this.#pauseMs
    return waitMs
  }
}
