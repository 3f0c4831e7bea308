/** What runs: the clusters by name, the listeners by `ADDRESS:PORT`, and the roles behind listeners that are gone. */
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { Sections } from '#contract/snapshot.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Limits } from '../codec/limits.ts'
import type { ReasonCode } from '../errors.ts'
import { ListenerCounters } from '../listener/counters.ts'
import { Inbound } from '../listener/inbound.ts'
import { Outbound } from '../listener/outbound.ts'
import { RareLog } from '../listener/rare-log.ts'
import type { RoleEnvironment } from '../listener/role.ts'
import type { TcpListener } from '../listener/tcp-listener.ts'

export type Role = Inbound | Outbound

export interface RunningListener {
  readonly socket: TcpListener
  readonly role: Role
}

export class Runtime {
  /** The sections that run; null before the first snapshot. */
  sections: Sections | null = null
  clusters: ReadonlyMap<string, Cluster> = new Map()
  listeners: ReadonlyMap<string, RunningListener> = new Map()
  /** Current ones, and retired ones that still have connections. */
  readonly roles = new Set<Role>()
  /** Called when a role has lost its last connection. */
  onQuiet: () => void = () => {}
  readonly #environment: Omit<RoleEnvironment, 'onEmpty'>
  readonly #rareLog: RareLog

  constructor(environment: Omit<RoleEnvironment, 'onEmpty'>) {
    this.#environment = environment
    this.#rareLog = new RareLog(environment.log)
  }

  get limits(): Limits {
    return this.#environment.limits
  }

  /** True when no connection of any listener lives. */
  get isQuiet(): boolean {
    return [...this.roles].every(role => role.connections.size === 0)
  }

  /** The section as it runs now. `clusters`: the new picture; it holds the cluster of every outbound. */
  start(config: InboundListener | OutboundListener, clusters: ReadonlyMap<string, Cluster>): Role {
    const environment = { ...this.#environment, onEmpty: () => this.#onEmpty() }
    const counters = new ListenerCounters((reason, policy) => this.#tellFailure(role.config, reason, policy))
    const role: Role =
      config.direction === 'inbound'
        ? new Inbound(config, environment, counters)
        : new Outbound(config, clusters, environment, counters)
    this.roles.add(role)
    return role
  }

  /** Takes a changed section over. Another direction makes another role, and the old one retires. */
  change(
    running: RunningListener,
    config: InboundListener | OutboundListener,
    clusters: ReadonlyMap<string, Cluster>,
  ): RunningListener {
    const { role, socket } = running
    if (config.direction === 'inbound' && role instanceof Inbound) role.configure(config)
    else if (config.direction === 'outbound' && role instanceof Outbound) {
      role.configure(config, clusters)
    } else {
      const next = { socket, role: this.start(config, clusters) }
      socket.open(raw => next.role.accept(raw))
      this.retire(role)
      return next
    }
    return running
  }

  retire(role: Role, withinMs: number = this.limits.retireMs): void {
    role.retire(withinMs)
    this.#forget()
  }

  /** Each call that a listener refuses, or that fails there, is in the log: a line a second for each reason. */
  #tellFailure(config: InboundListener | OutboundListener, reason: ReasonCode, policy: string): void {
    const listener = `${config.direction} ${config.address}:${config.port}`
    const service = config.direction === 'inbound' ? config.service : config.cluster
    this.#rareLog.warn({ listener, service, reason, ...(policy !== '' && { policy }) }, 'call failed')
  }

  #onEmpty(): void {
    this.#forget()
    this.onQuiet()
  }

  #forget(): void {
    for (const role of this.roles) if (role.isRetiring && role.connections.size === 0) this.roles.delete(role)
  }
}
