/**
 * What each resilience policy costs a call, configured and not: in memory, one thread, the whole way of a call but its
 * sockets. And what is left of its use: p99 of calls to a service of 1,000 endpoints, one in ten of which fails, over real
 * sockets. Not in scripts/test.
 *
 *   node test/bench/resilience.bench.ts [--write]
 */
import type { PermissionRule } from '#contract/listener.ts'
import type { OutlierDetection } from '#contract/resilience/breaker.ts'
import type { RateLimit } from '#contract/resilience/rate-limit.ts'
import type { Retry } from '#contract/resilience/retry.ts'
import { decide } from '../../dp/listener/permission.ts'
import { median } from './daemon.ts'
import { type InMemory, throughInbound, throughOutbound } from './resilience/in-memory.ts'
import { ENDPOINTS, measureOneInTen, RATE } from './resilience/one-in-ten.ts'
import { writeResults } from './results.ts'

const ROUNDS = 15
const CALLS = 20_000
/** Between two turns of the event loop, in which timers are looked at. */
const TURN = 500
const GOAL_US = 3

interface Sort {
  readonly name: string
  readonly way: InMemory
  /** Calls that get to the endpoint; absent: all. */
  readonly reaching?: number
}

const rows: string[][] = []
const timeouts = { policy: 'MeshTimeout/x', requestMs: 15_000, streamIdleMs: 60_000, maxStreamMs: 300_000 }
const retry: Retry = {
  policy: 'MeshRetry/x',
  on: ['5xx', 'connect-failure', 'refused-stream'],
  retries: 5,
  backOff: { baseMs: 25, maxMs: 250 },
}
const picky: Retry = {
  ...retry,
  methods: ['GET', 'HEAD'],
  requestHeaders: [{ type: 'prefix', name: 'x-request-id', value: '7c' }],
}
const limits = { policy: 'MeshCircuitBreaker/x', maxConnections: 1024, maxPending: 1024, maxRequests: 1024 }
const outliers: OutlierDetection = {
  policy: 'MeshCircuitBreaker/x',
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionPercent: 10,
  splitsErrors: false,
  consecutive5xx: 5,
  consecutiveGateway: 5,
  successRate: { minimumHosts: 5, requestVolume: 100, factor: 1.9 },
  failurePercentage: { minimumHosts: 5, requestVolume: 50, threshold: 85 },
}
const rateLimit: RateLimit = {
  policy: 'MeshRateLimit/x',
  requests: 1_000_000_000,
  intervalMs: 1000,
  status: 429,
  set: [{ name: 'x-limited', value: 'yes' }],
  add: [],
}
// as rarely as can be
const rarely = { percentage: Number.MIN_VALUE }
const fault = {
  policy: 'MeshFaultInjection/x',
  abort: { status: 503, ...rarely },
  delay: { ms: 100, ...rarely },
  bandwidth: { bytesPerSecond: 1000, ...rarely },
}
const always = { policy: 'MeshFaultInjection/x', abort: { status: 503, percentage: 100 } }
const denied = { denial: 'permission-denied', policy: 'MeshTrafficPermission/x' } as const

const outbound: readonly Sort[] = [
  { name: 'nothing is configured', way: throughOutbound({}) },
  { name: 'the same once more (noise)', way: throughOutbound({}) },
  { name: 'timeouts', way: throughOutbound({ timeouts }) },
  { name: 'a retry policy', way: throughOutbound({ retry }) },
  { name: 'one with a time for each try', way: throughOutbound({ retry: { ...retry, perTryMs: 2000 } }) },
  { name: 'one for some methods and headers', way: throughOutbound({ retry: picky }) },
  { name: 'limits of a circuit breaker', way: throughOutbound({}, { limits }) },
  { name: 'outlier detection, all detectors', way: throughOutbound({}, { outliers }) },
  {
    name: 'all of these',
    way: throughOutbound({ timeouts, retry: { ...picky, perTryMs: 2000 } }, { limits, outliers }),
  },
]
const inbound: readonly Sort[] = [
  { name: 'nothing is configured', way: throughInbound({}) },
  { name: 'the same once more (noise)', way: throughInbound({}) },
  { name: 'a permission that allows', way: throughInbound({}, { policy: 'MeshTrafficPermission/x' }) },
  { name: 'one that allows and counts (shadow)', way: throughInbound({}, { isShadowDenied: true }) },
  { name: 'a rate limit', way: throughInbound({ rateLimits: [rateLimit] }) },
  { name: 'a fault (abort, delay, bandwidth)', way: throughInbound({ faults: [fault] }) },
  {
    name: 'three such faults and a rate limit',
    way: throughInbound({ faults: [fault, fault, fault], rateLimits: [rateLimit] }),
  },
  { name: 'denied by permission', way: throughInbound({}, denied), reaching: 0 },
  { name: 'aborted by a fault', way: throughInbound({ faults: [always] }), reaching: 0 },
  {
    name: 'over the limit',
    way: throughInbound({ rateLimits: [{ ...rateLimit, requests: 1, intervalMs: 2 ** 31 - 1 }] }),
    reaching: 1,
  },
]

await measure('outbound', outbound)
await measure('inbound', inbound)
measureDecision(1)
measureDecision(100)
const COLUMNS = ['where', 'what', 'us a call', 'times nothing', 'adds', `goal: ${GOAL_US} us`]
for (const row of rows) console.log(row.join(' | '))
if (process.argv.includes('--write')) {
  const how = `CPU, medians of ${ROUNDS} interleaved rounds of ${CALLS} calls, in memory`
  writeResults('resilience', how, rows, COLUMNS)
}
const service = await measureOneInTen()
for (const row of service) console.log(row.join(' | '))
if (process.argv.includes('--write')) {
  const how = `p50 / p99 at ${RATE} calls a second to each of two at once; those that fail answer 503, reset, refuse or hang`
  const columns = [
    'when',
    'all are well',
    'one in ten fails',
    'made again',
    'out of use',
    'p99 to p99',
    'goal',
  ]
  writeResults(`a service of ${ENDPOINTS} endpoints`, how, service, columns)
}

/** Rounds of all by turns, so that a noisy moment meets all alike; the first one is what the others are held against. */
async function measure(where: string, sorts: readonly Sort[]): Promise<void> {
  const takenUs = sorts.map((): number[] => [])
  // the first round is that of the compiler
  for (let round = 0; round <= ROUNDS; round++) {
    // whoever comes behind the same one each time would pay for its garbage
    for (const at of shuffled(sorts.keys())) {
      const us = await roundOf(sorts[at]?.way)
      if (round > 0) takenUs[at]?.push(us)
    }
  }
  const [base = []] = takenUs
  for (const [at, { name, way, reaching }] of sorts.entries()) {
    way.check((ROUNDS + 1) * CALLS, reaching)
    const own = takenUs[at] ?? []
    const ratio = median(own.map((us, round) => us / (base[round] ?? Number.NaN)))
    const addedUs = median(own.map((us, round) => us - (base[round] ?? Number.NaN)))
    const verdict = at === 0 ? '' : addedUs < GOAL_US ? 'met' : 'missed'
    rows.push([
      where,
      name,
      median(own).toFixed(2),
      `${ratio.toFixed(2)}x`,
      `${addedUs.toFixed(2)} us`,
      verdict,
    ])
  }
}

/** us of CPU for a call, of all threads: garbage is collected in others too. */
async function roundOf(way: InMemory | undefined): Promise<number> {
  const before = process.cpuUsage()
  for (let made = 0; made < CALLS; made += TURN) {
    for (let call = 0; call < TURN; call++) way?.call()
    await new Promise(setImmediate)
  }
  return usSince(before) / CALLS
}

function usSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Who may call is decided once for each connection and snapshot. */
function measureDecision(ruleCount: number): void {
  const others = Array.from({ length: ruleCount - 1 }, (_, at) => ruleFor(`service-${at}`))
  const permission = { rules: [...others, ruleFor('web')] }
  const uris = ['spiffe://default/web', 'kuma://kuma.io/service/web', 'kuma://version/v1']
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    for (let call = 0; call < CALLS; call++) decide(permission, uris)
    return usSince(before) / CALLS
  })
  const name = `a permission of ${ruleCount} rules, for each connection`
  rows.push(['inbound', name, median(rounds).toFixed(2), '', '', ''])
}

function shuffled(numbers: Iterable<number>): number[] {
  return [...numbers]
    .map(number => ({ number, rank: Math.random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ number }) => number)
}

function ruleFor(service: string): PermissionRule {
  return { principals: [`spiffe://default/${service}`], action: 'allow', policy: 'MeshTrafficPermission/x' }
}
