/**
 * Calls to a service of many endpoints of which one in ten fails, beside calls to one that is well, through an engine in
 * this process: how long they take until those that fail are found, afterwards, and when they have come back.
 */
import { silentLogger } from '#base/log.ts'
import type { Cluster } from '#contract/cluster.ts'
import type { OutlierDetection } from '#contract/resilience/breaker.ts'
import type { Retry } from '#contract/resilience/retry.ts'
import { createEngine } from '../../../dp/apply/applier.ts'
import { mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { anOutbound } from '../../support/snapshots.ts'
import { median } from '../daemon.ts'
import { type LoadResult, own } from '../side-by-side/load.ts'
import { hold, LOAD_CPU, PROXY_CPU, startOn, stopAll } from '../side-by-side/processes.ts'
import { addressAt } from './endpoint-faults.ts'

export const ENDPOINTS = 1000
export const RATE = 2000
const CONNECTIONS = 32
const ROUNDS = 5
const SECONDS = 3
const EJECTION_MS = 30_000
/** What p99 may be, in those of the service that is well. */
const GOAL = 2
const PROGRAM = new URL('thousand-endpoints.ts', import.meta.url).pathname

const retry: Retry = {
  policy: 'MeshRetry/x',
  on: ['5xx', 'reset', 'connect-failure'],
  retries: 3,
  perTryMs: 100,
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

/** Rows: what, p50 and p99 where all are well, where one in ten fails, the ratio, the verdict. */
export async function measureOneInTen(): Promise<string[][]> {
  const ports = await freePorts(4)
  const [wellPort = 0, badPort = 0, well = 0, bad = 0] = ports
  const engine = createEngine({ log: silentLogger() })
  try {
    await startOn(
      LOAD_CPU,
      [process.execPath, PROGRAM, String(wellPort), String(ENDPOINTS), 'well'],
      wellPort,
    )
    await startOn(
      LOAD_CPU,
      [process.execPath, PROGRAM, String(badPort), String(ENDPOINTS), 'failing'],
      badPort,
    )
    hold(process.pid, PROXY_CPU)
    await mustApply(engine, {
      listeners: [anOutbound(well, 'well', { retry }), anOutbound(bad, 'bad', { retry })],
      clusters: [clusterAt('well', wellPort), clusterAt('bad', badPort)],
    })
    return await rowsOf(well, bad)
  } finally {
    stopAll()
    await engine.drain(0)
  }
}

async function rowsOf(well: number, bad: number): Promise<string[][]> {
  // connections are made, code is compiled
  await load(well, SECONDS)
  const startedMs = performance.now()
  const found = await load(bad, SECONDS)
  const rounds: { readonly well: LoadResult; readonly bad: LoadResult }[] = []
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ bad: await load(bad, SECONDS), well: await load(well, SECONDS) })
  const wellP99Us = median(rounds.map(round => round.well.p99Us))
  const ratio = median(rounds.map(round => round.bad.p99Us / round.well.p99Us))
  const middle = (side: 'well' | 'bad') => cell(rounds.map(round => round[side]))
  const passedMs = performance.now() - startedMs
  await new Promise(resolve => setTimeout(resolve, Math.max(0, EJECTION_MS - passedMs)))
  const again = await load(bad, SECONDS)
  const first = (name: string, result: LoadResult) => [
    name,
    '',
    cell([result]),
    `${(result.p99Us / wellP99Us).toFixed(2)}x`,
    '',
  ]
  return [
    first(`the first ${SECONDS} s: they are found`, found),
    [
      'afterwards',
      middle('well'),
      middle('bad'),
      `${ratio.toFixed(2)}x`,
      `≤ ${GOAL}x: ${ratio <= GOAL ? 'met' : 'missed'}`,
    ],
    first(`${SECONDS} s after ${EJECTION_MS / 1000} s: they are back, and found again`, again),
  ]
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
