/**
 * When a call is made again (kuma-semantics 3.2), compiled when a snapshot is applied: which requests, after which answers
 * and failures, and after which pause.
 */
import type { HeaderMatch } from '#contract/matching/text-match.ts'
import type { Retry, RetryCondition } from '#contract/resilience/retry.ts'
import type { Omits } from '../../cluster/cluster.ts'
import type { ResponseHead } from '../../codec/http1/response-head.ts'
import type { ReasonCode } from '../../errors.ts'
import { type HeaderTest, headerTest } from '../routing/matchers.ts'
import { fieldOf, type RequestView } from '../routing/request-view.ts'

/** What comes after a failure without an answer: the conditions that take it for theirs. */
const AFTER_FAILURE: Partial<Record<ReasonCode, readonly RetryCondition[]>> = {
  'connection-refused': ['5xx', 'gateway-error', 'connect-failure'],
  'application-refused': ['5xx', 'gateway-error', 'connect-failure'],
  'connect-timeout': ['5xx', 'gateway-error', 'connect-failure'],
  unreachable: ['5xx', 'gateway-error', 'connect-failure'],
  'name-not-resolved': ['5xx', 'gateway-error', 'connect-failure'],
  'handshake-failed': ['5xx', 'gateway-error', 'connect-failure'],
  'connection-termination': ['5xx', 'gateway-error', 'reset'],
  'per-try-timeout': ['5xx', 'gateway-error'],
}

const GRPC_STATUSES: Partial<Record<RetryCondition, string>> = {
  cancelled: '1',
  'deadline-exceeded': '4',
  'resource-exhausted': '8',
  internal: '13',
  unavailable: '14',
}

/** Of a pause that an answer asks for: at random, so much longer at most. */
const JITTER = 0.5

export class RetryRules {
  readonly policy: string
  readonly retries: number
  /** Of one try; 0: no limit of its own. */
  readonly perTryMs: number
  /** Beside the endpoints that were tried. */
  readonly omits: Omit<Omits, 'endpoints'>
  readonly #on: ReadonlySet<RetryCondition>
  readonly #statuses: ReadonlySet<number>
  readonly #grpc: ReadonlySet<string>
  readonly #methods: ReadonlySet<string> | null
  readonly #requestHeaders: readonly HeaderTest[]
  readonly #responseHeaders: readonly HeaderTest[]
  readonly #backOff: Retry['backOff']
  readonly #rateLimited: Retry['rateLimited']

  constructor(config: Retry) {
    const { on, methods, omitsPrioritiesAfter = 0 } = config
    this.policy = config.policy
    this.retries = config.retries
    this.perTryMs = config.perTryMs ?? 0
    this.omits = { prioritiesAfter: omitsPrioritiesAfter, keys: new Set(config.omittedEndpoints) }
    this.#on = new Set(on)
    this.#statuses = new Set(config.statuses)
    this.#grpc = new Set(on.flatMap(condition => GRPC_STATUSES[condition] ?? []))
    this.#methods = methods === undefined ? null : new Set(methods)
    this.#requestHeaders = testsOf(config.requestHeaders)
    this.#responseHeaders = testsOf(config.responseHeaders)
    this.#backOff = config.backOff
    this.#rateLimited = config.rateLimited
  }

  /** Whether the request is one that may be made again. */
  covers(request: RequestView): boolean {
    if (this.#methods !== null && !this.#methods.has(request.method)) return false
    const tests = this.#requestHeaders
    return tests.length === 0 || tests.some(({ name, fits }) => fits(request.field(name)))
  }

  /** Whether the request has to be looked at. */
  get isPicky(): boolean {
    return this.#methods !== null || this.#requestHeaders.length > 0
  }

  /** `reason`: of the mesh, where another data plane has made the answer; ''. */
  wantsAfter(head: ResponseHead, reason: string): boolean {
    const { status } = head
    const on = this.#on
    if (status >= 500 && on.has('5xx')) return true
    if (status >= 502 && status <= 504 && on.has('gateway-error')) return true
    if (status === 409 && on.has('retriable-4xx')) return true
    if (this.#statuses.has(status)) return true
    if (reason === 'connection-termination' && on.has('reset')) return true
    if (reason === 'application-refused' && on.has('connect-failure')) return true
    if (on.has('rate-limited') && fieldOf(head, 'x-envoy-ratelimited') !== undefined) return true
    if (this.#grpc.size > 0 && this.#grpc.has(fieldOf(head, 'grpc-status') ?? '')) return true
    return this.#responseHeaders.some(({ name, fits }) => fits(fieldOf(head, name)))
  }

  /** `isUnprocessed`: the other side says that it has looked at nothing. */
  wantsAfterFailure(reason: ReasonCode, isUnprocessed: boolean): boolean {
    if (isUnprocessed && this.#on.has('refused-stream')) return true
    return (AFTER_FAILURE[reason] ?? []).some(condition => this.#on.has(condition))
  }

  /** In ms, random. `number`: of the try that is to come, from 1. `head`: of the answer; null: there was none. */
  pauseMs(number: number, head: ResponseHead | null): number {
    const asked = head === null ? -1 : this.#askedMs(head)
    if (asked >= 0) return asked * (1 + Math.random() * JITTER)
    const { baseMs, maxMs } = this.#backOff
    return Math.random() * Math.min(maxMs, baseMs * 2 ** (number - 1))
  }

  /** -1: nothing that can be followed. */
  #askedMs(head: ResponseHead): number {
    const { headers = [], maxMs = 0 } = this.#rateLimited ?? {}
    for (const { name, format } of headers) {
      const text = fieldOf(head, name)
      if (text === undefined || !/^\d{1,15}$/.test(text)) continue
      const ms = Number(text) * 1000 - (format === 'seconds' ? 0 : Date.now())
      return ms >= 0 && ms <= maxMs ? ms : -1
    }
    return -1
  }
}

function testsOf(matches: readonly HeaderMatch[] = []): readonly HeaderTest[] {
  return matches.map(headerTest)
}
