/** How calls of a listener or route are timed and made again, compiled when a snapshot is applied. */
import type { ListenerTimeouts } from '#contract/listener.ts'
import type { Retry } from '#contract/resilience/retry.ts'
import { SWEEP_MS } from '../../codec/deadlines.ts'
import type { Limits } from '../../codec/limits.ts'
import { RetryRules } from './retry-rules.ts'

export interface CallRules {
  /** Any of the limits in milliseconds is there. */
  readonly isTimed: boolean
  /** From the last byte of the request; 0: no limit. */
  readonly requestMs: number
  /** From the head of the request; 0: no limit. */
  readonly maxStreamMs: number
  /** Without a byte, to be added to a time that is a sweep old; Infinity: no limit. */
  readonly idleMs: number
  /** From the first byte of the head of a request of HTTP/1.1 to its last. */
  readonly headMs: number
  /** Of a TCP connection, as `idleMs`. */
  readonly tcpIdleMs: number
  /** `KIND/POLICY` that times calls; ''. */
  readonly policy: string
  /** null: calls are made once. */
  readonly retry: RetryRules | null
}

/** `others`: of the listener, for what a route does not say. */
export function callRules(
  { timeouts, retry }: { readonly timeouts?: ListenerTimeouts; readonly retry?: Retry },
  limits: Limits,
  others: CallRules | null = null,
): CallRules {
  const times = timeouts === undefined && others !== null ? others : timesOf(timeouts, limits)
  const retries = retry === undefined ? (others?.retry ?? null) : rulesOf(retry)
  const perTryMs = retries === null ? 0 : retries.perTryMs
  return {
    ...times,
    isTimed: times.requestMs > 0 || times.maxStreamMs > 0 || perTryMs > 0,
    retry: retries,
  }
}

function timesOf(
  timeouts: ListenerTimeouts | undefined,
  limits: Limits,
): Omit<CallRules, 'isTimed' | 'retry'> {
  const { requestMs = 0, maxStreamMs = 0, streamIdleMs, headersMs, tcpIdleMs, policy = '' } = timeouts ?? {}
  return {
    requestMs,
    maxStreamMs,
    idleMs: idleMs(streamIdleMs, limits.streamIdleMs),
    headMs: headersMs || limits.headTimeoutMs,
    tcpIdleMs: idleMs(tcpIdleMs, limits.tcpIdleMs),
    policy,
  }
}

function rulesOf(retry: Retry): RetryRules | null {
  return retry.retries === 0 ? null : new RetryRules(retry)
}

/** What is swept for late would otherwise come early. */
function idleMs(configuredMs: number | undefined, otherwiseMs: number): number {
  if (configuredMs === undefined) return otherwiseMs
  return configuredMs === 0 ? Number.POSITIVE_INFINITY : configuredMs + SWEEP_MS
}
