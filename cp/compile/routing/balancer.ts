/** How a MeshLoadBalancingStrategy has an endpoint chosen → balancer and hash policies of the contract (semantics 3.9). */
import { goDurationMs } from '#base/duration.ts'
import type { Balancer, HashPolicy } from '#contract/balancer.ts'
import type { MeshLoadBalancingStrategySpec } from '../../kinds/routing/mesh-load-balancing-strategy.ts'

export type Conf = NonNullable<NonNullable<MeshLoadBalancingStrategySpec['to']>[number]['default']>
type LoadBalancer = NonNullable<Conf['loadBalancer']>
type Written = NonNullable<Conf['hashPolicies']>[number]

/** What the contract admits. */
export const MAX_CHOICES = 1_000
/** Kuma's defaults. */
export const MIN_RING_SIZE = 1_024
export const TABLE_SIZE = 65_537
const MAX_RING_SIZE = 8_000_000

export function balancerOf({ type, leastRequest, ringHash, maglev }: LoadBalancer): Balancer {
  switch (type) {
    case 'RoundRobin':
      return { type: 'round-robin' }
    case 'Random':
      return { type: 'random' }
    case 'LeastRequest':
      return { type: 'least-request', choices: Math.min(leastRequest?.choiceCount ?? 2, MAX_CHOICES) }
    case 'Maglev':
      return { type: 'maglev', size: primeFrom(maglev?.tableSize ?? TABLE_SIZE) }
    case 'RingHash': {
      const maxSize = ringHash?.maxRingSize ?? MAX_RING_SIZE
      return {
        type: 'ring-hash',
        minSize: Math.min(ringHash?.minRingSize ?? MIN_RING_SIZE, maxSize),
        maxSize,
        hash: ringHash?.hashFunction === 'MurmurHash2' ? 'murmur-hash-2' : 'xx-hash',
      }
    }
  }
}

/** Where they are now, or beside the balancer where they were before 2.12. */
export function hashPoliciesOf({ hashPolicies, loadBalancer }: Conf): readonly HashPolicy[] {
  const { type, ringHash, maglev } = loadBalancer ?? {}
  const older = type === 'RingHash' ? ringHash : type === 'Maglev' ? maglev : undefined
  return (hashPolicies ?? older?.hashPolicies ?? []).flatMap(hashPolicyOf)
}

/** What the data plane does not know is left out: such calls have no hash of it. */
function hashPolicyOf(policy: Written): readonly HashPolicy[] {
  const { type, terminal: isTerminal = false, header, cookie, connection, queryParameter } = policy
  if (type === 'Header' && header !== undefined) {
    return [{ type: 'header', name: header.name.toLowerCase(), isTerminal }]
  }
  if (type === 'QueryParameter' && queryParameter !== undefined) {
    return [{ type: 'query', name: queryParameter.name, isTerminal }]
  }
  if (type === 'SourceIP' || (type === 'Connection' && connection?.sourceIP === true)) {
    return [{ type: 'connection', isTerminal }]
  }
  if (type !== 'Cookie' || cookie === undefined) return []
  const { name, path, ttl } = cookie
  const ttlMs = ttl === undefined ? null : goDurationMs(ttl)
  return [
    {
      type: 'cookie',
      name,
      ...(path !== undefined && { path }),
      ...(ttlMs !== null && { ttlMs: Math.max(0, Math.round(ttlMs)) }),
      isTerminal,
    },
  ]
}

/** The first prime that is not below: a table of another size would not spread evenly. */
function primeFrom(least: number): number {
  let size = Math.max(2, least)
  while (!isPrime(size)) size++
  return size
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false
  return true
}
