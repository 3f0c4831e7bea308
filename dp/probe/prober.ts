/**
 * Asks one application again and again: a probe, a pause, the next. The first finding decides; then it takes as many in a
 * row as the thresholds say.
 */
import { formatGoDuration } from '#base/duration.ts'
import { bad, Verdict, WELL } from '../cluster/health/verdict.ts'
import type { Asked } from './ask/asked.ts'
import { faultOf } from './ask/asked.ts'
import type { Ask } from './ask.ts'
import type { ProbeClock } from './clock.ts'

/** Letters of a reason: some are what other programs said. */
const MAX_FAULT = 500

export interface ProberOptions {
  readonly asked: Asked
  readonly ask: Ask
  readonly clock: ProbeClock
  /** After each probe. '': the application takes calls; else why not. */
  readonly onFinding: (fault: string) => void
}

export class Prober {
  readonly #options: ProberOptions
  readonly #verdict = new Verdict()
  /** One probe at a time, also where one takes longer than its time. */
  #isAsking = false
  #isStopped = false
  #interrupt: () => void = () => {}

  constructor(options: ProberOptions) {
    this.#options = options
  }

  start(): void {
    void this.#round()
  }

  stop(): void {
    this.#isStopped = true
    this.#interrupt()
  }

  async #round(): Promise<void> {
    const { asked, clock, onFinding } = this.#options
    const fault = this.#isAsking ? 'the probe before has not ended' : await this.#once()
    if (this.#isStopped) return
    const verdict = this.#verdict
    verdict.take(fault === '' ? WELL : bad(fault), asked.probe)
    onFinding(verdict.isHealthy ? '' : verdict.fault)
    this.#interrupt = clock.after(asked.probe.intervalMs, () => void this.#round())
  }

  /** Settles when the time is up, whatever becomes of the probe. */
  #once(): Promise<string> {
    const { asked, ask, clock } = this.#options
    const { timeoutMs } = asked.probe
    const given = new AbortController()
    return new Promise(resolve => {
      const end = (fault: string): void => {
        cancel()
        resolve(fault)
        given.abort()
      }
      const late = `no answer within ${formatGoDuration(BigInt(timeoutMs) * 1_000_000n)}`
      const cancel = clock.after(timeoutMs, () => end(late))
      this.#interrupt = () => end('stopped')
      this.#isAsking = true
      ask(asked, given.signal)
        .catch(faultOf)
        .then(fault => {
          this.#isAsking = false
          end(fault.slice(0, MAX_FAULT))
        })
    })
  }
}
