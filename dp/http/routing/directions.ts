/**
 * The way of one request: its route with the changes that it makes, the cluster and the hash to balance by; or the answer,
 * where the route is one.
 */
import { NO_HASH } from '../../cluster/balance/hash.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { RequestHead } from '../../codec/http1/request-head.ts'
import { PATH_AT } from '../../codec/http2/bridge/heads.ts'
import type { FieldList } from '../../codec/http2/field-list.ts'
import { completeHead } from '../outgoing.ts'
import type { Requester } from '../requester.ts'
import type { HttpRole } from '../role.ts'
import { type CallHash, hashCall } from './call-hash.ts'
import { plainTarget } from './plain-target.ts'
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
  /** The rules for its retries cover it, where there are any. */
  readonly mayRetry: boolean
}

/** Of a request of HTTP/1.1, whose text is changed by its route; null: it was answered, it leads elsewhere. */
export function wayOf(requester: Requester, role: HttpRole, head: RequestHead): Way | null {
  if (isPlain(role)) return wayTo(role.cluster, null, UNHASHED, true)
  // Routes see and change what goes on, not what came.
  if (role.routes !== null) completeHead(head, role.cluster.config.name)
  const view = role.routes === null ? TEXT_VIEW.of(head.text) : plainView(head)
  const way = directed(requester, role, view)
  const route = way?.route
  if (route?.rewrite && !head.isConnect) head.text = route.rewrite.editText(head.text, view)
  if (route?.request) head.text = route.request.editText(head.text)
  return way
}

/** As `wayOf`, of a request of HTTP/2 as it goes on. */
export function wayOfFields(requester: Requester, role: HttpRole, fields: FieldList): Way | null {
  if (isPlain(role)) return wayTo(role.cluster, null, UNHASHED, true)
  const view = FIELDS_VIEW.of(fields)
  if (role.routes !== null) fields.setValue(PATH_AT, plainTarget(view.target))
  const way = directed(requester, role, view)
  way?.route?.rewrite?.editFields(fields)
  way?.route?.request?.editFields(fields)
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

/** To a cluster, once, with nothing else to say. */
export function plainWay(cluster: Cluster): Way {
  return { cluster, route: null, ...UNHASHED, mayRetry: false }
}

const UNHASHED: CallHash = { hash: NO_HASH, setCookie: '' }

/** All requests go the same way: none need be looked at. */
function isPlain({ routes, cluster, rules }: HttpRole): boolean {
  return routes === null && cluster.config.hashPolicies === undefined && rules.retry?.isPicky !== true
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
  const { retry } = route?.rules ?? role.rules
  return wayTo(
    cluster,
    route,
    isHashed ? hashCall(hashPolicies, view, requester.down.remoteAddress ?? '') : UNHASHED,
    retry === null || !retry.isPicky || retry.covers(view),
  )
}

/** One object for all: read before the next request is looked at. */
let shared: { -readonly [Key in keyof Way]: Way[Key] } | null = null

function wayTo(cluster: Cluster, route: Route | null, { hash, setCookie }: CallHash, mayRetry: boolean): Way {
  shared ??= { cluster, route, hash, setCookie, mayRetry }
  shared.cluster = cluster
  shared.route = route
  shared.hash = hash
  shared.setCookie = setCookie
  shared.mayRetry = mayRetry
  return shared
}
