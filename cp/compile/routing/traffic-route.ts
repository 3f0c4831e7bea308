/**
 * TrafficRoutes → routes, backends and balancers of the outbounds that no route policy with a targetRef routes (Kuma
 * semantics 1.5, 1.10, 2.13): one policy for each outbound, the one whose selectors fit both ends best.
 */
import type { Balancer } from '#contract/balancer.ts'
import { MAX_WEIGHT, type Route } from '#contract/route.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { TrafficRouteSpec } from '../../kinds/legacy/traffic-route.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { SERVICE_TAG } from '../../kinds/spiffe.ts'
import { outboundPolicy } from '../../match/legacy/connection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Destination, Tags } from '../cluster.ts'
import type { Draft, OutboundDraft } from '../draft.ts'
import { MAX_CHOICES, MIN_RING_SIZE, TABLE_SIZE } from './balancer.ts'
import { apply, Destinations, type Routing, routingTo } from './routing.ts'
import { changesOf, matchOf } from './traffic-route-http.ts'

type Conf = NonNullable<TrafficRouteSpec['conf']>
type Target = Pick<Conf, 'destination' | 'split'>

export function compileTrafficRoute(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  for (const target of draft.outbounds) {
    if (target.routedBy !== 'nobody') continue
    const policy = outboundPolicy(view, 'TrafficRoute', dataplane, target.outbound.service)
    if (policy === undefined) continue
    const { routing, balancer } = madeOf(policy, target)
    apply(routing, view, draft, target)
    if (balancer === null) continue
    for (const destination of routing.destinations) draft.cluster(view, destination).balancer ??= balancer
    // what the route of a service itself says goes before what others say that lead to it too
    draft.cluster(view, target.outbound).balancer = balancer
  }
}

interface Made {
  readonly routing: Routing
  /** null: it says nothing. */
  readonly balancer: Balancer | null
}

/** By policy; then by protocol and destination of the outbound. */
const known = new WeakMap<Resource, Map<string, Made>>()

function madeOf(policy: Resource, { outbound, listener }: OutboundDraft): Made {
  const made = known.get(policy) ?? new Map<string, Made>()
  known.set(policy, made)
  const key = `${listener.protocol} ${listener.cluster}`
  let found = made.get(key)
  if (found === undefined) {
    const { conf = {} } = policy.spec as TrafficRouteSpec
    found = {
      routing: routingOf(`TrafficRoute/${policy.name}`, conf, outbound, listener),
      balancer: balancerOf(conf.loadBalancer),
    }
    made.set(key, found)
  }
  return found
}

function routingOf(
  policy: string,
  conf: Conf,
  outbound: Destination,
  { protocol, cluster }: OutboundDraft['listener'],
): Routing {
  const destinations = new Destinations()
  const backendsOf = ({ destination, split = [] }: Target) =>
    (destination === undefined ? split : [{ weight: 1, destination }])
      .filter(({ weight = 0 }) => weight > 0)
      .map(one => ({
        cluster: destinations.use(resolved(one.destination ?? {}, outbound)),
        weight: Math.min(one.weight ?? 1, MAX_WEIGHT),
      }))
  const routes = (protocol === 'tcp' ? [] : (conf.http ?? [])).flatMap((rule): Route[] => {
    const backends = backendsOf(rule)
    return backends.length === 0
      ? []
      : [{ policy, match: matchOf(rule.match), backends, ...changesOf(rule.modify) }]
  })
  const backends = backendsOf(conf)
  const isItself = backends.every(backend => backend.cluster === cluster)
  return routingTo(destinations, { routes, ...(!isItself && { backends, policy }) })
}

/** A value `*` is no demand; what the outbound demands besides holds too (semantics 1.10). */
function resolved(destination: Tags, { service, tags }: Destination): Destination {
  const said = Object.entries(destination).filter(([, value]) => value !== '*')
  const all = { ...tags, ...Object.fromEntries(said) }
  return { service: all[SERVICE_TAG] ?? service, tags: all }
}

const MAX_RING_SIZE = 8_388_608

function balancerOf(balancer: Conf['loadBalancer'] = {}): Balancer | null {
  const { leastRequest, ringHash, random, maglev } = balancer
  if (leastRequest !== undefined) {
    return { type: 'least-request', choices: Math.min(leastRequest.choiceCount || 2, MAX_CHOICES) }
  }
  if (random !== undefined) return { type: 'random' }
  if (maglev !== undefined) return { type: 'maglev', size: TABLE_SIZE }
  if (ringHash === undefined) return null
  const maxSize = Math.min(Number(ringHash.maxRingSize ?? 0) || MAX_RING_SIZE, MAX_RING_SIZE)
  return {
    type: 'ring-hash',
    minSize: Math.min(Number(ringHash.minRingSize ?? 0) || MIN_RING_SIZE, maxSize),
    maxSize,
    hash: ringHash.hashFunction === 'MURMUR_HASH_2' ? 'murmur-hash-2' : 'xx-hash',
  }
}
