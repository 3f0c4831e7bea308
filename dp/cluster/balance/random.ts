/** Any one, by weight. */
import type { Balancer, Candidate } from './balancer.ts'
import { firstFree, isFree } from './free.ts'
import { scheduleOf } from './schedule.ts'

/** Draws before those that are left are looked for one by one. */
const DRAWS = 8

export class Random<Member extends Candidate> implements Balancer<Member> {
  readonly #members: readonly Member[]
  readonly #schedule: Uint32Array

  constructor(members: readonly Member[]) {
    this.#members = members
    this.#schedule = scheduleOf(members)
  }

  pick(tried: readonly Member[]): Member | null {
    const { length } = this.#schedule
    for (let draw = 0; draw < DRAWS; draw++) {
      const member = this.#members[this.#schedule[Math.floor(Math.random() * length)] ?? 0]
      if (member !== undefined && isFree(member, tried)) return member
    }
    return firstFree(this.#members, this.#schedule, Math.floor(Math.random() * length), tried)
  }
}
