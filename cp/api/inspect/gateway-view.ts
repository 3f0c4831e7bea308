/**
 * A builtin gateway as kumactl and the GUI show it (kuma-api 1.10): its listeners with hosts, routes and destinations,
 * and the policies that act on each.
 */
import type { Resource } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { kinds } from '../../kinds/registry.ts'
import { isProxyWide, traitsOf } from '../../kinds/schema/policy-traits.ts'
import { SERVICE_TAG } from '../../kinds/spiffe.ts'
import { type GatewayListener, type GatewaySpec, gatewayOf, listenersOf } from '../../match/gateway.ts'
import { connectionPolicy, dataplanePolicy } from '../../match/legacy/connection.ts'
import { bestRank, type Selectors } from '../../match/legacy/selector.ts'
import { selectedPolicies } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import { targetRefKinds, withoutSpec } from './shapes.ts'

type Tags = Readonly<Record<string, string>>
type Dataplane = Resource<DataplaneSpec>

export function isBuiltinGateway(dataplane: Dataplane): boolean {
  return dataplane.spec.networking?.gateway?.type === 'BUILTIN'
}

/** Without a MeshGateway that selects it there are no listeners and no policies. */
export function gatewayView(view: MeshView, dataplane: Dataplane): object {
  const gateway = gatewayOf(view, dataplane)
  const kind = 'MeshGatewayDataplane'
  if (gateway === undefined) return { kind, gateway: { mesh: '', name: '' }, listeners: [] }
  const { mesh, name } = gateway
  return {
    kind,
    gateway: { mesh, name },
    listeners: gatewayListeners(view, dataplane, gateway),
    policies: gatewayPolicies(view, dataplane),
  }
}

export function gatewayListeners(
  view: MeshView,
  dataplane: Dataplane,
  gateway: Resource<GatewaySpec>,
): readonly object[] {
  return listenersOf(gateway).map(listener => {
    const tags = { ...dataplane.spec.networking?.gateway?.tags, ...gateway.spec.tags, ...listener.tags }
    const hosts = new Map<string, object[]>()
    for (const route of routesOf(view, dataplane, tags)) {
      const shown = {
        route: route.name,
        destinations: route.destinations.map(one => destination(view, tags, one)),
      }
      for (const host of hostsOf(route, listener)) hosts.set(host, [...(hosts.get(host) ?? []), shown])
    }
    const { port, protocol } = listener
    return { port, protocol, hosts: [...hosts].map(([hostName, routes]) => ({ hostName, routes })) }
  })
}

/** MeshGatewayRoutes that act on a gateway with these tags of a listener. */
export function selectsListener(route: Resource, tags: Tags): boolean {
  const { selectors = [] } = route.spec as { selectors?: Selectors }
  return selectors.length === 0 || bestRank(selectors, [tags]) !== null
}

function gatewayPolicies(view: MeshView, dataplane: Dataplane): object {
  const legacy = kinds
    .filter(kind => traitsOf(kind).legacy === 'dataplane')
    .map(({ type }) => [type, dataplanePolicy(view, type, dataplane)] as const)
  const present = targetRefKinds()
    .filter(isProxyWide)
    .map(({ type }) => [type, selectedPolicies(view, type, dataplane).at(-1)] as const)
  return shown([...legacy, ...present])
}

function destination(view: MeshView, listenerTags: Tags, tags: Tags): object {
  const connection = kinds
    .filter(kind => ['outbound', 'service'].includes(traitsOf(kind).legacy ?? ''))
    .filter(({ type }) => type !== 'TrafficRoute')
    .map(({ type }) => [type, connectionPolicy(view, type, [listenerTags], tags)] as const)
  return { tags, policies: shown(connection) }
}

function shown(policies: readonly (readonly [string, Resource | undefined])[]): object {
  return Object.fromEntries(
    policies.flatMap(([type, policy]) => (policy === undefined ? [] : [[type, withoutSpec(policy)]])),
  )
}

interface Route {
  readonly name: string
  readonly hostnames: readonly string[]
  readonly destinations: readonly Tags[]
}

interface GatewayRouteSpec {
  readonly conf?: {
    readonly http?: { readonly hostnames?: readonly string[]; readonly rules?: readonly GatewayRule[] }
    readonly tcp?: { readonly rules?: readonly GatewayRule[] }
  }
}

interface GatewayRule {
  readonly backends?: readonly { readonly destination?: Tags }[]
}

interface HttpRouteSpec {
  readonly to?: readonly {
    readonly hostnames?: readonly string[]
    readonly rules?: readonly { readonly default?: { readonly backendRefs?: readonly BackendRef[] } }[]
  }[]
}

interface BackendRef {
  readonly name?: string
  readonly tags?: Tags
}

function routesOf(view: MeshView, dataplane: Dataplane, tags: Tags): readonly Route[] {
  const own = view.policies('MeshGatewayRoute').filter(route => selectsListener(route, tags))
  const present = ['MeshHTTPRoute', 'MeshTCPRoute'].flatMap(type => selectedPolicies(view, type, dataplane))
  return [...own.map(gatewayRoute), ...present.map(httpRoute)]
}

function gatewayRoute({ name, spec }: Resource): Route {
  const { http, tcp } = (spec as GatewayRouteSpec).conf ?? {}
  const backends = [...(http?.rules ?? []), ...(tcp?.rules ?? [])].flatMap(rule => rule.backends ?? [])
  const destinations = backends.map(one => one.destination ?? {})
  return { name, hostnames: http?.hostnames ?? [], destinations }
}

function httpRoute({ name, spec }: Resource): Route {
  const { to = [] } = spec as HttpRouteSpec
  const references = to.flatMap(({ rules = [] }) => rules.flatMap(rule => rule.default?.backendRefs ?? []))
  const destinations = references.map(({ name: service = '', tags }) => ({ ...tags, [SERVICE_TAG]: service }))
  return { name, hostnames: to.flatMap(({ hostnames = [] }) => hostnames), destinations }
}

function hostsOf({ hostnames }: Route, { hostname }: GatewayListener): readonly string[] {
  return hostnames.length === 0 ? [hostname] : hostnames
}
