/** Insights of proxies and zones → what kumactl's tables say of them: connection, counters, certificate, versions. */
import { age, at, list, text } from '../output.ts'

/** Columns of every proxy and zone: STATUS and what follows up to TOTAL ERRORS. */
export const SUBSCRIPTION_TITLES = [
  'STATUS',
  'LAST CONNECTED AGO',
  'LAST UPDATED AGO',
  'TOTAL UPDATES',
  'TOTAL ERRORS',
]

export function subscriptionCells(insight: unknown, status: string, nowMs: number): readonly string[] {
  const last = lastSubscription(insight)
  return [
    status,
    ago(at(last, 'connectTime'), nowMs),
    ago(at(last, 'status', 'lastUpdateTime'), nowMs),
    String(sum(insight, 'responsesSent')),
    String(sum(insight, 'responsesRejected')),
  ]
}

export function lastSubscription(insight: unknown): unknown {
  return list(at(insight, 'subscriptions')).at(-1)
}

/** Its last subscription has not ended. */
export function isOnline(insight: unknown): boolean {
  const last = lastSubscription(insight)
  return isTime(at(last, 'connectTime')) && !isTime(at(last, 'disconnectTime'))
}

export function statusWord(isUp: boolean): string {
  return isUp ? 'Online' : 'Offline'
}

/** `3m`, or `never`. */
export function ago(time: unknown, nowMs: number): string {
  return isTime(time) ? age(time, nowMs) : 'never'
}

/** Of the program named, in the last subscription. */
export function versionOf(insight: unknown, program: 'kumaDp' | 'envoy' | 'kumaCp'): string {
  return text(at(lastSubscription(insight), 'version', program, 'version'))
}

/** Zero times are written as the year 1. */
export function isTime(time: unknown): boolean {
  return Date.parse(text(time)) > 0
}

/** 64-bit counters are texts. */
function sum(insight: unknown, counter: string): number {
  return list(at(insight, 'subscriptions')).reduce<number>(
    (total, one) => total + Number(at(one, 'status', 'total', counter) ?? 0),
    0,
  )
}
