/**
 * One destination: its endpoints, whose turn it is (balance/), and the next endpoint when a connection cannot be made, at
 * which point nothing was sent. The endpoints are replaced as a whole; what is known of an address that stays, stays.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Endpoint as Address, Cluster as ClusterConfig } from '#contract/cluster.ts'
import type { MeshTls, TrustDomain } from '../tls/mesh-tls.ts'
import { Attempt, MAX_TRIES, type Member } from './attempt.ts'
import { EndpointSet, type Placed } from './balance/endpoint-set.ts'
import { NO_HASH } from './balance/hash.ts'
import { CALL_CELLS, CallCounts } from './call-counts.ts'
import { Destination } from './destination.ts'
import { Endpoint, type HealthChange, keyOf } from './endpoint.ts'
import { HealthChecks } from './health/health-checks.ts'
import { Http2Pool } from './http2/http2-pool.ts'
import { Outliers } from './outlier/outliers.ts'
import { Panic } from './outlier/panic.ts'
import type { PoolEnvironment } from './pool.ts'
import type { Stream, StreamWaiter } from './transport.ts'
import { Trunks } from './trunks.ts'

export interface ClusterEnvironment extends PoolEnvironment {
  readonly tls: MeshTls
}

/** Endpoints that a call does not go to where there are others. */
export interface Omits {
  readonly endpoints: readonly Endpoint[]
  readonly keys: ReadonlySet<string>
  /** Whole priorities too: those of `endpoints`, looked at each time so many have come to them; 0: none. */
  readonly prioritiesAfter: number
}

export class Cluster {
  /** What is under way to it. */
  readonly counts: CallCounts
  /** Of the stream that was handed out last. */
  picked: Endpoint | null = null
  readonly #environment: ClusterEnvironment
  #config: ClusterConfig
  #destination: Destination
  #members: readonly Member[] = []
  #set: EndpointSet<Member> | null = null
  /** When it was looked at last who is healthy. */
  #weighedAtMs = 0
  #next = 0
  readonly #panic = new Panic()
  /** null: nobody was ever judged. */
  #outliers: Outliers | null = null
  /** null: nobody was ever probed. */
  #healthChecks: HealthChecks | null = null
  /** It was called at least once. */
  #isCalled = false

  constructor(config: ClusterConfig, environment: ClusterEnvironment) {
    this.#environment = environment
    this.#config = config
    this.counts = new CallCounts(config.limits, environment.cells(`calls ${config.name}`, CALL_CELLS))
    this.#destination = new Destination(config, environment.tls, environment.limits)
    this.#replaceMembers()
  }

  get config(): ClusterConfig {
    return this.#config
  }

  get endpoints(): readonly Endpoint[] {
    return this.#members.map(({ endpoint }) => endpoint)
  }

  /** What has happened to it, by what was counted. */
  get counters(): Readonly<Record<string, number>> {
    return {
      ejections: this.#outliers?.ejections ?? 0,
      ejectionsOverflow: this.#outliers?.overflows ?? 0,
      overflow: this.counts.refusals,
    }
  }

  /** Takes a changed section over; connections that it does not concern stay. */
  update(config: ClusterConfig): void {
    const old = this.#config
    this.#config = config
    this.counts.configure(config.limits)
    this.#destination = new Destination(config, this.#environment.tls, this.#environment.limits)
    // First: calls that wait at an endpoint that is gone move to one that stays, by the new section.
    if (!isDeepStrictEqual({ ...old, endpoints: [] }, { ...config, endpoints: [] })) {
      for (const { transport } of this.#members) transport.redirect(this.#destination)
    }
    this.#replaceMembers()
  }

  /**
   * A stream for an HTTP exchange: at once, or null and the waiter is told. `isFresh`: none that was used before. `hash`: of
   * the call, by which some balancers choose. `omits`: who had better not be asked.
   */
  acquire(waiter: StreamWaiter, isFresh: boolean, hash = NO_HASH, omits: Omits | null = null): Stream | null {
    if (!this.#isCalled) this.#begin()
    const member = (omits === null ? null : this.#pickOther(omits, hash)) ?? this.pick(NOBODY, hash)
    if (member === null) {
      this.#refuse(waiter)
      return null
    }
    const stream = isFresh ? null : member.transport.take()
    if (stream === null) {
      new Attempt(this, waiter, isFresh ? 'fresh' : 'exchange', hash, MAX_TRIES).go(member)
      return null
    }
    this.picked = member.endpoint
    return stream
  }

  /** A stream for a TCP connection. `tries`: endpoints that are asked for it, one after the other. */
  open(waiter: StreamWaiter, hash = NO_HASH, tries = MAX_TRIES): void {
    if (!this.#isCalled) this.#begin()
    const member = this.pick(NOBODY, hash)
    if (member !== null) new Attempt(this, waiter, 'tunnel', hash, tries).go(member)
    else this.#refuse(waiter)
  }

  /** Cuts connections to servers whose root is gone. */
  recheck(domains: readonly TrustDomain[]): void {
    const { domain } = this.#destination
    if (domain === null || !domains.includes(domain)) return
    for (const { transport } of this.#members) transport.recheck()
  }

  /** What another worker has found out about an endpoint. */
  hear(change: HealthChange): void {
    if ('isCalled' in change) return this.#isCalled ? undefined : this.#begin()
    const { endpoint, cause, reason } = change
    // It was taken out by rules that hold no more, or not here.
    if (cause === 'ejected' && reason !== '' && this.#config.outliers === undefined) return
    this.#members.find(member => member.endpoint.key === endpoint)?.endpoint.hear(cause, reason)
  }

  /** Closes what is idle; what runs ends by itself. */
  retire(): void {
    for (const member of this.#members) retireMember(member)
    this.#members = []
    this.#set = null
    if (this.#outliers !== null) this.#environment.deadlines.remove(this.#outliers)
    this.#healthChecks?.stop()
  }

  /**
   * Whose turn it is, null when all were tried. Where nobody else is left, those are asked that are out of reach, but not
   * those that were taken out.
   */
  pick(tried: readonly Member[], hash: number): Member | null {
    if (this.#panic.isRefusing) return null
    if (this.#set !== null) {
      this.#look()
      const member = this.#set.pick(tried, hash)
      if (member !== null) return member
    }
    const count = this.#members.length
    let unhealthy: Member | null = null
    for (let step = 0; step < count; step++) {
      const index = (this.#next + step) % count
      const member = this.#members[index]
      if (member === undefined || !member.endpoint.isAllowed || tried.includes(member)) continue
      if (member.endpoint.isHealthy) {
        this.#next = index + 1
        return member
      }
      if (count > 1) member.endpoint.probe(this.#config.connectTimeoutMs)
      unhealthy ??= member
    }
    if (unhealthy !== null) this.#next = this.#members.indexOf(unhealthy) + 1
    return unhealthy
  }

  /** Now and then: who is healthy, and whether those who are not still are out of reach. */
  #look(): void {
    const { nowMs } = this.#environment.deadlines
    if (nowMs === this.#weighedAtMs) return
    this.#weighedAtMs = nowMs
    this.#set?.weigh()
    for (const { endpoint } of this.#members)
      if (!endpoint.isHealthy) endpoint.probe(this.#config.connectTimeoutMs)
  }

  #pickOther({ endpoints, keys, prioritiesAfter }: Omits, hash: number): Member | null {
    if (keys.size === 0 && prioritiesAfter === 0) {
      const omitted = this.#members.filter(({ endpoint }) => endpoints.includes(endpoint))
      return this.pick(omitted, hash)
    }
    const count = prioritiesAfter === 0 ? 0 : endpoints.length - (endpoints.length % prioritiesAfter)
    const looked = endpoints.slice(0, count)
    const tried = this.#members.filter(({ endpoint }) => looked.includes(endpoint))
    const isOmitted = ({ endpoint, priority }: Member): boolean =>
      endpoints.includes(endpoint) || keys.has(endpoint.key) || tried.some(one => one.priority === priority)
    return this.pick(this.#members.filter(isOmitted), hash)
  }

  #refuse(waiter: StreamWaiter): void {
    const what = this.#members.length === 0 ? 'has no endpoint' : 'has no healthy endpoint'
    waiter.onNoStream('no-healthy-endpoint', `cluster ${this.#config.name} ${what}`)
  }

  #replaceMembers(): void {
    const before = new Map(this.#members.map(member => [member.endpoint.key, member]))
    const addresses = new Map(this.#config.endpoints.map(endpoint => [keyOf(endpoint), endpoint]))
    const members: Member[] = []
    for (const [key, address] of addresses) {
      const known = before.get(key)
      if (known === undefined || known.protocol !== this.#config.protocol) members.push(this.#member(address))
      else {
        before.delete(key)
        members.push({ ...known, ...placeOf(address) })
      }
    }
    this.#members = members
    this.#panic.watch(this.endpoints, this.#config.panic)
    this.#set = this.#balancedSet()
    this.#watch()
    this.#check()
    // After the change, so that those who wait there find the new picture.
    for (const gone of before.values()) retireMember(gone)
  }

  /** Answers are looked at where it is said what is bad about them. */
  #watch(): void {
    const { outliers } = this.#config
    const { deadlines } = this.#environment
    if (outliers === undefined) {
      if (this.#outliers === null) return
      this.#outliers.stop()
      deadlines.remove(this.#outliers)
      return
    }
    this.#outliers ??= new Outliers(outliers)
    this.#outliers.configure(outliers)
    this.#outliers.watch(this.endpoints)
    deadlines.add(this.#outliers)
  }

  #begin(): void {
    this.#isCalled = true
    this.#healthChecks?.called()
    this.#tellCalled()
  }

  /** To the worker that probes for all. */
  #tellCalled(): void {
    const { checksHealth, onHealth } = this.#environment
    const { healthChecks = [], name } = this.#config
    if (!checksHealth && healthChecks.length > 0) onHealth({ cluster: name, isCalled: true })
  }

  #check(): void {
    const { healthChecks = [], name, tls } = this.#config
    const { checksHealth, limits, log } = this.#environment
    if (!checksHealth && this.#isCalled) this.#tellCalled()
    if (!checksHealth || (healthChecks.length === 0 && this.#healthChecks === null)) return
    this.#healthChecks ??= new HealthChecks(name, limits, log)
    if (this.#isCalled) this.#healthChecks.isCalled = true
    this.#healthChecks.configure(healthChecks, this.#members, tls !== null)
  }

  #member(address: Address): Member {
    const { protocol, name } = this.#config
    const endpoint = new Endpoint(address, name, this.#environment, one => this.#panic.note(one))
    const Way = protocol === 'http2' ? Http2Pool : Trunks
    const transport = new Way(endpoint, this.#destination, this.#environment)
    return { endpoint, transport, protocol, ...placeOf(address) }
  }

  /** null: all endpoints are alike and take turns, which needs no more than a counter. */
  #balancedSet(): EndpointSet<Member> | null {
    const { balancer = ROUND_ROBIN, overprovisioning, endpoints } = this.#config
    const areAlike = endpoints.every(
      one => (one.weight ?? 1) === 1 && !one.priority && one.locality === undefined,
    )
    if (balancer.type === 'round-robin' && areAlike) return null
    return new EndpointSet(this.#members, balancer, overprovisioning)
  }
}

const ROUND_ROBIN = { type: 'round-robin' } as const

function placeOf({ weight = 1, priority = 0, locality }: Address): Omit<Placed, 'endpoint'> {
  return { weight, priority, locality: locality ?? null }
}

function retireMember(member: Member): void {
  member.endpoint.retire()
  member.transport.retire()
}

const NOBODY: readonly Member[] = []
