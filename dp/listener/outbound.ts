/** Takes calls of local applications in plain text and sends them to one cluster. */
import type { Socket } from 'node:net'
import type { OutboundListener } from '#contract/listener.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Deadlines } from '../codec/deadlines.ts'
import type { Limits } from '../codec/limits.ts'
import type { Load } from '../codec/load.ts'
import { acceptWire } from '../codec/wire.ts'
import { HttpConnection } from '../http/connection.ts'
import type { Caller, HttpRole, LiveConnection } from '../http/role.ts'
import { Connections } from './connections.ts'
import type { ListenerCounters } from './counters.ts'
import type { ListenerRole, RoleEnvironment } from './role.ts'
import { TcpConnection, type TcpRole } from './tcp-connection.ts'
import { turnAway } from './turn-away.ts'

/** A local application may call whatever its listeners lead to. */
const LOCAL: Caller = { addedFields: '', denial: '', isShadowDenied: false }

export class Outbound implements ListenerRole, HttpRole, TcpRole {
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly load: Load
  readonly counters: ListenerCounters
  readonly connections: Connections
  cluster: Cluster
  config: OutboundListener
  readonly isLastHop = false
  isRetiring = false

  constructor(
    config: OutboundListener,
    cluster: Cluster,
    environment: RoleEnvironment,
    counters: ListenerCounters,
  ) {
    this.config = config
    this.cluster = cluster
    this.limits = environment.limits
    this.deadlines = environment.deadlines
    this.load = environment.load
    this.counters = counters
    this.connections = new Connections(environment.deadlines, counters, environment.onEmpty)
  }

  /** New calls follow the new section; TCP connections that run stay where they are. */
  configure(config: OutboundListener, cluster: Cluster): void {
    const isOtherProtocol = config.protocol !== this.config.protocol
    this.config = config
    this.cluster = cluster
    if (!isOtherProtocol) return
    this.connections.forEach(connection => {
      connection.retire()
    })
  }

  accept(raw: Socket): void {
    const isTcp = this.config.protocol === 'tcp'
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
    connection.start(this.cluster)
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
}
