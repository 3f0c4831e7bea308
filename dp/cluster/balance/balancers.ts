/** All ways to choose an endpoint, by their names in the contract. */
import type { Balancer as Config } from '#contract/balancer.ts'
import type { Balancer, Candidate } from './balancer.ts'
import { murmurHash, xxHash } from './hash.ts'
import { LeastRequest } from './least-request.ts'
import { Maglev } from './maglev.ts'
import { Random } from './random.ts'
import { RingHash } from './ring-hash.ts'
import { RoundRobin } from './round-robin.ts'

/** For these members, as long as they are the same. */
export function makeBalancer<Member extends Candidate>(
  config: Config,
  members: readonly Member[],
): Balancer<Member> {
  switch (config.type) {
    case 'round-robin':
      return new RoundRobin(members)
    case 'random':
      return new Random(members)
    case 'least-request':
      return new LeastRequest(members, config.choices)
    case 'ring-hash':
      return new RingHash(
        members,
        config.minSize,
        config.maxSize,
        config.hash === 'xx-hash' ? xxHash : murmurHash,
      )
    case 'maglev':
      return new Maglev(members, config.size)
  }
}
