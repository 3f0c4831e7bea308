/** What a listener gives to its HTTP connections; the same object for all of them, changed by snapshots. */
import type { Cluster } from '../cluster/cluster.ts'
import type { Deadlines, Sweepable } from '../codec/deadlines.ts'
import type { Limits } from '../codec/limits.ts'
import type { Load } from '../codec/load.ts'
import type { ReasonCode } from '../errors.ts'
import type { FilterCounters, Filters } from './filters/terms.ts'
import type { CallRules } from './resilience/call-rules.ts'
import type { RouteTable } from './routing/route-table.ts'

export interface HttpRole {
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly load: Load
  readonly counters: HttpCounters
  /** Where the next request goes that no route says more about. */
  readonly cluster: Cluster
  /** null: every request goes to the cluster as it is. */
  readonly routes: RouteTable | null
  /** The cluster is the local application. */
  readonly isLastHop: boolean
  /** How its calls are timed and made again, where no route says otherwise. */
  readonly rules: CallRules
  /** The listener is going away: connections end after the exchange that runs. */
  readonly isRetiring: boolean
  /** The client of `from` speaks HTTP/2, which `to` does: it takes its place. */
  replaced(from: LiveConnection, to: LiveConnection): void
  /** The connection is closed. */
  closed(connection: LiveConnection): void
}

export interface HttpCounters extends FilterCounters {
  requests: number
  denied: number
  shadowDenied: number
  /** Copies of requests that a mirror did not get, or not whole. */
  mirrorsLost: number
  /** Copies that are on their way. */
  copies: number
  /** Calls that were made again; that had been made often enough; that were not, since too many were. */
  retries: number
  retriesExhausted: number
  retriesOverflow: number
  /** A call was refused or failed for that reason. `policy`: that decided, `KIND/POLICY`; ''. */
  fail(reason: ReasonCode, policy?: string): void
}

/** What is known of the client before its first request. */
export interface Caller {
  /** Field lines added to each request, each with CRLF: who the client is. */
  readonly addedFields: string
  /** Why every request is refused; ''. */
  readonly denial: ReasonCode | ''
  /** `KIND/POLICY` that denies; ''. */
  readonly policy: string
  /** Requests pass, and count as ones that would be denied. */
  readonly isShadowDenied: boolean
  /** null: requests are taken as they come. */
  readonly filters: Filters | null
  /** How its calls are timed; null: as those of all. */
  readonly rules: CallRules | null
}

/** Why a request is refused before it is looked at any further, or '': the load has let it in. Counts it either way. */
export function refusalOf({ counters, load, deadlines }: HttpRole, caller: Caller): ReasonCode | '' {
  if (caller.denial !== '') {
    counters.denied++
    return caller.denial
  }
  if (caller.isShadowDenied) counters.shadowDenied++
  return load.enterCall(deadlines.nowMs) ? '' : 'overload'
}

/** What a listener can tell a connection that it has accepted. */
export interface LiveConnection extends Sweepable {
  /** Ends as soon as nothing runs on it. */
  retire(): void
  /** Ends now. `policy`: that decided, `KIND/POLICY`; ''. */
  end(reason: ReasonCode, policy?: string): void
  /** The client's rights have changed. */
  reconsider(caller: Caller): void
}
