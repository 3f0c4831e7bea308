/** One row after the other: every peer in turn, round by round, so that a noisy moment meets all alike. */
import { median } from '../daemon.ts'
import type { LoadResult } from './load.ts'
import { type Peer, ROLES } from './peer.ts'
import { cpuMsOfAll, residentMb } from './processes.ts'
import { type Report, ratio } from './report.ts'
import { CROWD, type Row, RUNNING, STEADY } from './rows.ts'

export interface Plan {
  readonly peers: readonly Peer[]
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly report: Report
}

interface Sample extends LoadResult {
  /** CPU of the proxies for one request, connection or megabyte. */
  readonly cpuUs: number
}

const CHANGES = 10
const BASE = 'HAProxy'

export async function measureMemory({ peers, report }: Plan): Promise<void> {
  const cells = peers.map(peer => `${residentMb(peer.pids.client).toFixed(0)} MB`)
  report.add('memory, idle, the calling proxy', cells, '75 MB')
}

/** A thousand connections at once to proxies that have served nothing yet. */
export async function measureCrowd({ peers, report }: Plan): Promise<void> {
  const memory: string[] = []
  const crowd: string[] = []
  for (const peer of peers) {
    const port = peer.ports['http path'] ?? 0
    const running = CROWD(port, 3)
    await new Promise(resolve => setTimeout(resolve, 2500))
    memory.push(`${residentMb(peer.pids.client).toFixed(0)}, ${residentMb(peer.pids.server).toFixed(0)} MB`)
    const { perSecond, trouble } = await running
    crowd.push(`${perSecond.toFixed(0)}/s${trouble === '' ? '' : `; ${trouble}`}`)
  }
  report.add('1,000 connections at once, cold', crowd, 'none times out')
  report.add('memory, 1,000 connections, calling and called proxy', memory, '120 MB each')
}

export async function measureRow(
  row: Row,
  { peers, rounds, seconds, warmUpSeconds, report }: Plan,
): Promise<void> {
  const samples = new Map<string, Sample[]>()
  // a daemon that has served for a while is what is measured: its hot code is compiled
  for (const { name, ports } of peers)
    if (name.startsWith('vmesh')) await row.load(ports[row.way] ?? 0, warmUpSeconds)
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      const port = peer.ports[row.way]
      if (port === undefined) continue
      const list = samples.get(peer.name) ?? []
      samples.set(peer.name, [...list, await measured(row, peer, port, seconds)])
    }
  }
  const ratios = (name: string, base: string): number =>
    median(
      (samples.get(name) ?? []).map(
        (sample, n) => sample.cpuUs / (samples.get(base)?.[n]?.cpuUs ?? Number.NaN),
      ),
    )
  const of = (name: string, pick: (sample: Sample) => number): number =>
    median((samples.get(name) ?? []).map(pick))
  const cell = (name: string, words: string): string => (samples.has(name) ? words : '–')
  const names = peers.map(peer => peer.name)
  const cpu = names.map(name =>
    cell(name, `${ratio(ratios(name, BASE))} (${of(name, sample => sample.cpuUs).toFixed(1)} us)`),
  )
  const goals = [
    row.goal === undefined ? '' : `≤ ${row.goal}`,
    row.envoyGoal === undefined
      ? ''
      : `is ${ratio(ratios('vmesh', 'Envoy h2'))} Envoy h2, goal ≤ ${row.envoyGoal}`,
  ]
  report.add(`${row.name}: CPU a ${row.unit}`, cpu, goals.filter(Boolean).join('; '))
  const speed = names.map(name => {
    const trouble = samples.get(name)?.find(sample => sample.trouble !== '')?.trouble
    const p50 = of(name, sample => sample.p50Us)
    const p99 = of(name, sample => sample.p99Us)
    const times = p50 > 0 ? `, ${p50.toFixed(0)} / ${p99.toFixed(0)} us` : ''
    return cell(
      name,
      `${of(name, sample => sample.perSecond).toFixed(0)}/s${times}${trouble ? `; ${trouble}` : ''}`,
    )
  })
  report.add('   throughput, p50 / p99', speed, '')
}

/** What a proxy adds to the time of an answer, at a moderate rate. */
export async function measureSteady(
  directPort: number,
  { peers, rounds, seconds, report }: Plan,
): Promise<void> {
  const direct: LoadResult[] = []
  const samples = peers.map((): LoadResult[] => [])
  for (let round = 0; round < rounds; round++) {
    direct.push(await STEADY(directPort, seconds))
    for (const [n, peer] of peers.entries())
      samples[n]?.push(await STEADY(peer.ports['http path'] ?? 0, seconds))
  }
  const cells = samples.map(list => {
    const added = (pick: (result: LoadResult) => number): string =>
      median(list.map((result, n) => pick(result) - pick(direct[n] ?? result))).toFixed(0)
    const trouble = list.find(result => result.trouble !== '')?.trouble ?? ''
    return `${added(result => result.p50Us)} / ${added(result => result.p99Us)} us${trouble && `; ${trouble}`}`
  })
  report.add('steady 1,000 requests/s, c=16: added p50 / p99', cells, '≤ 1000 / 5000 us, below Envoy')
}

/** Ten changes while calls run. */
export async function measureReload({ peers, report }: Plan): Promise<void> {
  const cells: string[] = []
  for (const peer of peers) {
    const { reload } = peer
    if (reload === undefined) {
      cells.push('–')
      continue
    }
    const running = RUNNING(peer.ports['http path'] ?? 0, 6)
    for (let change = 0; change < CHANGES; change++) {
      await new Promise(resolve => setTimeout(resolve, 400))
      await reload()
    }
    const { perSecond, p99Us, trouble } = await running
    cells.push(`${perSecond.toFixed(0)}/s, p99 ${p99Us.toFixed(0)} us; ${trouble || 'none failed'}`)
  }
  report.add(`reload under load: ${CHANGES} changes in 6 s, c=16`, cells, 'none failed')
}

async function measured(row: Row, peer: Peer, port: number, seconds: number): Promise<Sample> {
  const pids = ROLES[row.way].map(role => peer.pids[role])
  const beforeMs = cpuMsOfAll(pids)
  const result = await row.load(port, seconds)
  return { ...result, cpuUs: ((cpuMsOfAll(pids) - beforeMs) * 1000) / result.count }
}
