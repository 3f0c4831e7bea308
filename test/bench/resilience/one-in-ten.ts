/**
 * Calls to a service of many endpoints of which one in ten fails, beside calls to one that is well, through an engine in
 * this process: how long they take until those that fail are found, afterwards, and when they have come back.
 */
import { setTimeout } from 'node:timers/promises'
import { silentLogger } from '#base/log.ts'
import type { Cluster } from '#contract/cluster.ts'
import type { OutlierDetection } from '#contract/resilience/breaker.ts'
import type { Retry } from '#contract/resilience/retry.ts'
import { createEngine, type LocalEngine } from '../../../dp/apply/applier.ts'
import { mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { anOutbound } from '../../support/snapshots.ts'
import { median } from '../daemon.ts'
import { type LoadResult, own } from '../side-by-side/load.ts'
import { hold, LOAD_CPU, PROXY_CPU, startOn, stopAll } from '../side-by-side/processes.ts'
import { ratio } from '../side-by-side/report.ts'
import { addressAt } from './endpoint-faults.ts'

export const ENDPOINTS = 1000
export const RATE = 1500
const CONNECTIONS = 32
const ROUNDS = 10
const SECONDS = 2
/** A run in which each endpoint is called often enough to be found out. */
const LONG_SECONDS = 5
const EJECTION_MS = 30_000
/** What p99 may be, in those of the service that is well. */
const GOAL = 2
/** What a cluster has come to. */
interface State {
  /** Endpoints that are not in use. */
  readonly out: number
  /** Calls that were made again so far. */
  readonly retries: number
}

interface Phase {
  /** p99 of calls to the service that fails, in those of the other; median of the runs. */
  readonly times: number
  readonly cells: readonly string[]
}

const PROGRAM = new URL('thousand-endpoints.ts', import.meta.url).pathname

const retry: Retry = {
  policy: 'MeshRetry/x',
  on: ['5xx', 'reset', 'connect-failure'],
  retries: 5,
  perTryMs: 250,
  backOff: { baseMs: 1, maxMs: 10 },
}
const outliers: OutlierDetection = {
  policy: 'MeshCircuitBreaker/x',
  intervalMs: 10_000,
  baseEjectionMs: EJECTION_MS,
  maxEjectionPercent: 10,
  splitsErrors: false,
  consecutive5xx: 5,
}

/** Rows: when, p50 and p99 of both services, calls made again, endpoints out of use, p99 to p99, the verdict. */
export async function measureOneInTen(): Promise<string[][]> {
  const [wellPort = 0, badPort = 0, well = 0, bad = 0] = await freePorts(4)
  const engine = createEngine({ log: silentLogger() })
  try {
    await startEndpoints(wellPort, 'well')
    await startEndpoints(badPort, 'failing')
    hold(process.pid, PROXY_CPU)
    await mustApply(engine, {
      listeners: [anOutbound(well, 'well', { retry }), anOutbound(bad, 'bad', { retry })],
      clusters: [clusterAt('well', wellPort), clusterAt('bad', badPort)],
    })
    return await rowsOf(engine, well, bad)
  } finally {
    stopAll()
    await engine.drain(0)
  }
}

async function rowsOf(engine: LocalEngine, well: number, bad: number): Promise<string[][]> {
  // connections are made, code is compiled
  await load(well, SECONDS)
  const startedMs = performance.now()
  const first = await phaseOf(engine, well, bad, [LONG_SECONDS])
  const then = await phaseOf(engine, well, bad, Array(ROUNDS).fill(SECONDS))
  const backAtMs = startedMs + LONG_SECONDS * 1000 + EJECTION_MS
  await setTimeout(Math.max(1, backAtMs - performance.now()))
  const back = await phaseOf(engine, well, bad, [LONG_SECONDS])
  const verdict = `≤ ${GOAL}x: ${then.times <= GOAL ? 'met' : 'missed'}`
  return [
    [`the first ${LONG_SECONDS} s`, ...first.cells, ''],
    ['from then on', ...then.cells, verdict],
    ['when they are back', ...back.cells, ''],
  ]
}

/** Runs of so many seconds, of both services at once: what is slow on this machine meets both alike. */
async function phaseOf(
  engine: LocalEngine,
  wellPort: number,
  badPort: number,
  runs: readonly number[],
): Promise<Phase> {
  const before = stateOf(engine, badPort)
  const wells: LoadResult[] = []
  const bads: LoadResult[] = []
  for (const seconds of runs) {
    const [well, bad] = await Promise.all([load(wellPort, seconds), load(badPort, seconds)])
    wells.push(well)
    bads.push(bad)
  }
  const { out, retries } = stateOf(engine, badPort)
  const calls = bads.reduce((sum, { count }) => sum + count, 0)
  const retried = `${((100 * (retries - before.retries)) / calls).toFixed(2)} %`
  const times = median(bads.map(({ p99Us }, round) => p99Us / (wells[round]?.p99Us ?? Number.NaN)))
  return { times, cells: [cell(wells), cell(bads), retried, String(out), ratio(times)] }
}

function startEndpoints(port: number, kind: 'well' | 'failing'): Promise<number> {
  return startOn(LOAD_CPU, [process.execPath, PROGRAM, String(port), String(ENDPOINTS), kind], port)
}

/** Of the outbound on that port. */
function stateOf(engine: LocalEngine, port: number): State {
  const found = engine.status().outbounds.find(outbound => outbound.port === port)
  const { endpoints = [], counters: { retries = 0 } = {} } = found ?? {}
  return { out: endpoints.filter(endpoint => !endpoint.healthy).length, retries }
}

const load = own('steady-load.ts', String(RATE), String(CONNECTIONS))

function cell(results: readonly LoadResult[]): string {
  const ms = (pick: (result: LoadResult) => number) => (median(results.map(pick)) / 1000).toFixed(1)
  const trouble = results.find(result => result.trouble !== '')?.trouble ?? 'none failed'
  return `${ms(result => result.p50Us)} / ${ms(result => result.p99Us)} ms; ${trouble}`
}

function clusterAt(name: string, port: number): Cluster {
  return {
    name,
    endpoints: Array.from({ length: ENDPOINTS }, (_, at) => ({ address: addressAt(at), port })),
    tls: null,
    connectTimeoutMs: 2000,
    limits: { policy: 'MeshCircuitBreaker/x', maxRetries: 100 },
    outliers,
  }
}
