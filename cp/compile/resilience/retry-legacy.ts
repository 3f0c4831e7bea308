/** The sections of a legacy Retry as the contract has them (semantics 3.2). */
import type { Retry, RetryCondition } from '#contract/resilience/retry.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { RetrySpec } from '../../kinds/legacy/retry.ts'
import { GRPC_DEFAULTS, HTTP_DEFAULTS, retryOf } from './retry-sections.ts'

type Conf = NonNullable<RetrySpec['conf']>

const HTTP_CONDITIONS: Readonly<Record<string, RetryCondition>> = {
  all_5xx: '5xx',
  gateway_error: 'gateway-error',
  reset: 'reset',
  connect_failure: 'connect-failure',
  envoy_ratelimited: 'rate-limited',
  retriable_4xx: 'retriable-4xx',
  refused_stream: 'refused-stream',
  http3_post_connect_failure: 'connect-failure',
}

const GRPC_CONDITIONS: Readonly<Record<string, RetryCondition>> = {
  cancelled: 'cancelled',
  deadline_exceeded: 'deadline-exceeded',
  internal: 'internal',
  resource_exhausted: 'resource-exhausted',
  unavailable: 'unavailable',
}

/** null: nothing is said. */
export function legacyHttpRetry(policy: Resource): Retry | null {
  const { http } = confOf(policy)
  if (http === undefined) return null
  const { retryOn = [], retriableStatusCodes = [], retriableMethods = [] } = http
  const conditions = retryOn.flatMap(item => HTTP_CONDITIONS[item] ?? [])
  return retryOf(http, nameOf(policy), conditions.length > 0 ? conditions : HTTP_DEFAULTS, {
    ...(retriableStatusCodes.length > 0 && { statuses: retriableStatusCodes }),
    ...(retriableMethods.length > 0 && { methods: retriableMethods }),
  })
}

export function legacyGrpcRetry(policy: Resource): Retry | null {
  const { grpc } = confOf(policy)
  if (grpc === undefined) return null
  const conditions = (grpc.retryOn ?? []).flatMap(item => GRPC_CONDITIONS[item] ?? [])
  return retryOf(grpc, nameOf(policy), conditions.length > 0 ? conditions : GRPC_DEFAULTS, {})
}

/** Attempts in all; undefined: nothing is said. */
export function legacyTcpRetry(policy: Resource): number | undefined {
  return confOf(policy).tcp?.maxConnectAttempts
}

function confOf({ spec }: Resource): Conf {
  return (spec as RetrySpec).conf ?? {}
}

function nameOf({ name }: Resource): string {
  return `Retry/${name}`
}
