/** On which terms an inbound takes a request: at once, later, not at all, or with its response held back. */
import type { AnswerForm, ReasonCode } from '../../errors.ts'

export interface Terms {
  /** How long the request waits before it goes on, or is refused. */
  readonly holdMs: number
  /** null: it goes on. */
  readonly refusal: Refusal | null
  /** Of the response; 0: as fast as it comes. */
  readonly bytesPerSecond: number
}

export interface Refusal {
  readonly reason: ReasonCode
  /** `KIND/POLICY`. */
  readonly policy: string
  readonly form: AnswerForm
}

/** Asked for each request of the clients that it is for. */
export interface Filters {
  /** null: it goes on as if there were none. The answer is valid until the next question. */
  termsFor(counters: FilterCounters): Terms | null
}

export interface FilterCounters {
  limited: number
  delayed: number
  aborted: number
  throttled: number
}
