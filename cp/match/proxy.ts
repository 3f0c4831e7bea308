/**
 * Which policies of a type act on a data plane, in precedence (Kuma semantics 2.3, 2.4): those whose top-level targetRef
 * selects one of its inbounds, or the gateway that it is. What a policy says about outgoing calls holds for all outbounds
 * of a data plane that it selects.
 */
import type { Resource } from '../kinds/kind.ts'
import { type DataplaneInbound, type DataplaneSpec, inboundsOf } from '../kinds/proxy/dataplane.ts'
import { SERVICE_TAG } from '../kinds/spiffe.ts'
import type { TargetRef } from '../kinds/target-ref.ts'
import { gatewayOf, listenersOf } from './gateway.ts'
import { inPrecedence } from './order.ts'
import { isNamed } from './references.ts'
import { hasTags, isShadow, selectsInbound, topLevelRef } from './select.ts'
import type { MeshView } from './view.ts'

type Dataplane = Resource<DataplaneSpec>

/** Lowest precedence first; those that act on this one inbound. */
export function policiesOfInbound(
  view: MeshView,
  type: string,
  dataplane: Dataplane,
  inbound: DataplaneInbound,
): readonly Resource[] {
  return inPrecedence(
    view
      .policies(type)
      .filter(
        policy =>
          !isShadow(policy) && proxyRefsOf(view, policy).some(ref => selectsInbound(ref, dataplane, inbound)),
      ),
  )
}

/** Shadow policies too: whether they act is not asked here. */
export function selectsProxy(view: MeshView, policy: Resource, dataplane: Dataplane): boolean {
  return proxyRefsOf(view, policy).some(ref => refSelects(view, ref, dataplane))
}

function refSelects(view: MeshView, ref: TargetRef, dataplane: Dataplane): boolean {
  const gateway = dataplane.spec.networking?.gateway
  if (gateway !== undefined) return selectsGateway(view, ref, dataplane, gateway.tags ?? {})
  const inbounds = inboundsOf(dataplane.spec)
  if (inbounds.length > 0) return inbounds.some(inbound => selectsInbound(ref, dataplane, inbound))
  // who offers nothing still calls
  return selectsWithoutTags(ref, dataplane, 'Sidecar')
}

/** What selects data planes: of a policy for MeshHTTPRoutes, the targetRefs of the routes. */
function proxyRefsOf(view: MeshView, policy: Resource): readonly TargetRef[] {
  const ref = topLevelRef(policy)
  if (ref.kind !== 'MeshHTTPRoute') return [ref]
  return view
    .policies('MeshHTTPRoute')
    .filter(route => isNamed(route, ref))
    .map(topLevelRef)
}

function selectsGateway(
  view: MeshView,
  ref: TargetRef,
  dataplane: Dataplane,
  tags: Readonly<Record<string, string>>,
): boolean {
  if (ref.kind === 'MeshGateway') {
    const gateway = gatewayOf(view, dataplane)
    if (gateway === undefined || gateway.name !== ref.name) return false
    return listenersOf(gateway).some(one => hasTags(one.tags, ref.tags))
  }
  if (ref.kind === 'Dataplane')
    return ref.sectionName === undefined && selectsWithoutTags(ref, dataplane, 'Gateway')
  const gateway = gatewayOf(view, dataplane)
  const sets =
    gateway === undefined
      ? [tags]
      : listenersOf(gateway).map(listener => ({ ...tags, ...gateway.spec.tags, ...listener.tags }))
  return sets.some(set => {
    switch (ref.kind) {
      case 'Mesh':
      case 'MeshSubset':
        return admits(ref, 'Gateway') && hasTags(set, ref.tags)
      case 'MeshService':
      case 'MeshServiceSubset':
        return set[SERVICE_TAG] === ref.name && hasTags(set, ref.tags)
      default:
        return false
    }
  })
}

function selectsWithoutTags(ref: TargetRef, dataplane: Dataplane, type: 'Sidecar' | 'Gateway'): boolean {
  if (ref.kind === 'Mesh') return admits(ref, type)
  if (ref.kind !== 'Dataplane') return false
  return ref.name === undefined ? hasTags(dataplane.labels, ref.labels) : dataplane.name === ref.name
}

function admits(ref: TargetRef, type: 'Sidecar' | 'Gateway'): boolean {
  return ref.proxyTypes === undefined || ref.proxyTypes.includes(type)
}
