/**
 * MeshTCPRoutes → the backends that share the calls of an outbound (Kuma semantics 2.11): of TCP, and of HTTP where no
 * MeshHTTPRoute names its service.
 */
import type { Resource } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { protocolOf } from '../protocol.ts'
import { type Ref, type Share, sharesOf } from './backend-refs.ts'
import { apply, Destinations, hasItems, type Routing, routingTo } from './routing.ts'

export function compileMeshTcpRoute(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  const policies = selectedPolicies(view, 'MeshTCPRoute', dataplane)
  if (!policies.some(hasItems)) return
  for (const target of draft.outbounds) {
    if (target.routedBy === 'rules') continue
    target.routedBy = 'service'
    const conf = serviceConf(view, policies, target.outbound.service)
    if (conf !== undefined) apply(routingOf(view, conf), view, draft, target)
  }
}

interface Plan {
  /** `KIND/POLICY` of the list of backends. */
  readonly policy: string
  readonly shares: readonly Share[]
  /** By which services are there. */
  readonly made: Map<string, Routing>
}

const plans = new WeakMap<ServiceConf, Plan>()

function planOf(conf: ServiceConf): Plan {
  let plan = plans.get(conf)
  if (plan === undefined) {
    const author = conf.items.findLast(item => refsOf(item.conf) !== undefined)?.policy.name ?? ''
    plan = { policy: `MeshTCPRoute/${author}`, shares: sharesOf(refsOf(conf.conf) ?? []), made: new Map() }
    plans.set(conf, plan)
  }
  return plan
}

function refsOf(conf: unknown): readonly Ref[] | undefined {
  return (conf as { readonly default?: { readonly backendRefs?: readonly Ref[] } }).default?.backendRefs
}

function routingOf(view: MeshView, conf: ServiceConf): Routing {
  const { policy, shares, made } = planOf(conf)
  const there = shares.filter(({ destination }) => protocolOf(view, destination.service) !== null)
  const key = there.map(({ backend }) => backend.cluster).join()
  let routing = made.get(key)
  if (routing === undefined) {
    const destinations = new Destinations()
    const backends = there.map(({ destination, backend: { weight } }) => ({
      cluster: destinations.use(destination),
      weight,
    }))
    // without any the service itself takes the calls
    routing = routingTo(destinations, backends.length === 0 ? {} : { backends, policy })
    made.set(key, routing)
  }
  return routing
}
