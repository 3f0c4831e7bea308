/**
 * Faults and rate limits of an inbound, compiled when a snapshot is applied; what is for a client is chosen with its
 * connection. Faults come first, in their order, then the limit (kuma-semantics 3.0).
 */
import type { ClientMatch } from '#contract/client-match.ts'
import type { Fault } from '#contract/resilience/fault.ts'
import type { RateLimit } from '#contract/resilience/rate-limit.ts'
import type { FilterCounters, Filters, Refusal, Terms } from './terms.ts'
import { BUCKET_CELLS, TokenBucket } from './token-bucket.ts'

interface Limit {
  readonly clients: ClientMatch | undefined
  /** null: no limit for these clients. */
  readonly bucket: TokenBucket | null
  readonly refusal: Refusal
}

type Cells = (name: string, count: number) => Int32Array

const NO_CHANGE = { set: [], add: [] }
/** Envoy answers with it where a policy asks for a status that says that all is well. */
const TOO_MANY = 429

export class InboundFilters {
  readonly #faults: readonly Fault[]
  readonly #limits: readonly Limit[]

  /** `cells`: named for this inbound. */
  constructor(faults: readonly Fault[] = [], limits: readonly RateLimit[] = [], cells: Cells) {
    this.#faults = faults
    this.#limits = limits.map(limit => limitOf(limit, cells))
  }

  /** null: nothing is for the client. */
  of(fits: (match: ClientMatch) => boolean): Filters | null {
    const faults = this.#faults.filter(({ clients }) => clients === undefined || fits(clients))
    const limit = this.#limits.find(({ clients }) => clients === undefined || fits(clients)) ?? null
    return faults.length === 0 && (limit === null || limit.bucket === null)
      ? null
      : new ClientFilters(faults, limit)
  }
}

/** The same policy with the same numbers for the same clients has the same bucket. */
function limitOf(
  { policy, clients, requests, intervalMs, status, set, add }: RateLimit,
  cells: Cells,
): Limit {
  const name = `limit ${policy} ${requests}/${intervalMs} ${JSON.stringify(clients ?? null)}`
  return {
    clients,
    bucket: requests === null ? null : new TokenBucket(requests, intervalMs, cells(name, BUCKET_CELLS)),
    refusal: {
      reason: 'rate-limited',
      policy,
      form: { status: status < 400 ? TOO_MANY : status, set, add },
    },
  }
}

class ClientFilters implements Filters, Terms {
  holdMs = 0
  refusal: Refusal | null = null
  bytesPerSecond = 0
  readonly #faults: readonly Fault[]
  readonly #limit: Limit | null

  constructor(faults: readonly Fault[], limit: Limit | null) {
    this.#faults = faults
    this.#limit = limit
  }

  termsFor(counters: FilterCounters): Terms | null {
    this.holdMs = 0
    this.refusal = null
    this.bytesPerSecond = 0
    for (const fault of this.#faults) this.#strike(fault, counters)
    if (this.refusal === null && this.#limit?.bucket?.take() === false) {
      counters.limited++
      this.refusal = this.#limit.refusal
    }
    return this.holdMs === 0 && this.refusal === null && this.bytesPerSecond === 0 ? null : this
  }

  /** What comes behind an abort does not happen. */
  #strike({ policy, abort, delay, bandwidth }: Fault, counters: FilterCounters): void {
    if (this.refusal !== null) return
    if (delay !== undefined && isHit(delay.percentage)) {
      counters.delayed++
      this.holdMs += delay.ms
    }
    if (abort !== undefined && isHit(abort.percentage)) {
      counters.aborted++
      this.refusal = { reason: 'fault-abort', policy, form: { status: abort.status, ...NO_CHANGE } }
      return
    }
    if (bandwidth === undefined || !isHit(bandwidth.percentage)) return
    counters.throttled++
    const { bytesPerSecond } = bandwidth
    this.bytesPerSecond =
      this.bytesPerSecond === 0 ? bytesPerSecond : Math.min(this.bytesPerSecond, bytesPerSecond)
  }
}

function isHit(percentage: number): boolean {
  return Math.random() * 100 < percentage
}
