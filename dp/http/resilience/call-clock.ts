/** The times of one call, of one call after the other: of the request, of its stream, of the try that runs. */
import { Alarm, setAlarm } from '../../codec/alarms.ts'
import type { ReasonCode } from '../../errors.ts'
import type { CallRules } from './call-rules.ts'

export interface Timed {
  /** That time is up. */
  expired(reason: ReasonCode): void
}

export class CallClock {
  readonly #request: Alarm
  readonly #stream: Alarm
  readonly #try: Alarm
  #requestMs = 0
  #perTryMs = 0

  constructor(call: Timed) {
    this.#request = new Alarm(() => call.expired('request-timeout'))
    this.#stream = new Alarm(() => call.expired('max-stream-duration'))
    this.#try = new Alarm(() => call.expired('per-try-timeout'))
  }

  begin({ requestMs, maxStreamMs }: CallRules, perTryMs: number): void {
    this.#requestMs = requestMs
    this.#perTryMs = perTryMs
    if (maxStreamMs > 0) setAlarm(this.#stream, maxStreamMs)
  }

  /** All of the request is here. */
  requestDone(): void {
    if (this.#requestMs > 0) setAlarm(this.#request, this.#requestMs)
  }

  /** A try begins. */
  tries(): void {
    if (this.#perTryMs > 0) setAlarm(this.#try, this.#perTryMs)
  }

  /** The try has got its answer, or is given up. */
  tried(): void {
    this.#try.clear()
  }

  /** The call is over. */
  end(): void {
    this.#request.clear()
    this.#stream.clear()
    this.#try.clear()
  }
}
