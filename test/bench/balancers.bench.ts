/**
 * Picks of every balancer, by how many endpoints there are, and how long a picture of them takes to make. In memory, one
 * thread. Not in scripts/test.
 *
 *   node test/bench/balancers.bench.ts [--write]
 */
import type { Balancer as Config } from '#contract/balancer.ts'
import { makeBalancer } from '../../dp/cluster/balance/balancers.ts'
import { EndpointSet, type Placed } from '../../dp/cluster/balance/endpoint-set.ts'
import { xxHash } from '../../dp/cluster/balance/hash.ts'
import { writeResults } from './results.ts'

const COUNTS = [3, 10, 100, 1000]
const ROUNDS = 5
const PICKS = 1_000_000
const KEYS = Array.from({ length: 1024 }, (_, at) => xxHash(`user-${at}`))
const NOBODY: readonly Placed[] = []
const BALANCERS: Readonly<Record<string, Config>> = {
  'round robin': { type: 'round-robin' },
  random: { type: 'random' },
  'least request': { type: 'least-request', choices: 2 },
  'ring hash': { type: 'ring-hash', minSize: 1024, maxSize: 8_000_000, hash: 'xx-hash' },
  maglev: { type: 'maglev', size: 65_537 },
}
const figures: Record<string, string> = {}

function members(count: number): Placed[] {
  return Array.from({ length: count }, (_, at) => ({
    endpoint: { key: `10.0.${at >> 8}.${at & 255} 8080`, isHealthy: true, active: at % 7 },
    weight: 1,
    priority: 0,
    locality: null,
  }))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

/** ns a pick. */
function measure(pick: (hash: number) => Placed | null): number {
  let found = 0
  const startedAt = process.hrtime.bigint()
  for (let call = 0; call < PICKS; call++) if (pick(KEYS[call & 1023] ?? 0) !== null) found++
  const ns = Number(process.hrtime.bigint() - startedAt) / PICKS
  if (found !== PICKS) throw new Error('somebody was not found')
  return ns
}

for (const [name, config] of Object.entries(BALANCERS)) {
  const cells = COUNTS.map(count => {
    const of = members(count)
    const rounds = Array.from({ length: ROUNDS }, () => {
      const startedAt = performance.now()
      const balancer = makeBalancer(config, of)
      const madeMs = performance.now() - startedAt
      return { madeMs, ns: measure(hash => balancer.pick(NOBODY, hash)) }
    })
    const ns = median(rounds.map(round => round.ns))
    const madeMs = median(rounds.map(round => round.madeMs))
    return `${count}: ${(1000 / ns).toFixed(0)} M/s, made in ${madeMs.toFixed(2)} ms`
  })
  figures[`${name}, picks by endpoints`] = cells.join('; ')
}
const placed: readonly Placed[] = members(100).map((one, at) => ({
  ...one,
  priority: at % 2,
  locality: { name: `${at % 4}`, weight: 1 + (at % 4) },
}))
const set = new EndpointSet(placed, { type: 'round-robin' })
figures['round robin, 2 priorities, 4 localities, 100 endpoints'] =
  `${(1000 / median(Array.from({ length: ROUNDS }, () => measure(hash => set.pick(NOBODY, hash))))).toFixed(0)} M/s`
for (const [what, figure] of Object.entries(figures)) console.log(`${what}: ${figure}`)
if (process.argv.includes('--write')) writeResults('balancers', `medians of ${ROUNDS} rounds`, figures)
