/**
 * What policies cost vmesh and Envoy, interleaved in one run: one proxy in front of the same nginx, with the same load; the
 * proxy on one processor, load and backend on another. Not in scripts/test.
 *
 *   node test/bench/policies-beside-envoy.bench.ts [--quick] [--write]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lab } from '../support/lab.ts'
import { buildBundles, cpuMsOf, median } from './daemon.ts'
import {
  type Contender,
  startBackends,
  startEnvoy,
  startVmesh,
  WAYS,
  type WayName,
} from './resilience/beside-envoy.ts'
import { writeResults } from './results.ts'
import { findEnvoy } from './side-by-side/envoy-program.ts'
import { type LoadResult, wrk } from './side-by-side/load.ts'
import { stopAll } from './side-by-side/processes.ts'
import { ratio } from './side-by-side/report.ts'

const isQuick = process.argv.includes('--quick')
const ROUNDS = isQuick ? 1 : 5
const SECONDS = isQuick ? 1 : 2
const WARM_UP_SECONDS = isQuick ? 1 : 4
const WORDS: Readonly<Record<WayName, string>> = {
  nothing: 'outbound, nothing configured',
  limits: 'outbound, limits of a circuit breaker, not reached',
  retry: 'outbound, one answer in ten is a 503 and is tried again',
  outliers: 'outbound, one of ten endpoints answers 503 and is taken out',
  inbound: 'inbound, nothing configured',
  'rate limit': 'inbound, a rate limit, not reached',
}
const load = wrk(16)

interface Sample extends LoadResult {
  readonly cpuUs: number
}

const program = findEnvoy()
if (program === null) process.exit(69)
buildBundles()
const folder = mkdtempSync(join(tmpdir(), 'vmesh-bench-'))
const lab = new Lab()
try {
  const backends = await startBackends(folder)
  const proxies = [await startVmesh(lab, backends), await startEnvoy(program, folder, backends)]
  const rows: string[][] = []
  for (const way of WAYS) {
    const row = await measured(way, proxies)
    console.log(row.join(' | '))
    rows.push(row)
  }
  if (process.argv.includes('--write')) {
    const how = `plain HTTP/1.1 hop, c=16, medians of ${ROUNDS} interleaved rounds of ${SECONDS} s`
    const of = (name: string) => [`${name}: CPU a request`, `${name}: p50 / p99`]
    writeResults('policies beside Envoy', how, rows, [
      'what',
      ...of('vmesh'),
      ...of('Envoy'),
      'vmesh to Envoy',
    ])
  }
} finally {
  stopAll()
  await lab.close()
  rmSync(folder, { recursive: true, force: true })
}

async function measured(way: WayName, proxies: readonly Contender[]): Promise<string[]> {
  const samples = new Map<string, Sample[]>(proxies.map(({ name }) => [name, []]))
  // code is compiled, endpoints that fail are found
  for (const { ports } of proxies) await load(ports[way], WARM_UP_SECONDS)
  for (let round = 0; round < ROUNDS; round++)
    for (const proxy of proxies) samples.get(proxy.name)?.push(await sampled(proxy, way))
  const [ours = [], others = []] = proxies.map(({ name }) => samples.get(name) ?? [])
  const ratios = ours.map(({ cpuUs }, round) => cpuUs / (others[round]?.cpuUs ?? Number.NaN))
  return [WORDS[way], ...cells(ours), ...cells(others), ratio(median(ratios))]
}

async function sampled({ pid, ports }: Contender, way: WayName): Promise<Sample> {
  const beforeMs = cpuMsOf(pid)
  const result = await load(ports[way], SECONDS)
  return { ...result, cpuUs: ((cpuMsOf(pid) - beforeMs) * 1000) / result.count }
}

function cells(samples: readonly Sample[]): string[] {
  const of = (pick: (sample: Sample) => number): string => median(samples.map(pick)).toFixed(1)
  const trouble = samples.find(sample => sample.trouble !== '')?.trouble
  return [
    `${of(sample => sample.cpuUs)} us`,
    `${of(sample => sample.p50Us)} / ${of(sample => sample.p99Us)} us${trouble === undefined ? '' : `; ${trouble}`}`,
  ]
}
