/** What a listener counts, as plain numbers. Kept while the listener's address stays, whatever else changes. */

import type { ReasonCode } from '../errors.ts'
import type { HttpCounters } from '../http/role.ts'

export class ListenerCounters implements HttpCounters {
  /** Connections accepted so far. */
  accepted = 0
  requests = 0
  denied = 0
  shadowDenied = 0
  mirrorsLost = 0
  copies = 0
  retries = 0
  retriesExhausted = 0
  retriesOverflow = 0
  limited = 0
  delayed = 0
  aborted = 0
  throttled = 0
  /** Bytes of the application's protocol, of connections that are closed. */
  bytesIn = 0
  bytesOut = 0
  readonly #failures = new Map<ReasonCode, number>()
  readonly #onFailure: (reason: ReasonCode, policy: string) => void

  /** `onFailure`: told of each call that is refused or fails. */
  constructor(onFailure: (reason: ReasonCode, policy: string) => void = () => {}) {
    this.#onFailure = onFailure
  }

  fail(reason: ReasonCode, policy = ''): void {
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1)
    this.#onFailure(reason, policy)
  }

  /** Refused and failed calls are named `errors.REASON`. */
  toRecord(): Record<string, number> {
    const { accepted, requests, denied, shadowDenied, bytesIn, bytesOut } = this
    const record: Record<string, number> = { accepted, requests, denied, shadowDenied, bytesIn, bytesOut }
    for (const name of RARE) if (this[name] > 0) record[name] = this[name]
    for (const [reason, count] of this.#failures) record[`errors.${reason}`] = count
    return record
  }
}

/** Told only where they have counted. */
const RARE = [
  'mirrorsLost',
  'retries',
  'retriesExhausted',
  'retriesOverflow',
  'limited',
  'delayed',
  'aborted',
  'throttled',
] as const
