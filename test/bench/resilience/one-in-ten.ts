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
export const RATE = 2000
const CONNECTIONS = 32
const ROUNDS = 5
const SECONDS = 2
/** A run in which each endpoint is called often enough to be found out. */
const LONG_SECONDS = 4
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

const NOTHING: State = { out: 0, retries: 0 }

/** One run of load after the other. */
interface Round {
  readonly well: LoadResult
  readonly bad: LoadResult
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

/** Rows: when, p50 and p99, how many were made again, endpoints out of use, p99 to that of the healthy service, the verdict. */
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
  const found = await load(bad, LONG_SECONDS)
  const whenFound = stateOf(engine, bad)
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ bad: await load(bad, SECONDS), well: await load(well, SECONDS) })
  const thereafter = stateOf(engine, bad)
  const backAtMs = startedMs + LONG_SECONDS * 1000 + EJECTION_MS
  await setTimeout(Math.max(1, backAtMs - performance.now()))
  const again = await load(bad, LONG_SECONDS)
  const whenBack = stateOf(engine, bad)

  const times = median(rounds.map(round => round.bad.p99Us / round.well.p99Us))
  const wells = rounds.map(round => round.well)
  const bads = rounds.map(round => round.bad)
  const wellP99Us = median(wells.map(result => result.p99Us))
  const timesOf = (result: LoadResult): string => ratio(result.p99Us / wellP99Us)
  const retried = (before: State, after: State, results: readonly LoadResult[]): string => {
    const calls = results.reduce((sum, { count }) => sum + count, 0)
    return `${((100 * (after.retries - before.retries)) / calls).toFixed(2)} %`
  }
  const verdict = `≤ ${GOAL}x: ${times <= GOAL ? 'met' : 'missed'}`
  const rowOf = (when: string, before: State, after: State, of: readonly LoadResult[], p99: string) => [
    when,
    cell(of),
    retried(before, after, of),
    String(after.out),
    p99,
  ]
  return [
    ['all are well', cell(wells), '', '0', '', ''],
    [...rowOf(`the first ${LONG_SECONDS} s`, NOTHING, whenFound, [found], timesOf(found)), ''],
    [...rowOf('from then on', whenFound, thereafter, bads, ratio(times)), verdict],
    [...rowOf('when they are back', thereafter, whenBack, [again], timesOf(again)), ''],
  ]
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
