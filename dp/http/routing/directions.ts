/**
 * The way of one request: its route with the changes that it makes, the cluster and the hash to balance by; or the answer,
 * where the route is one.
 */
import { NO_HASH } from '../../cluster/balance/hash.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { RequestHead } from '../../codec/http1/request-head.ts'
import { FieldList } from '../../codec/http2/field-list.ts'
import { completeHead } from '../outgoing.ts'
import type { Requester } from '../requester.ts'
import type { HttpRole } from '../role.ts'
import { type CallHash, hashCall } from './call-hash.ts'
import { plainTarget } from './plain-target.ts'
import { FIELDS_VIEW, PATH_AT, type RequestView, TEXT_VIEW } from './request-view.ts'
import type { Route } from './route-table.ts'

export interface Way {
  readonly cluster: Cluster
  /** null: there are no routes. */
  readonly route: Route | null
  /** Of the call, or NO_HASH. */
  readonly hash: number
  /** Value of a Set-Cookie for the answer; ''. */
  readonly setCookie: string
}

/** Of a request of HTTP/1.1, whose text is changed by its route; null: it was answered, it leads elsewhere. */
export function wayOf(requester: Requester, role: HttpRole, head: RequestHead): Way | null {
  if (role.routes === null) return wayTo(role.cluster, null, requester, head)
  // Routes see and change what goes on, not what came.
  completeHead(head, role.cluster.config.name)
  const view = plainView(head)
  const route = role.routes.find(view)
  if (route.redirect !== null) return redirect(requester, role, route, view)
  const way = wayTo(route.shares?.pick() ?? role.cluster, route, requester, head)
  if (route.rewrite !== null && !head.isConnect) head.text = route.rewrite.editText(head.text, view)
  if (route.request !== null) head.text = route.request.editText(head.text)
  return way
}

/** As `wayOf`, of a request of HTTP/2 as it goes on. */
export function wayOfFields(requester: Requester, role: HttpRole, fields: FieldList): Way | null {
  if (role.routes === null) return wayTo(role.cluster, null, requester, fields)
  const view = FIELDS_VIEW.of(fields)
  fields.setValue(PATH_AT, plainTarget(view.target))
  const route = role.routes.find(view)
  if (route.redirect !== null) return redirect(requester, role, route, view)
  const way = wayTo(route.shares?.pick() ?? role.cluster, route, requester, fields)
  route.rewrite?.editFields(fields)
  route.request?.editFields(fields)
  return way
}

function plainView(head: RequestHead): RequestView {
  const view = TEXT_VIEW.of(head.text)
  const { method, target } = view
  const plain = plainTarget(target)
  if (plain === target) return view
  head.text = `${method} ${plain}${head.text.slice(method.length + 1 + target.length)}`
  return TEXT_VIEW.of(head.text)
}

/** To a cluster, with nothing else to say. */
export function plainWay(cluster: Cluster): Way {
  return { cluster, route: null, ...UNHASHED }
}

const UNHASHED: CallHash = { hash: NO_HASH, setCookie: '' }

/** One object for all: read before the next request is looked at. */
let shared: { cluster: Cluster; route: Route | null; hash: number; setCookie: string } | null = null

function wayTo(
  cluster: Cluster,
  route: Route | null,
  requester: Requester,
  request: RequestHead | FieldList,
): Way {
  const { hashPolicies } = cluster.config
  const { hash, setCookie } =
    hashPolicies === undefined
      ? UNHASHED
      : hashCall(hashPolicies, viewOf(request), requester.down.remoteAddress ?? '')
  shared ??= { cluster, route, hash, setCookie }
  shared.cluster = cluster
  shared.route = route
  shared.hash = hash
  shared.setCookie = setCookie
  return shared
}

function viewOf(request: RequestHead | FieldList): RequestView {
  return request instanceof FieldList ? FIELDS_VIEW.of(request) : TEXT_VIEW.of(request.text)
}

function redirect(requester: Requester, role: HttpRole, route: Route, view: RequestView): null {
  const { redirect: to } = route
  if (to !== null) requester.response.redirect(to.status, to.locationOf(view), route.policy)
  role.load.leaveCall()
  requester.responded()
  return null
}
