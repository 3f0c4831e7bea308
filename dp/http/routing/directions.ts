/**
 * The way of one request: its route with the changes that it makes, the cluster and the hash to balance by; or the answer,
 * where the route is one.
 */
import { NO_HASH } from '../../cluster/balance/hash.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { RequestHead } from '../../codec/http1/request-head.ts'
import type { FieldList } from '../../codec/http2/field-list.ts'
import type { Requester } from '../requester.ts'
import type { HttpRole } from '../role.ts'
import { type CallHash, hashCall } from './call-hash.ts'
import { FIELDS_VIEW, type RequestView, TEXT_VIEW } from './request-view.ts'
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
  if (isPlain(role)) return wayTo(role.cluster, null, UNHASHED)
  const view = TEXT_VIEW.of(head.text)
  const way = directed(requester, role, view)
  const route = way?.route
  if (route?.rewrite) head.text = route.rewrite.editText(head.text, view)
  if (route?.request) head.text = route.request.editText(head.text)
  return way
}

/** As `wayOf`, of a request of HTTP/2 as it goes on. */
export function wayOfFields(requester: Requester, role: HttpRole, fields: FieldList): Way | null {
  if (isPlain(role)) return wayTo(role.cluster, null, UNHASHED)
  const way = directed(requester, role, FIELDS_VIEW.of(fields))
  way?.route?.rewrite?.editFields(fields)
  way?.route?.request?.editFields(fields)
  return way
}

/** To a cluster, with nothing else to say. */
export function plainWay(cluster: Cluster): Way {
  return { cluster, route: null, ...UNHASHED }
}

const UNHASHED: CallHash = { hash: NO_HASH, setCookie: '' }

/** All requests go the same way: none need be looked at. */
function isPlain({ routes, cluster }: HttpRole): boolean {
  return routes === null && cluster.config.hashPolicies === undefined
}

/** null: it was answered. */
function directed(requester: Requester, role: HttpRole, view: RequestView): Way | null {
  const route = role.routes === null ? null : role.routes.find(view)
  if (route !== null && route.redirect !== null) {
    requester.response.redirect(route.redirect.status, route.redirect.locationOf(view), route.policy)
    role.load.leaveCall()
    requester.responded()
    return null
  }
  const cluster = route?.shares?.pick() ?? role.cluster
  const { hashPolicies } = cluster.config
  const isHashed = hashPolicies !== undefined
  return wayTo(
    cluster,
    route,
    isHashed ? hashCall(hashPolicies, view, requester.down.remoteAddress ?? '') : UNHASHED,
  )
}

/** One object for all: read before the next request is looked at. */
let shared: { cluster: Cluster; route: Route | null; hash: number; setCookie: string } | null = null

function wayTo(cluster: Cluster, route: Route | null, { hash, setCookie }: CallHash): Way {
  shared ??= { cluster, route, hash, setCookie }
  shared.cluster = cluster
  shared.route = route
  shared.hash = hash
  shared.setCookie = setCookie
  return shared
}
