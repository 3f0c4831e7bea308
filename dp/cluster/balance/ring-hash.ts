/**
 * Consistent hashing on a ring (ketama): each endpoint has many points on it, a call goes to the first point behind its
 * hash. Whoever leaves gives its calls to all others, and nobody else's calls move.
 */
import type { Balancer, Candidate } from './balancer.ts'
import { firstFree } from './free.ts'
import { GOLDEN, type Hash, hashOrAny } from './hash.ts'

/** Index of the member in the lower bits, hash in the upper ones: together they fit into a double. */
const INDEX_FACTOR = 2 ** 21
/** Unless more are asked for: a ring is made anew with every change of its members. */
const MAX_POINTS = 2 ** 16

export class RingHash<Member extends Candidate> implements Balancer<Member> {
  readonly #members: readonly Member[]
  /** In the order of `#hashes`. */
  readonly #owners: Uint32Array
  readonly #hashes: Uint32Array

  /** `minSize`, `maxSize`: points of all together; each member has one at least. */
  constructor(members: readonly Member[], minSize: number, maxSize: number, hash: Hash) {
    this.#members = members
    const points = pointsOf(members, minSize, maxSize, hash)
    this.#owners = Uint32Array.from(points, point => point % INDEX_FACTOR)
    this.#hashes = Uint32Array.from(points, point => Math.floor(point / INDEX_FACTOR))
  }

  pick(tried: readonly Member[], hash: number): Member | null {
    return firstFree(this.#members, this.#owners, this.#placeOf(hashOrAny(hash)), tried)
  }

  /** Of the first point that is not before the hash. */
  #placeOf(hash: number): number {
    let low = 0
    let high = this.#hashes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#hashes[middle] ?? 0) < hash) low = middle + 1
      else high = middle
    }
    return low === this.#hashes.length ? 0 : low
  }
}

/** Sorted by hash; each with the index of its member. */
function pointsOf(members: readonly Candidate[], minSize: number, maxSize: number, hash: Hash): Float64Array {
  const perWeight = pointsPerWeight(members, minSize, maxSize)
  const counts = members.map(({ weight }) => Math.max(1, Math.round(perWeight * weight)))
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0))
  let at = 0
  for (const [index, { endpoint }] of members.entries()) {
    const seed = hash(endpoint.key)
    const count = counts[index] ?? 0
    for (let point = 0; point < count; point++)
      points[at++] = mixed(seed ^ Math.imul(point, GOLDEN)) * INDEX_FACTOR + index
  }
  return points.sort()
}

/** Each bit depends on all (the finaliser of MurmurHash3). */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * A quarter of the least size each, however many there are: points stay where they are when others come or go. Halved until
 * all together are no more than they may be.
 */
function pointsPerWeight(members: readonly Candidate[], minSize: number, maxSize: number): number {
  const least = members.reduce((smallest, { weight }) => Math.min(smallest, weight), Number.POSITIVE_INFINITY)
  const total = members.reduce((sum, { weight }) => sum + weight, 0)
  const most = Math.min(maxSize, Math.max(minSize, MAX_POINTS))
  let points = Math.ceil(minSize / 4) / least
  while (points * total > most) points /= 2
  return points
}
