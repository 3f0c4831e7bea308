/**
 * What happens with the calls of an outbound. The control plane has merged all policies: the routes are in the order
 * in which they are tried, the first that matches decides, and what none matches goes to the listener's own backends.
 */
import type { HeaderMatch, NamedMatch, TextMatch } from './matching/text-match.ts'
import type { Retry } from './resilience/retry.ts'
import type { CallTimeouts } from './resilience/timeouts.ts'

/** One match of one rule: a rule with several matches is several routes. */
export interface Route {
  /** Who said so: `KIND/POLICY`, for logs, reasons and status. */
  readonly policy: string
  readonly match: RouteMatch
  /** By weight; empty only where `redirect` answers. */
  readonly backends: readonly Backend[]
  readonly requestHeaders?: HeaderEdit
  readonly responseHeaders?: HeaderEdit
  readonly rewrite?: Rewrite
  readonly redirect?: Redirect
  readonly mirrors?: readonly Mirror[]
  /** Instead of the listener's, as a whole. */
  readonly timeouts?: CallTimeouts
  /** Instead of the listener's. */
  readonly retry?: Retry
}

/** All members that are there have to fit; none: every request. */
export interface RouteMatch {
  /** Compared with the path without its query, case-sensitive. A `prefix` is one of characters, not of segments. */
  readonly path?: TextMatch
  readonly method?: TextMatch
  /** Names in lower case. Of several lines of one name the values joined by `,`. */
  readonly headers?: readonly HeaderMatch[]
  /** Names case-sensitive, values as they are written, of a repeated parameter the first. */
  readonly query?: readonly NamedMatch[]
}

/** Of backends, endpoints and localities. */
export const MAX_WEIGHT = 1_000_000_000

/** One of the clusters that share the calls. */
export interface Backend {
  /** Name of the cluster. */
  readonly cluster: string
  /** Share among the backends, from 1 to MAX_WEIGHT. */
  readonly weight: number
}

/** Takes effect in this order: removed, set (one line in place of all), added (one line more). Names in lower case. */
export interface HeaderEdit {
  readonly remove: readonly string[]
  readonly set: readonly HeaderLine[]
  readonly add: readonly HeaderLine[]
}

export interface HeaderLine {
  readonly name: string
  readonly value: string
}

/** The request as the backend sees it; what was asked for goes along in `x-envoy-original-path` and `-host`. */
export interface Rewrite {
  readonly path?: PathRewrite
  readonly host?: HostRewrite
}

/**
 * `full`: in place of all of the path, the query stays. `prefix`: in place of what the match of type `segments` or
 * `prefix` names (kuma-semantics 3.8, the table). `regex`: each part that fits `pattern` (RE2 syntax) becomes
 * `substitution`, where `\1` is what the first group took.
 */
export type PathRewrite =
  | { readonly type: 'full' | 'prefix'; readonly value: string }
  | { readonly type: 'regex'; readonly pattern: string; readonly substitution: string }

/** `from-path`: what `substitution` makes of the path. */
export type HostRewrite =
  | { readonly type: 'value'; readonly value: string }
  | { readonly type: 'from-path'; readonly pattern: string; readonly substitution: string }

/** The answer to the request; what is absent stays as it was asked for. */
export interface Redirect {
  readonly status: 301 | 302 | 303 | 307 | 308
  readonly scheme?: 'http' | 'https'
  readonly hostname?: string
  readonly port?: number
  readonly path?: PathRewrite
}

/** A copy of the request; its answer is dropped. */
export interface Mirror {
  readonly cluster: string
  /** Of the requests, 0 to 100, fractions allowed. */
  readonly percentage: number
}
