/** The way of one request: its route, the changes that the route makes, and the answer where the route is one. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { RequestHead } from '../../codec/http1/request-head.ts'
import type { FieldList } from '../../codec/http2/field-list.ts'
import type { Requester } from '../requester.ts'
import type { HttpRole } from '../role.ts'
import { FIELDS_VIEW, type RequestView, TEXT_VIEW } from './request-view.ts'
import type { Route } from './route-table.ts'

export interface Way {
  readonly cluster: Cluster
  /** null: there are no routes. */
  readonly route: Route | null
}

/** Of a request of HTTP/1.1, whose text is changed by its route; null: it was answered, it leads elsewhere. */
export function wayOf(requester: Requester, role: HttpRole, head: RequestHead): Way | null {
  if (role.routes === null) return way(role.cluster, null)
  const view = TEXT_VIEW.of(head.text)
  const route = role.routes.find(view)
  if (route.redirect !== null) return redirect(requester, role, route, view)
  if (route.rewrite !== null) head.text = route.rewrite.editText(head.text, view)
  if (route.request !== null) head.text = route.request.editText(head.text)
  return way(route.shares?.pick() ?? role.cluster, route)
}

/** As `wayOf`, of a request of HTTP/2 as it goes on. */
export function wayOfFields(requester: Requester, role: HttpRole, fields: FieldList): Way | null {
  if (role.routes === null) return way(role.cluster, null)
  const view = FIELDS_VIEW.of(fields)
  const route = role.routes.find(view)
  if (route.redirect !== null) return redirect(requester, role, route, view)
  route.rewrite?.editFields(fields)
  route.request?.editFields(fields)
  return way(route.shares?.pick() ?? role.cluster, route)
}

/** One object for all: read before the next request is looked at. */
let shared: { cluster: Cluster; route: Route | null } | null = null

function way(cluster: Cluster, route: Route | null): Way {
  shared ??= { cluster, route }
  shared.cluster = cluster
  shared.route = route
  return shared
}

function redirect(requester: Requester, role: HttpRole, route: Route, view: RequestView): null {
  const { redirect: to } = route
  if (to !== null) requester.response.redirect(to.status, to.locationOf(view), route.policy)
  role.load.leaveCall()
  requester.responded()
  return null
}
