/** When a call is made again, how often and after which pause. */
import { type HeaderMatch, readHeaderMatch } from '../matching/text-match.ts'
import type { Reader } from '../reader.ts'
import { readMs } from './timeouts.ts'

/**
 * `5xx`: any such answer, none, or a reset. `gateway-error`: 502, 503, 504. `reset`: the connection broke before the head of
 * the answer. `connect-failure`: no connection. `refused-stream`: the other side has looked at nothing of it.
 * `retriable-4xx`: 409. `rate-limited`: `x-envoy-ratelimited` is in the answer. The others are statuses of gRPC.
 */
export const RETRY_CONDITIONS = [
  '5xx',
  'gateway-error',
  'reset',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
  'rate-limited',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const

const MAX_COUNT = 4_294_967_295

export type RetryCondition = (typeof RETRY_CONDITIONS)[number]

export interface Retry {
  /** `KIND/POLICY`. */
  readonly policy: string
  /** Any of them. */
  readonly on: readonly RetryCondition[]
  /** Answers with these are tried again too. */
  readonly statuses?: readonly number[]
  /** Answers with one of these header fields are tried again too. */
  readonly responseHeaders?: readonly HeaderMatch[]
  /** Only these methods; absent: all. */
  readonly methods?: readonly string[]
  /** Only requests with one of these header fields; absent: all. */
  readonly requestHeaders?: readonly HeaderMatch[]
  /** After the first try; 0: none, whatever is said elsewhere. */
  readonly retries: number
  /** Of one try; absent: no limit of its own. */
  readonly perTryMs?: number
  /** The pause is random, from 0 to `baseMs` doubled with each try, at most `maxMs`. */
  readonly backOff: { readonly baseMs: number; readonly maxMs: number }
  /** The pause that the answer asks for, if it is at most `maxMs`; the first header that can be read. */
  readonly rateLimited?: {
    readonly headers: readonly { readonly name: string; readonly format: 'seconds' | 'unix-timestamp' }[]
    readonly maxMs: number
  }
  /**
   * A retry leaves those endpoints out that were tried, where there are others; after so many of them, each time, their
   * whole priorities. Absent: never those.
   */
  readonly omitsPrioritiesAfter?: number
  /** Keys of endpoints (`ADDRESS PORT`) that a retry leaves out where there are others. */
  readonly omittedEndpoints?: readonly string[]
}

export function readRetry(reader: Reader): Retry {
  const backOff = reader.object('backOff')
  const rateLimited = reader.nullable('rateLimited')
  return {
    policy: reader.text('policy'),
    on: reader.listOf('on', RETRY_CONDITIONS),
    ...(reader.has('statuses') && { statuses: reader.integers('statuses', 100, 599) }),
    ...(reader.has('responseHeaders') && {
      responseHeaders: reader.list('responseHeaders').map(readHeaderMatch),
    }),
    ...(reader.has('methods') && { methods: reader.texts('methods') }),
    ...(reader.has('requestHeaders') && {
      requestHeaders: reader.list('requestHeaders').map(readHeaderMatch),
    }),
    retries: reader.integer('retries', 0, MAX_COUNT),
    ...(reader.has('perTryMs') && { perTryMs: readMs(reader, 'perTryMs') }),
    backOff: { baseMs: readMs(backOff, 'baseMs', 1), maxMs: readMs(backOff, 'maxMs', 1) },
    ...(rateLimited && {
      rateLimited: {
        headers: rateLimited.list('headers').map(one => ({
          name: one.text('name'),
          format: one.oneOf('format', ['seconds', 'unix-timestamp'] as const),
        })),
        maxMs: readMs(rateLimited, 'maxMs', 1),
      },
    }),
    ...(reader.has('omitsPrioritiesAfter') && {
      omitsPrioritiesAfter: reader.integer('omitsPrioritiesAfter', 1, MAX_COUNT),
    }),
    ...(reader.has('omittedEndpoints') && { omittedEndpoints: reader.texts('omittedEndpoints') }),
  }
}
