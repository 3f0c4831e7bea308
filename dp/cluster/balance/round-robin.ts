/** One after the other, by weight. */
import type { Balancer, Candidate } from './balancer.ts'
import { isFree } from './free.ts'
import { scheduleOf } from './schedule.ts'

export class RoundRobin<Member extends Candidate> implements Balancer<Member> {
  readonly #members: readonly Member[]
  readonly #schedule: Uint32Array
  #next = 0

  constructor(members: readonly Member[]) {
    this.#members = members
    this.#schedule = scheduleOf(members)
  }

  pick(tried: readonly Member[]): Member | null {
    const schedule = this.#schedule
    for (let step = 0; step < schedule.length; step++) {
      const at = this.#next
      this.#next = at + 1 >= schedule.length ? 0 : at + 1
      const member = this.#members[schedule[at] ?? 0]
      if (member !== undefined && isFree(member, tried)) return member
    }
    return null
  }
}
