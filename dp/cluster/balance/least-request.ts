/** Of some that are drawn at random the one with the fewest calls: the power of two choices. */
import type { Balancer, Candidate } from './balancer.ts'
import { Random } from './random.ts'

export class LeastRequest<Member extends Candidate> implements Balancer<Member> {
  readonly #random: Random<Member>
  readonly #choices: number

  /** `choices`: how many are drawn, with weight; at least 2. */
  constructor(members: readonly Member[], choices: number) {
    this.#random = new Random(members)
    this.#choices = choices
  }

  pick(tried: readonly Member[]): Member | null {
    let best = this.#random.pick(tried)
    for (let draw = 1; draw < this.#choices && best !== null; draw++) {
      const other = this.#random.pick(tried)
      if (other !== null && other.endpoint.active < best.endpoint.active) best = other
    }
    return best
  }
}
