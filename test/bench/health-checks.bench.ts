/**
 * What it costs a data plane to probe 10,000 endpoints, over real sockets: CPU, memory, how late probes are. Endpoints are
 * addresses of the loopback, one process behind them all. Not in scripts/test.
 *
 *   node test/bench/health-checks.bench.ts [--write]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { silentLogger } from '#base/log.ts'
import type { Cluster } from '#contract/cluster.ts'
import type { HealthCheck } from '#contract/resilience/health-check.ts'
import { createEngine } from '../../dp/apply/applier.ts'
import { mustApply } from '../support/engine-pair.ts'
import { freePorts } from '../support/ports.ts'
import { anOutbound } from '../support/snapshots.ts'
import { memoryOf } from './daemon.ts'
import { addressAt } from './resilience/endpoint-faults.ts'
import { writeResults } from './results.ts'
import { hold, LOAD_CPU, PROXY_CPU, startOn, stopAll } from './side-by-side/processes.ts'

const ENDPOINTS = 10_000
const INTERVAL_MS = 10_000
const SECONDS = 30
const PROGRAM = new URL('resilience/many-endpoints.ts', import.meta.url).pathname

const times = {
  policy: 'MeshHealthCheck/x',
  intervalMs: INTERVAL_MS,
  noTrafficIntervalMs: INTERVAL_MS,
  timeoutMs: 5_000,
  unhealthyThreshold: 3,
  healthyThreshold: 1,
  initialJitterMs: INTERVAL_MS,
  intervalJitterMs: 0,
  intervalJitterPercent: 0,
  logsAllFailures: false,
}
const http = { type: 'http', path: '/ready', host: 'app', headers: [], statuses: [200] } as const
const sorts: readonly (readonly [string, HealthCheck | null])[] = [
  ['none', null],
  ['http, connections kept', { ...times, ...http, reusesConnection: true }],
  ['http, a connection each', { ...times, ...http, reusesConnection: false }],
  ['tcp', { ...times, type: 'tcp', reusesConnection: false }],
]

const rows: string[][] = []
const [port = 0] = await freePorts(1)
await startOn(LOAD_CPU, [process.execPath, PROGRAM, String(port)], port)
hold(process.pid, PROXY_CPU)
try {
  for (const [name, check] of sorts) rows.push(await measured(name, check))
} finally {
  stopAll()
}
for (const row of rows) console.log(row.join(' | '))
if (process.argv.includes('--write')) {
  const how = `${ENDPOINTS} endpoints, each probed every ${INTERVAL_MS / 1000} s, one worker, ${SECONDS} s`
  const columns = [
    'probe',
    'CPU of a core',
    'us a probe',
    'memory',
    'probes',
    'late by, p99 / most',
    'healthy',
  ]
  writeResults('probes of 10,000 endpoints', how, rows, columns)
}

async function measured(name: string, check: HealthCheck | null): Promise<string[]> {
  const engine = createEngine({ log: silentLogger() })
  const [listener = 0] = await freePorts(1)
  const cluster: Cluster = {
    name: 'app',
    endpoints: Array.from({ length: ENDPOINTS }, (_, at) => ({ address: addressAt(at), port })),
    tls: null,
    connectTimeoutMs: 5_000,
    ...(check !== null && { healthChecks: [check] }),
  }
  await mustApply(engine, { listeners: [anOutbound(listener, 'app')], clusters: [cluster] })
  // all are probed once, code is compiled
  await setTimeout(2 * INTERVAL_MS)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const [before, countBefore] = [process.cpuUsage(), await probesSoFar()]
  await setTimeout(SECONDS * 1000)
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  const probes = (await probesSoFar()) - countBefore
  const cpuUs = user + system
  const healthy = engine.status().outbounds[0]?.endpoints.filter(one => one.healthy).length ?? 0
  const row = [
    name,
    `${(cpuUs / SECONDS / 10_000).toFixed(1)} %`,
    probes === 0 ? '–' : (cpuUs / probes).toFixed(0),
    `${memoryOf(process.pid).rssMb.toFixed(0)} MB`,
    `${probes} of ${check === null ? 0 : (ENDPOINTS * SECONDS * 1000) / INTERVAL_MS}`,
    `${(delay.percentile(99) / 1e6).toFixed(1)} / ${(delay.max / 1e6).toFixed(1)} ms`,
    String(healthy),
  ]
  await engine.drain(0)
  return row
}

/** That the endpoints have seen. */
async function probesSoFar(): Promise<number> {
  return Number(await (await fetch(`http://127.0.0.1:${port}/count`)).text())
}
