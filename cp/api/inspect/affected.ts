/**
 * Which data planes a resource acts on (kuma-api 1.10): of policies on the older path with the places that they are
 * attached to and on `_resources/dataplanes` as a list in pages, of gateways and of services.
 */
import type { Kind, Resource } from '../../kinds/kind.ts'
import { type DataplaneSpec, dataplane as dataplaneKind, tagSetsOf } from '../../kinds/proxy/dataplane.ts'
import { kindByType, kinds } from '../../kinds/registry.ts'
import { traitsOf } from '../../kinds/schema/policy-traits.ts'
import { gatewayOf, listenersOf } from '../../match/gateway.ts'
import { selectorsOf } from '../../match/legacy/connection.ts'
import { bestRank } from '../../match/legacy/selector.ts'
import { selectsProxy } from '../../match/proxy.ts'
import { selectsService } from '../../match/service.ts'
import type { MeshView } from '../../match/view.ts'
import { ok } from '../http/answer.ts'
import { listAnswer } from '../lists.ts'
import { notFound } from '../problem.ts'
import type { ApiContext, Endpoint, Route } from '../request.ts'
import { attachmentsOf, showAttachment } from './attachments.ts'
import { gatewayListeners, isBuiltinGateway, selectsListener } from './gateway-view.ts'
import { metaOf } from './shapes.ts'
import { dataplanesOf, resourceEndpoint } from './subject.ts'

type Dataplane = Resource<DataplaneSpec>
type Acts = (view: MeshView, resource: Resource, dataplane: Dataplane) => boolean

export function affectedRoutes(context: ApiContext): readonly Route[] {
  return [
    ...kinds.filter(kind => kind.isPolicy).flatMap(kind => policyRoutes(context, kind)),
    ...routesFor('MeshGateway', '/dataplanes', kind => gatewaysEndpoint(context, kind, runsGateway)),
    ...routesFor('MeshGatewayRoute', '/dataplanes', kind => gatewaysEndpoint(context, kind, takesRoute)),
    ...['/_dataplanes', '/_resources/dataplanes', '/-resources/dataplanes'].flatMap(path =>
      routesFor('MeshService', path, kind => listEndpoint(context, kind, selectsService)),
    ),
  ]
}

/** Nothing where the kind is not there. */
function routesFor(type: string, path: string, endpoint: (kind: Kind) => Endpoint): readonly Route[] {
  const kind = kindByType(type)
  if (kind === undefined) return []
  const methods = { GET: endpoint(kind) }
  return [kind.path, ...kind.aliases].map(of => ({ path: `/meshes/:mesh/${of}/:name${path}`, methods }))
}

function policyRoutes(context: ApiContext, kind: Kind): readonly Route[] {
  const list = { GET: listEndpoint(context, kind, actsOn) }
  return [kind.path, ...kind.aliases].flatMap(path => {
    const item = `/meshes/:mesh/${path}/:name`
    const { legacy, isTargetRef } = traitsOf(kind)
    return [
      ...(isTargetRef || legacy !== null
        ? [{ path: `${item}/dataplanes`, methods: { GET: attachedEndpoint(context, kind) } }]
        : []),
      { path: `${item}/_resources/dataplanes`, methods: list },
      // what kumactl asks for by mistake
      { path: `${item}/-resources/dataplanes`, methods: list },
    ]
  })
}

/** Empty when there is no such policy. */
function attachedEndpoint(context: ApiContext, kind: Kind): Endpoint {
  return resourceEndpoint(context, kind, 'Could not get MatchedPolicies', (view, policy) => {
    const items =
      policy === undefined ? [] : dataplanesOf(view).flatMap(one => attached(view, kind, policy, one))
    return ok({ total: items.length, items })
  })
}

function attached(view: MeshView, kind: Kind, policy: Resource, dataplane: Dataplane): object[] {
  const { mesh, name } = dataplane
  const gateway = gatewayOf(view, dataplane)
  if (isBuiltinGateway(dataplane)) {
    if (gateway === undefined || !traitsOf(kind).isTargetRef || !selectsProxy(view, policy, dataplane))
      return []
    return [
      {
        kind: 'MeshGatewayDataplane',
        dataplane: { mesh, name },
        gateway: { mesh: gateway.mesh, name: gateway.name },
        listeners: gatewayListeners(view, dataplane, gateway),
      },
    ]
  }
  const attachments = attachmentsOf(view, dataplane, [kind])
    .filter(({ policies }) => policies.get(kind.type)?.includes(policy))
    .map(showAttachment)
  return attachments.length === 0
    ? []
    : [{ kind: 'SidecarDataplane', dataplane: { mesh, name }, attachments }]
}

function gatewaysEndpoint(context: ApiContext, kind: Kind, acts: Acts): Endpoint {
  return resourceEndpoint(context, kind, `Could not find ${kind.type}`, (view, resource) => {
    if (resource === undefined) return notFound(`Could not find ${kind.type}`)
    const items = dataplanesOf(view)
      .filter(dataplane => acts(view, resource, dataplane))
      .map(({ mesh, name }) => ({ dataplane: { mesh, name } }))
    return ok({ total: items.length, items })
  })
}

function listEndpoint(context: ApiContext, kind: Kind, acts: Acts): Endpoint {
  const title = 'Could not retrieve policy'
  return resourceEndpoint(context, kind, title, (view, resource, request) => {
    if (resource === undefined) return notFound(title)
    const affected = dataplanesOf(view).filter(dataplane => acts(view, resource, dataplane))
    return listAnswer(request, dataplaneKind, affected, metaOf, { title, leavesOutNext: true })
  })
}

/** Of legacy policies: whether a selector fits, not whether another policy fits better. */
function actsOn(view: MeshView, policy: Resource, dataplane: Dataplane): boolean {
  const kind = kindByType(policy.type)
  if (kind === undefined) return false
  const { legacy, isTargetRef } = traitsOf(kind)
  if (isTargetRef) return selectsProxy(view, policy, dataplane)
  const field =
    legacy === 'dataplane' || legacy === null
      ? 'selectors'
      : legacy === 'inbound' || legacy === 'inbound-all'
        ? 'destinations'
        : 'sources'
  return bestRank(selectorsOf(policy, field), tagSetsOf(dataplane.spec)) !== null
}

function runsGateway(view: MeshView, gateway: Resource, dataplane: Dataplane): boolean {
  return gatewayOf(view, dataplane)?.name === gateway.name
}

function takesRoute(view: MeshView, route: Resource, dataplane: Dataplane): boolean {
  const gateway = gatewayOf(view, dataplane)
  if (gateway === undefined) return false
  const own = { ...dataplane.spec.networking?.gateway?.tags, ...gateway.spec.tags }
  return listenersOf(gateway).some(({ tags }) => selectsListener(route, { ...own, ...tags }))
}
