/** Takes calls of local applications in plain text and sends them where its routes lead. */
import type { Socket } from 'node:net'
import type { OutboundListener } from '#contract/listener.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Deadlines } from '../codec/deadlines.ts'
import type { Limits } from '../codec/limits.ts'
import type { Load } from '../codec/load.ts'
import { acceptWire } from '../codec/wire.ts'
import { HttpConnection } from '../http/connection.ts'
import { type CallRules, callRules } from '../http/resilience/call-rules.ts'
import type { Caller, HttpRole, LiveConnection } from '../http/role.ts'
import { sendCopies } from '../http/routing/mirrors.ts'
import { type Copier, type RouteTable, routeTable } from '../http/routing/route-table.ts'
import { clusterNamed, Shares } from '../http/routing/shares.ts'
import { Connections } from './connections.ts'
import type { ListenerCounters } from './counters.ts'
import type { ListenerRole, RoleEnvironment } from './role.ts'
import { TcpConnection, type TcpRole } from './tcp-connection.ts'
import { turnAway } from './turn-away.ts'

/** A local application may call whatever its listeners lead to. */
export const LOCAL: Caller = {
  addedFields: '',
  denial: '',
  policy: '',
  isShadowDenied: false,
  filters: null,
  rules: null,
}

export class Outbound implements ListenerRole, HttpRole, TcpRole {
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly load: Load
  readonly counters: ListenerCounters
  readonly connections: Connections
  cluster: Cluster
  rules: CallRules
  routes: RouteTable | null
  config: OutboundListener
  readonly isLastHop = false
  isRetiring = false
  readonly #copier: Copier = (mirrors, request, isDone) => sendCopies(this, mirrors, request, isDone)
  /** Of TCP connections; null: all go to the cluster. */
  #backends: Shares | null

  constructor(
    config: OutboundListener,
    clusters: ReadonlyMap<string, Cluster>,
    environment: RoleEnvironment,
    counters: ListenerCounters,
  ) {
    this.config = config
    this.cluster = clusterNamed(config.cluster, clusters)
    this.limits = environment.limits
    this.rules = callRules(config, this.limits)
    this.routes = this.#routesOf(config, clusters)
    this.#backends = sharesOf(config, clusters)
    this.deadlines = environment.deadlines
    this.load = environment.load
    this.counters = counters
    this.connections = new Connections(environment.deadlines, counters, environment.onEmpty)
  }

  /** New calls follow the new section; TCP connections that run stay where they are. */
  configure(config: OutboundListener, clusters: ReadonlyMap<string, Cluster>): void {
    const isOtherProtocol = config.protocol !== this.config.protocol
    this.config = config
    this.cluster = clusterNamed(config.cluster, clusters)
    this.rules = callRules(config, this.limits)
    this.routes = this.#routesOf(config, clusters)
    this.#backends = sharesOf(config, clusters)
    if (!isOtherProtocol) return
    this.connections.forEach(connection => {
      connection.retire()
    })
  }

  accept(raw: Socket): void {
    const { config } = this
    const isTcp = config.protocol === 'tcp'
    this.counters.accepted++
    if (!this.load.enterClient(this.deadlines.nowMs)) {
      this.counters.fail('overload')
      return turnAway(raw, !isTcp)
    }
    const wire = acceptWire(raw, isTcp ? 'bulk' : 'shared')
    wire.socket.once('close', this.load.leaveClient)
    const live = { traffic: wire, peer: null, expiresAtMs: Number.POSITIVE_INFINITY }
    if (!isTcp) {
      this.connections.add(new HttpConnection(wire, this, LOCAL), live)
      return
    }
    const connection = new TcpConnection(wire, this)
    this.connections.add(connection, live)
    this.counters.requests++
    connection.start(this.#backends === null ? this.cluster : this.#backends.pick(), config.connectAttempts)
  }

  retire(withinMs: number): void {
    this.isRetiring = true
    this.connections.retire(withinMs)
  }

  replaced(from: LiveConnection, to: LiveConnection): void {
    this.connections.replace(from, to)
  }

  closed(connection: LiveConnection): void {
    this.connections.remove(connection)
  }

  #routesOf(config: OutboundListener, clusters: ReadonlyMap<string, Cluster>): RouteTable | null {
    const { limits, rules } = this
    return routeTable(config, clusters, this.#copier, route =>
      route.timeouts === undefined && route.retry === undefined ? null : callRules(route, limits, rules),
    )
  }
}

function sharesOf(config: OutboundListener, clusters: ReadonlyMap<string, Cluster>): Shares | null {
  return config.backends === undefined ? null : new Shares(config.backends, clusters)
}
