/**
 * What is under way to a cluster at this moment, over all workers: requests, those that wait for a connection, and those
 * that are made again; and how much of each may be (kuma-semantics 3.3).
 */
import type { CallLimits } from '#contract/resilience/breaker.ts'

const REQUESTS = 0
const PENDING = 1
const RETRIES = 2
const CONNECTIONS = 3
/** Cells that it takes. */
export const CALL_CELLS = 4

/** Envoy's. */
const MAX_RETRIES = 3

export class CallCounts {
  #limits: CallLimits | undefined
  readonly #cells: Int32Array
  /** What this worker did not let in; calls that were not made again do not count. */
  refusals = 0

  /** `cells`: CALL_CELLS of them, shared by the workers. */
  constructor(limits: CallLimits | undefined, cells: Int32Array) {
    this.#limits = limits
    this.#cells = cells
  }

  /** `KIND/POLICY` that says how much may be; ''. */
  get policy(): string {
    return this.#limits?.policy ?? ''
  }

  /** What runs goes on. */
  configure(limits: CallLimits | undefined): void {
    this.#limits = limits
  }

  /** False: one more is too many. True: counted until the counterpart is called; so are the others. */
  enterRequest(): boolean {
    return this.#admit(REQUESTS, this.#limits?.maxRequests)
  }

  leaveRequest(): void {
    Atomics.sub(this.#cells, REQUESTS, 1)
  }

  /** A call that waits for a connection, of HTTP or TCP. */
  enterPending(): boolean {
    return this.#admit(PENDING, this.#limits?.maxPending)
  }

  leavePending(): void {
    Atomics.sub(this.#cells, PENDING, 1)
  }

  enterRetry(): boolean {
    return this.#enter(RETRIES, this.#limits?.maxRetries ?? MAX_RETRIES)
  }

  leaveRetry(): void {
    Atomics.sub(this.#cells, RETRIES, 1)
  }

  /** Of TCP. */
  enterConnection(): boolean {
    return this.#admit(CONNECTIONS, this.#limits?.maxConnections)
  }

  leaveConnection(): void {
    Atomics.sub(this.#cells, CONNECTIONS, 1)
  }

  #admit(what: number, most: number | undefined): boolean {
    const isIn = this.#enter(what, most)
    if (!isIn) this.refusals++
    return isIn
  }

  #enter(what: number, most = Number.POSITIVE_INFINITY): boolean {
    if (Atomics.add(this.#cells, what, 1) < most) return true
    Atomics.sub(this.#cells, what, 1)
    return false
  }
}
