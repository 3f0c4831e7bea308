/**
 * MeshHTTPRoutes → the routes of each HTTP outbound, in the order in which they are tried, and the clusters that they
 * refer to (Kuma semantics 2.11, 3.8). What does not depend on the data plane is made once for all that the same
 * policies select; where the same services are there too, the routes themselves are the same.
 */
import type { Backend, Mirror, Route } from '#contract/route.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { matchesHash, matchesText } from '../../match/route-matches.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Destination } from '../cluster.ts'
import type { Draft } from '../draft.ts'
import { protocolOf } from '../protocol.ts'
import { type Share, sharesOf } from './backend-refs.ts'
import { effectsOf, mirrorsOf, type PlannedMirror } from './http-filters.ts'
import { compareMatches, matchOf, type Rule } from './http-match.ts'
import { apply, Destinations, hasItems, type Routing, routingTo } from './routing.ts'

export function compileMeshHttpRoute(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const policies = selectedPolicies(view, 'MeshHTTPRoute', dataplane)
  if (!policies.some(hasItems)) return
  for (const target of draft.outbounds) {
    if (target.listener.protocol === 'tcp') continue
    const conf = serviceConf(view, policies, target.outbound.service)
    target.routedBy = conf === undefined ? 'service' : 'rules'
    if (conf !== undefined) apply(routingOf(view, conf, target.listener.cluster), view, draft, target)
  }
}

/** What is known without the services that are there. */
interface Plan {
  readonly routes: readonly PlannedRoute[]
  /** All that are named. */
  readonly services: readonly string[]
  /** By the cluster of the outbound and by which services are there. */
  readonly made: Map<string, Routing>
}

interface PlannedRoute {
  /** Hash of the matches of its rule. */
  readonly rule: string
  readonly route: Omit<Route, 'backends' | 'mirrors'>
  /** null: the service itself. */
  readonly shares: readonly Share[] | null
  readonly mirrors: readonly PlannedMirror[]
}

/** Hash of the matches of the rule that a route was made of, by which policies speak of it. */
export function ruleOf(route: Route): string | undefined {
  return rulesOfRoutes.get(route)
}

/** A route with parts of its own still comes from its rule: the next policy may speak of it too. */
export function keepRule(made: Route, rule: string): Route {
  rulesOfRoutes.set(made, rule)
  return made
}

const rulesOfRoutes = new WeakMap<Route, string>()

const plans = new WeakMap<ServiceConf, Plan>()

function planOf(conf: ServiceConf): Plan {
  let plan = plans.get(conf)
  if (plan === undefined) {
    const routes = plannedRoutes(conf)
    const named = routes.flatMap(({ shares, mirrors }) => [...(shares ?? []), ...mirrors])
    const services = new Set(named.map(({ destination }) => destination.service))
    plan = { routes, services: [...services], made: new Map() }
    plans.set(conf, plan)
  }
  return plan
}

function plannedRoutes({ conf, items }: ServiceConf): readonly PlannedRoute[] {
  const authors = new Map<string, string>()
  for (const { policy, conf: own } of items) {
    for (const { matches } of rulesOf(own)) authors.set(matchesText(matches), policy.name)
  }
  const routes = rulesOf(conf).flatMap(rule => {
    const policy = `MeshHTTPRoute/${authors.get(matchesText(rule.matches)) ?? ''}`
    const { backendRefs = [], filters = [] } = rule.default
    const effects = effectsOf(filters)
    const answersItself = effects.redirect !== undefined
    const shares = answersItself ? [] : backendRefs.length === 0 ? null : sharesOf(backendRefs)
    const mirrors = answersItself ? [] : mirrorsOf(filters)
    const hash = matchesHash(rule.matches)
    return rule.matches.map(match => ({
      rule: hash,
      route: { policy, match: matchOf(match), ...effects },
      shares,
      mirrors,
    }))
  })
  return routes.sort((a, b) => compareMatches(a.route, b.route))
}

function rulesOf(conf: unknown): readonly Rule[] {
  return (conf as { readonly rules?: readonly Rule[] }).rules ?? []
}

function routingOf(view: MeshView, conf: ServiceConf, cluster: string): Routing {
  const plan = planOf(conf)
  const protocols = new Map(plan.services.map(service => [service, protocolOf(view, service)]))
  const key = `${cluster} ${[...protocols.values()].join()}`
  const made = plan.made.get(key)
  if (made !== undefined) return made
  const destinations = new Destinations()
  const isThere = ({ destination }: { readonly destination: Destination }): boolean =>
    (protocols.get(destination.service) ?? null) !== null
  const isHttp = ({ destination }: Share): boolean => protocols.get(destination.service) === 'http'
  const routes = plan.routes.flatMap(({ rule, route, shares, mirrors }): Route[] => {
    const backends: readonly Backend[] =
      shares === null
        ? [{ cluster, weight: 1 }]
        : shares.filter(isHttp).map(({ destination, backend: { weight } }) => ({
            cluster: destinations.use(destination),
            weight,
          }))
    // a later route or the service itself takes the calls
    if (backends.length === 0 && route.redirect === undefined) return []
    const copies = mirrors
      .filter(isThere)
      .map(({ destination, percentage }): Mirror => ({ cluster: destinations.use(destination), percentage }))
    const made = { ...route, backends, ...(copies.length > 0 && { mirrors: copies }) }
    return [keepRule(made, rule)]
  })
  const routing = routingTo(destinations, { routes })
  plan.made.set(key, routing)
  return routing
}
