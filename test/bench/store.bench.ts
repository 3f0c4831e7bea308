/**
 * What the JSON store costs with 10,000 Dataplanes in it: CPU of a write, group commit, fold, list, reopening.
 *
 *   node test/bench/store.bench.ts [--dataplanes 10000] [--write]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { ResourceDraft } from '../../cp/kinds/kind.ts'
import { type MeshSpec, mesh } from '../../cp/kinds/mesh/mesh.ts'
import { type DataplaneSpec, dataplane } from '../../cp/kinds/proxy/dataplane.ts'
import { createGuardedStore } from '../../cp/store/guarded-store.ts'
import { type JsonStore, openJsonStore } from '../../cp/store/json-store.ts'
import type { Write } from '../../cp/store/store.ts'
import { silentLogger } from '../../dp/base/log.ts'
import { writeResults } from './results.ts'

const { values } = parseArgs({
  options: {
    dataplanes: { type: 'string', default: '10000' },
    write: { type: 'boolean', default: false },
  },
})
const count = Number(values.dataplanes)
const figures: Record<string, string> = { 'data planes stored': String(count) }
const dir = await mkdtemp(join(tmpdir(), 'vmesh-store-bench-'))
const log = silentLogger()
try {
  const store = await openJsonStore({ dir, log, restMs: 3600_000, foldAtBytes: 1024 ** 3 })
  await fill(store)
  await sequentialPuts(store, 1000)
  await concurrentPuts(store, 20_000)
  await guardedPuts(store, 1000)
  await lists(store)
  await folds(store)
  await store.close()
  await reopening()
  console.table(figures)
  if (values.write) writeResults('store', 'without HTTP, in one process', figures)
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function fill(store: JsonStore): Promise<void> {
  const startedAt = performance.now()
  const writes: Promise<unknown>[] = []
  for (let index = 0; index < count; index++) writes.push(store.commit([aPut(index, 1)]))
  await Promise.all(writes)
  note('fill, one commit each', performance.now() - startedAt, 'ms')
  note('journal bytes per put', store.figures().journalBytes / count, 'bytes')
}

/** Each waits for the one before: no group, so this is the dearest way to write. */
async function sequentialPuts(store: JsonStore, puts: number): Promise<void> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  for (let index = 0; index < puts; index++) await store.commit([aPut(index % count, index + 2)])
  printPuts('sequential puts', puts, cpu, startedAt)
}

async function concurrentPuts(store: JsonStore, puts: number): Promise<void> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < puts) {
      const index = next++
      await store.commit([aPut(index % count, index + 5000)])
    }
  }
  await Promise.all(Array.from({ length: 200 }, writer))
  printPuts('puts of 200 writers', puts, cpu, startedAt)
}

/** Through the door that the API uses, one after the other. */
async function guardedPuts(store: JsonStore, puts: number): Promise<void> {
  const guarded = createGuardedStore({ store, zone: 'default', hooks: [], log })
  const spec: MeshSpec = {}
  await guarded.put(mesh, { type: 'Mesh', mesh: '', name: 'default', labels: {}, spec })
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  for (let index = 0; index < puts; index++) {
    const draft = aDraft(index % count, index + 30_000)
    const result = await guarded.put(dataplane, draft)
    if (!result.ok) throw new Error(result.title)
  }
  printPuts('guarded puts', puts, cpu, startedAt)
}

async function lists(store: JsonStore): Promise<void> {
  const startedAt = performance.now()
  for (let index = 0; index < 100; index++) {
    await store.commit([aPut(index, index + 90_000)])
    await store.list('Dataplane')
  }
  note('put and list of all', (performance.now() - startedAt) / 100, 'ms')
  const again = performance.now()
  for (let index = 0; index < 1000; index++) await store.list('Dataplane', 'default')
  note('list of all, unchanged', (performance.now() - again) / 1000, 'ms')
}

async function folds(store: JsonStore): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await store.commit([aPut(round, round + 99_000)])
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const cpu = process.cpuUsage()
    const startedAt = performance.now()
    await store.fold()
    note('fold', performance.now() - startedAt, 'ms')
    const { user, system } = process.cpuUsage(cpu)
    note('fold, CPU', (user + system) / 1000, 'ms')
    delay.disable()
    note('fold, longest wait of the event loop', delay.max / 1e6, 'ms')
  }
  note('checkpoint', store.figures().checkpointBytes / 1e6, 'MB')
}

async function reopening(): Promise<void> {
  const startedAt = performance.now()
  const store = await openJsonStore({ dir, log })
  note('reopen from the checkpoint', performance.now() - startedAt, 'ms')
  const writes: Promise<unknown>[] = []
  for (let index = 0; index < count; index++) writes.push(store.commit([aPut(index, 7)]))
  await Promise.all(writes)
  await store.close()
  const again = performance.now()
  const second = await openJsonStore({ dir, log })
  note('reopen with as many in the journal', performance.now() - again, 'ms')
  await second.close()
  global.gc?.()
  note('resident', process.memoryUsage().rss / 1e6, 'MB')
}

function printPuts(what: string, puts: number, cpu: NodeJS.CpuUsage, startedAt: number): void {
  const { user, system } = process.cpuUsage(cpu)
  note(`${what}, CPU each`, (user + system) / 1000 / puts, 'ms')
  note(`${what}, each second`, puts / ((performance.now() - startedAt) / 1000), 'puts')
}

function note(what: string, value: number, unit: string): void {
  figures[what] = `${value.toFixed(value < 10 ? 3 : 0)} ${unit}`
}

function aPut(index: number, port: number): Write {
  return { op: 'put', resource: aDraft(index, port) }
}

function aDraft(index: number, port: number): ResourceDraft<DataplaneSpec> {
  const name = `dp-${index}`
  const labels = {
    'kuma.io/env': 'universal',
    'kuma.io/mesh': 'default',
    'kuma.io/origin': 'zone',
    'kuma.io/proxy-type': 'sidecar',
    'kuma.io/zone': 'default',
  }
  const service = `service-${index % 50}`
  const inbound = {
    port,
    tags: { 'kuma.io/service': service, 'kuma.io/protocol': 'http', 'kuma.io/zone': 'default' },
  }
  const outbound = [1, 2, 3].map(step => ({
    port: 10_000 + step,
    tags: { 'kuma.io/service': `service-${(index + step) % 50}` },
  }))
  const spec = { networking: { address: `10.0.${index >> 8}.${index & 255}`, inbound: [inbound], outbound } }
  return { type: 'Dataplane', mesh: 'default', name, labels, spec }
}
