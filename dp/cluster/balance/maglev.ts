/**
 * Consistent hashing by a table that all endpoints fill in turns, each in an order of its own (Maglev, NSDI 2016 §3.4): a
 * call costs one look, and a change of one endpoint moves few calls of the others.
 */
import type { Balancer, Candidate } from './balancer.ts'
import { firstFree } from './free.ts'
import { hashOrAny, murmurHash, xxHash } from './hash.ts'

const EMPTY = 0xffffffff

export class Maglev<Member extends Candidate> implements Balancer<Member> {
  readonly #members: readonly Member[]
  readonly #table: Uint32Array

  /** `size`: of the table, a prime. */
  constructor(members: readonly Member[], size: number) {
    this.#members = members
    this.#table = members.length === 0 ? new Uint32Array() : filled(members, size)
  }

  pick(tried: readonly Member[], hash: number): Member | null {
    return firstFree(this.#members, this.#table, hashOrAny(hash) % this.#table.length, tried)
  }
}

/** By weight: whoever has less than the most has to leave out turns. */
function filled(members: readonly Candidate[], size: number): Uint32Array {
  const table = new Uint32Array(size).fill(EMPTY)
  const most = members.reduce((largest, { weight }) => Math.max(largest, weight), 1)
  const fillers = members.map(({ endpoint, weight }) => ({
    at: xxHash(endpoint.key) % size,
    step: (murmurHash(endpoint.key) % (size - 1)) + 1,
    share: weight / most,
    credit: 0,
  }))
  for (let left = size; left > 0; ) {
    for (const [index, filler] of fillers.entries()) {
      filler.credit += filler.share
      if (filler.credit < 1) continue
      filler.credit -= 1
      while (table[filler.at] !== EMPTY) filler.at = (filler.at + filler.step) % size
      table[filler.at] = index
      if (--left === 0) break
    }
  }
  return table
}
