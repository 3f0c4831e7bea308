/** The sections of a MeshRetry as the contract has them, with the defaults that Kuma 2.14 acts by (semantics 3.2). */
import type { Retry, RetryCondition } from '#contract/resilience/retry.ts'
import type { GrpcRetry, HttpRetry, RateLimitedBackOff } from '../../kinds/resilience/retry-schema.ts'
import { headerOf } from '../routing/http-match.ts'
import { msOf } from './milliseconds.ts'

const HTTP_CONDITIONS: Readonly<Record<string, RetryCondition>> = {
  '5xx': '5xx',
  GatewayError: 'gateway-error',
  Reset: 'reset',
  Retriable4xx: 'retriable-4xx',
  ConnectFailure: 'connect-failure',
  EnvoyRatelimited: 'rate-limited',
  RefusedStream: 'refused-stream',
  // there is no HTTP/3 between data planes
  Http3PostConnectFailure: 'connect-failure',
}

const GRPC_CONDITIONS: Readonly<Record<string, RetryCondition>> = {
  Canceled: 'cancelled',
  DeadlineExceeded: 'deadline-exceeded',
  Internal: 'internal',
  ResourceExhausted: 'resource-exhausted',
  Unavailable: 'unavailable',
}

export const HTTP_DEFAULTS: readonly RetryCondition[] = ['gateway-error', 'connect-failure', 'refused-stream']

export const GRPC_DEFAULTS: readonly RetryCondition[] = [
  'cancelled',
  'connect-failure',
  'gateway-error',
  'refused-stream',
  'reset',
  'resource-exhausted',
  'unavailable',
]

/** `policy`: `KIND/POLICY`. */
export function httpRetry(http: HttpRetry, policy: string): Retry {
  const {
    retryOn = [],
    retriableRequestHeaders = [],
    retriableResponseHeaders = [],
    hostSelection = [],
  } = http
  // statuses and methods alone leave the conditions as they are
  const conditions = retryOn.flatMap(item => HTTP_CONDITIONS[item] ?? [])
  const statuses = retryOn.filter(item => /^\d+$/.test(item)).map(Number)
  const methods = retryOn
    .filter(item => item.startsWith('HttpMethod'))
    .map(item => item.slice('HttpMethod'.length).toUpperCase())
  const priorities = hostSelection.find(({ predicate }) => predicate === 'OmitPreviousPriorities')
  return retryOf(http, policy, conditions.length > 0 ? conditions : HTTP_DEFAULTS, {
    ...(statuses.length > 0 && { statuses }),
    ...(methods.length > 0 && { methods }),
    ...(retriableRequestHeaders.length > 0 && { requestHeaders: retriableRequestHeaders.map(headerOf) }),
    ...(retriableResponseHeaders.length > 0 && { responseHeaders: retriableResponseHeaders.map(headerOf) }),
    ...(priorities !== undefined && { omitsPrioritiesAfter: priorities.updateFrequency }),
  })
}

export function grpcRetry(grpc: GrpcRetry, policy: string): Retry {
  const conditions = (grpc.retryOn ?? []).flatMap(item => GRPC_CONDITIONS[item] ?? [])
  return retryOf(grpc, policy, conditions.length > 0 ? conditions : GRPC_DEFAULTS, {})
}

/** What all sections of all dialects have. */
interface Shared {
  readonly numRetries?: number | undefined
  readonly perTryTimeout?: string | undefined
  readonly backOff?:
    | { readonly baseInterval?: string | undefined; readonly maxInterval?: string | undefined }
    | undefined
  readonly rateLimitedBackOff?: RateLimitedBackOff | undefined
}

const FORMATS = { Seconds: 'seconds', UnixTimestamp: 'unix-timestamp' } as const

export function retryOf(
  { numRetries = 1, perTryTimeout, backOff = {}, rateLimitedBackOff }: Shared,
  policy: string,
  on: readonly RetryCondition[],
  more: Partial<Retry>,
): Retry {
  const baseMs = msOf(backOff.baseInterval) || 25
  const maxMs = Math.max(baseMs, msOf(backOff.maxInterval) || baseMs * 10)
  const perTryMs = msOf(perTryTimeout)
  const headers = rateLimitedBackOff?.resetHeaders ?? []
  return {
    policy,
    on,
    ...more,
    retries: numRetries,
    ...(perTryMs > 0 && { perTryMs }),
    backOff: { baseMs, maxMs },
    ...(headers.length > 0 && {
      rateLimited: {
        headers: headers.map(({ name, format }) => ({ name, format: FORMATS[format] })),
        maxMs: msOf(rateLimitedBackOff?.maxInterval) || 300_000,
      },
    }),
  }
}
