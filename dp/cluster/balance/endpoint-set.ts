/**
 * The endpoints of a cluster in groups: priorities, and in each its localities. How much of the calls a priority can take
 * follows from its health (Envoy's overprovisioning factor), the rest goes to the next one; a locality's share from its
 * weight and its health. Replaced as a whole with the endpoints.
 */
import type { Balancer as Config } from '#contract/balancer.ts'
import type { Locality } from '#contract/cluster.ts'
import type { Balancer, Candidate } from './balancer.ts'
import { makeBalancer } from './balancers.ts'
import { GOLDEN, HASHES } from './hash.ts'

/** An endpoint with its place. */
export interface Placed extends Candidate {
  readonly priority: number
  readonly locality: Locality | null
}

/** Envoy's, in percent. */
const OVERPROVISIONING = 140

interface Group<Member> {
  readonly members: readonly Member[]
  readonly balancer: Balancer<Member & Candidate>
  readonly weight: number
  /** Of the calls of its priority, not normalised. */
  share: number
}

interface Priority<Member> {
  readonly members: readonly Member[]
  readonly groups: readonly Group<Member>[]
  /** Percent of all calls. */
  load: number
}

export class EndpointSet<Member extends Placed> {
  readonly #priorities: readonly Priority<Member>[]
  readonly #factor: number

  /** `overprovisioning`: percent; undefined: 140. */
  constructor(members: readonly Member[], config: Config, overprovisioning = OVERPROVISIONING) {
    this.#factor = overprovisioning / 100
    const byPriority = Map.groupBy(members, ({ priority }) => priority)
    this.#priorities = [...byPriority]
      .toSorted(([a], [b]) => a - b)
      .map(([, of]) => ({ members: of, groups: groupsOf(of, config), load: 0 }))
    this.weigh()
  }

  /** Looks at who is healthy. To be called when that has changed, or now and then. */
  weigh(): void {
    let total = 0
    for (const priority of this.#priorities) {
      priority.load = 100 * Math.min(1, this.#factor * healthOf(priority.members))
      total += priority.load
      for (const group of priority.groups)
        group.share = group.weight * Math.min(1, this.#factor * healthOf(group.members))
    }
    let left = 100
    const scale = total === 0 ? 0 : Math.max(1, 100 / total)
    for (const priority of this.#priorities) {
      priority.load = Math.min(left, priority.load * scale)
      left -= priority.load
    }
  }

  /** One that is healthy and was not tried; null: there is none. `hash`: of the call, or NO_HASH. */
  pick(tried: readonly Member[], hash: number): Member | null {
    const drawn = this.#draw(tried, hash)
    if (drawn !== null) return drawn
    // The picture was older than what has happened to the endpoints.
    this.weigh()
    return this.#draw(tried, hash) ?? this.#any(tried, hash)
  }

  #draw(tried: readonly Member[], hash: number): Member | null {
    const priority = this.#priorityFor(hash)
    return priority === undefined
      ? null
      : (drawGroup(priority.groups, hash)?.balancer.pick(tried, hash) ?? null)
  }

  #priorityFor(hash: number): Priority<Member> | undefined {
    const priorities = this.#priorities
    if (priorities.length === 1) return priorities[0]
    let drawn = hash < 0 ? Math.random() * 100 : hash % 100
    for (const priority of priorities) {
      if (drawn < priority.load) return priority
      drawn -= priority.load
    }
    return undefined
  }

  /** Whoever is left, the first priority first. */
  #any(tried: readonly Member[], hash: number): Member | null {
    for (const { groups } of this.#priorities) {
      for (const { balancer } of groups) {
        const member = balancer.pick(tried, hash)
        if (member !== null) return member
      }
    }
    return null
  }
}

/** A hash decides about that too, so that equal calls stay together; by bits that the balancers do not go by. */
function drawGroup<Member>(groups: readonly Group<Member>[], hash: number): Group<Member> | undefined {
  if (groups.length === 1) return groups[0]
  let total = 0
  for (const { share } of groups) total += share
  let drawn = (hash < 0 ? Math.random() : (Math.imul(hash, GOLDEN) >>> 0) / HASHES) * total
  for (const group of groups) {
    if (drawn < group.share) return group
    drawn -= group.share
  }
  return groups[0]
}

function groupsOf<Member extends Placed>(members: readonly Member[], config: Config): Group<Member>[] {
  const byLocality = Map.groupBy(members, ({ locality }) => locality?.name ?? null)
  return [...byLocality.values()].map(of => ({
    members: of,
    balancer: makeBalancer(config, of),
    weight: of[0]?.locality?.weight ?? 1,
    share: 0,
  }))
}

/** 0 to 1. */
function healthOf(members: readonly Candidate[]): number {
  let healthy = 0
  for (const { endpoint } of members) if (endpoint.isHealthy) healthy++
  return healthy / members.length
}
