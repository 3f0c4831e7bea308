/**
 * Lists of 10,000 data planes with their insights, in pages of 1,000 as the API gives them, and the insights of the mesh:
 * time from outside, memory of the control plane. The store is filled before it starts. Goals: the whole list under 1 s,
 * under 300 MB.
 *
 *   node test/bench/list.bench.ts [--dataplanes 10000] [--write]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openJsonStore } from '../../cp/store/json-store.ts'
import type { Write } from '../../cp/store/store.ts'
import { silentLogger } from '../../dp/base/log.ts'
import { median } from './daemon.ts'
import { writeResults } from './results.ts'
import { startControlPlane } from './running-control-plane.ts'

const ROUNDS = 5
const PAGE = 1_000

const { values } = parseArgs({
  options: {
    dataplanes: { type: 'string', default: '10000' },
    write: { type: 'boolean', default: false },
  },
})
const count = Number(values.dataplanes)
const figures: Record<string, string> = { 'data planes with insights': String(count) }
const dir = await mkdtemp(join(tmpdir(), 'vmesh-list-bench-'))
const empty = await startControlPlane(dir)
await empty.stop()
await fill()
const controlPlane = await startControlPlane(dir)
try {
  const overview = '/meshes/default/dataplanes/_overview'
  await measure('list with insights, all pages', () => pages(overview))
  await measure('list without insights, all pages', () => pages('/meshes/default/dataplanes'))
  await measure('one page of 100 with insights', () => get(`${overview}?offset=5000`))
  await measure('mesh insight', () => get('/mesh-insights/default'))
  await measure('service insights, all pages', () => pages('/meshes/default/service-insights'))
  await measure('global insight', () => get('/global-insight'))
  const mb = async (name: string): Promise<string> =>
    `${((await controlPlane.metric(name)) / 1e6).toFixed(0)} MB`
  figures['resident'] = await mb('process_resident_memory_bytes')
  console.table(figures)
  if (values.write) writeResults('list', `medians of ${ROUNDS} rounds`, figures)
} finally {
  await controlPlane.stop()
  await rm(dir, { recursive: true, force: true })
}

async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now()
    await work()
    times.push(performance.now() - startedAt)
  }
  figures[what] = `${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms`
}

async function pages(path: string): Promise<void> {
  for (let offset = 0; ; offset += PAGE) {
    const { items, total } = (await get(`${path}?size=${PAGE}&offset=${offset}`)) as Page
    if (offset + items.length >= total) return
  }
}

interface Page {
  readonly items: readonly unknown[]
  readonly total: number
}

async function get(path: string): Promise<unknown> {
  const answer = await fetch(`${controlPlane.url}${path}`)
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
  return answer.json()
}

async function fill(): Promise<void> {
  const store = await openJsonStore({ dir: join(dir, 'store'), log: silentLogger() })
  for (let i = 0; i < count; i += 500) {
    const names = Array.from({ length: Math.min(500, count - i) }, (_, j) => i + j)
    await store.commit(names.flatMap(writesOf))
  }
  await store.close()
}

/** A data plane of a mesh of 500 services that was connected twice. */
function writesOf(index: number): Write[] {
  const key = { mesh: 'default', name: `dp-${index}`, labels: {} }
  const tags = {
    'kuma.io/service': `service-${index % 500}`,
    'kuma.io/protocol': 'http',
    'kuma.io/zone': 'default',
  }
  const outbound = [1, 2, 3].map(step => ({
    port: 10_000 + step,
    tags: { 'kuma.io/service': `service-${(index + step) % 500}` },
  }))
  const address = `10.0.${index >> 8}.${index & 255}`
  const networking = { address, inbound: [{ port: 8080, tags }], outbound }
  const subscription = (id: number) => ({
    id: `358da50c-5761-442e-a9d0-65${id}c282f327f`,
    controlPlaneInstanceId: 'cp-8963',
    connectTime: '2026-11-23T00:35:58.543Z',
    disconnectTime: '2026-11-23T00:45:58.543Z',
    status: {
      lastUpdateTime: '2026-11-23T00:35:59.618Z',
      total: { responsesSent: '3', responsesAcknowledged: '3' },
    },
    version: { kumaDp: { version: '0.0.1' }, envoy: { version: '0.0.1' } },
  })
  const mTLS = {
    certificateExpirationTime: '2026-11-30T00:35:58.543Z',
    lastCertificateRegeneration: '2026-11-23T00:35:58.543Z',
    certificateRegenerations: 1,
    issuedBackend: 'ca-1',
    supportedBackends: ['ca-1'],
  }
  const insight = { subscriptions: [subscription(1), subscription(2)], mTLS }
  return [
    { op: 'put', resource: { type: 'Dataplane', ...key, spec: { networking } } },
    { op: 'put', resource: { type: 'DataplaneInsight', ...key, spec: insight } },
  ]
}
