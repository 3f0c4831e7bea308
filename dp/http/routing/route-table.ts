/**
 * Where the requests of an outbound go and what is changed of them, compiled when a snapshot is applied. A request takes
 * the first route that fits it and keeps it to its end, whatever snapshots come meanwhile.
 */
import type { OutboundListener } from '#contract/listener.ts'
import type { Route as Config, Mirror as MirrorConfig } from '#contract/route.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { Outgoing } from '../outgoing.ts'
import type { CallRules } from '../resilience/call-rules.ts'
import { HeaderEdit } from './header-edit.ts'
import { Matcher, pathOf } from './matchers.ts'
import type { RequestView } from './request-view.ts'
import { RedirectTo, Rewrite } from './rewrite.ts'
import { RouteIndex } from './route-index.ts'
import { clusterNamed, Shares } from './shares.ts'

export interface MirrorTo {
  readonly cluster: Cluster
  /** 0 to 1. */
  readonly share: number
}

/** Copies of one request that are on their way to its mirrors. */
export interface Copies {
  /** More of its body. */
  send(bytes: Buffer, start: number, end: number, isDone: boolean): void
  /** There will be no more. */
  abort(): void
}

/** Sends copies of a request to those mirrors that are to get it; null: to none. `isDone`: nothing follows. */
export type Copier = (mirrors: readonly MirrorTo[], request: Outgoing, isDone: boolean) => Copies | null

/** How the calls of a route are timed and made again; null: as the listener says. */
export type RulesOf = (route: Pick<Config, 'timeouts' | 'retry'>) => CallRules | null

export class Route {
  /** `KIND/POLICY`; '' where no policy decided. */
  readonly policy: string
  /** null: every request. */
  readonly matcher: Matcher | null
  readonly shares: Shares | null
  readonly redirect: RedirectTo | null
  readonly rewrite: Rewrite | null
  readonly request: HeaderEdit | null
  readonly response: HeaderEdit | null
  /** null: those of the listener. */
  readonly rules: CallRules | null
  readonly #mirrors: readonly MirrorTo[]
  readonly #copier: Copier

  constructor(
    config: Omit<Config, 'match'> & Partial<Config>,
    clusters: ReadonlyMap<string, Cluster>,
    copier: Copier,
    rulesOf: RulesOf = () => null,
  ) {
    this.rules = rulesOf(config)
    const { match = {}, backends, redirect, rewrite, requestHeaders, responseHeaders, mirrors = [] } = config
    this.policy = config.policy
    this.matcher = Object.keys(match).length === 0 ? null : new Matcher(match)
    this.shares = backends.length === 0 ? null : new Shares(backends, clusters)
    this.redirect = redirect === undefined ? null : new RedirectTo(redirect, match)
    this.rewrite = rewrite === undefined ? null : new Rewrite(rewrite, match)
    this.request = requestHeaders === undefined ? null : new HeaderEdit(requestHeaders)
    this.response = responseHeaders === undefined ? null : new HeaderEdit(responseHeaders)
    this.#copier = copier
    this.#mirrors = mirrors.map(({ cluster, percentage }: MirrorConfig) => ({
      cluster: clusterNamed(cluster, clusters),
      share: percentage / 100,
    }))
  }

  /** null: nobody gets one. */
  copy(request: Outgoing, isDone: boolean): Copies | null {
    return this.#mirrors.length === 0 ? null : this.#copier(this.#mirrors, request, isDone)
  }
}

export class RouteTable {
  readonly #routes: RouteIndex<Route>
  readonly #rest: Route

  /** `clusters`: by name; all that the section names are there. */
  constructor(
    config: OutboundListener,
    clusters: ReadonlyMap<string, Cluster>,
    copier: Copier,
    rulesOf: RulesOf,
  ) {
    const { cluster, backends = [{ cluster, weight: 1 }], policy = '', routes = [] } = config
    this.#routes = new RouteIndex(
      routes.map(route => ({ match: route.match, route: new Route(route, clusters, copier, rulesOf) })),
    )
    this.#rest = new Route({ policy, backends }, clusters, copier)
  }

  find(request: RequestView): Route {
    const path = pathOf(request.target)
    for (const route of this.#routes.candidates(path))
      if (route.matcher === null || route.matcher.fits(path, request)) return route
    return this.#rest
  }
}

/** null: every request goes to the one cluster. */
export function routeTable(
  config: OutboundListener,
  clusters: ReadonlyMap<string, Cluster>,
  copier: Copier,
  rulesOf: RulesOf,
): RouteTable | null {
  const isPlain = config.routes === undefined && config.backends === undefined
  return isPlain || config.protocol === 'tcp' ? null : new RouteTable(config, clusters, copier, rulesOf)
}
