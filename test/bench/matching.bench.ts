/**
 * Matching and compiling without sockets: a mesh with 500 services and 200 policies, with 1,000 and with 10,000 data planes;
 * a change of one policy that touches 1 data plane, 100 and all, from the commit until every snapshot is made.
 *
 *   node test/bench/matching.bench.ts [--write] [--dataplanes 1000,10000]
 */
import { parseArgs } from 'node:util'
import { rulesOf } from '../../cp/api/inspect/rules.ts'
import { BuiltinAuthority, builtinCaSecrets } from '../../cp/ca/builtin.ts'
import { compile } from '../../cp/compile/compile.ts'
import type { Resource, ResourceDraft } from '../../cp/kinds/kind.ts'
import type { ProxySnapshot } from '../../cp/snapshot/builder.ts'
import { MeshIndex } from '../../cp/snapshot/mesh-view.ts'
import { Scheduler } from '../../cp/snapshot/scheduler.ts'
import { createMemoryStore } from '../../cp/store/memory-store.ts'
import { createLogger } from '../../dp/base/log.ts'
import { aDataplane, aMesh, aPermission, resource } from '../support/resources.ts'
import { writeResults } from './results.ts'

const SERVICES = 500
const CALLS = 5
const CHANGES = 10

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    dataplanes: { type: 'string', default: '1000,10000' },
  },
})
const rows: string[][] = []
for (const count of values.dataplanes.split(',').map(Number)) await measure(count)
console.table(Object.fromEntries(rows.map(([count, what, figure]) => [`${count}: ${what}`, figure])))
if (values.write) {
  const how = `${SERVICES} services, 200 policies of 6 types, each data plane calls ${CALLS} services; in memory`
  writeResults('matching', how, rows, ['data planes', 'what', 'figure'])
}

async function measure(count: number): Promise<void> {
  const all = [...dataplanes(count), ...policies(count)]
  const add = (what: string, figure: string): void => void rows.push([String(count), what, figure])
  const view = new MeshIndex(aMesh())
  view.setRoots(['root'])
  const loading = timeOf(() => {
    for (const one of all) view.load(one)
  })
  add('index filled', `${loading.toFixed(0)} ms`)
  for (const run of ['first', 'second']) {
    const times = [...view.dataplaneNames()].map(name => timeOf(() => compileOne(view, name)))
    const total = times.reduce((sum, time) => sum + time, 0)
    add(`all compiled, ${run} time`, `${total.toFixed(0)} ms`)
    add(`compile of one, ${run} time (goal 1 ms)`, `${distribution(times)} ms`)
  }
  const inspected = [...view.dataplaneNames()].slice(0, 200)
  add('_rules of one', `${distribution(inspected.map(name => timeOf(() => rules(view, name))))} ms`)
  await measureChanges(count, all, add)
}

async function measureChanges(
  count: number,
  all: readonly ResourceDraft[],
  add: (what: string, figure: string) => void,
): Promise<void> {
  const store = createMemoryStore()
  const put = (written: readonly ResourceDraft[]): Promise<unknown> =>
    store.commit(written.map(one => ({ op: 'put', resource: one })))
  await put([aMesh(), ...(await builtinCaSecrets('default', 'ca-1', undefined)), ...all])
  const made: (ProxySnapshot | null)[] = []
  const scheduler = new Scheduler({
    store,
    ca: new BuiltinAuthority(store),
    log: createLogger({ level: 'error', name: 'bench' }),
    onSnapshot: (_mesh, _name, snapshot) => void made.push(snapshot),
  })
  await scheduler.start()
  const connecting = timeOf(() => {
    for (let i = 0; i < count; i++) scheduler.connect('default', `dp-${i}`)
  })
  add('first snapshots of all', `${connecting.toFixed(0)} ms`)
  await scheduler.caughtUp()
  for (const [what, targetRef] of [
    ['1 data plane', { kind: 'Dataplane', name: 'dp-7' }],
    ['100 data planes', { kind: 'Dataplane', labels: { hundred: '0' } }],
    ['all', { kind: 'Mesh' }],
  ] as const) {
    const times: number[] = []
    made.length = 0
    for (let i = 0; i < CHANGES; i++) {
      const action = i % 2 === 0 ? 'Deny' : 'Allow'
      const from = [[{ kind: 'MeshService', name: 'changed' }, action]] as const
      const startedAt = performance.now()
      await put([aPermission(`z-changed-${targetRef.kind}`, targetRef, from)])
      await scheduler.caughtUp()
      times.push(performance.now() - startedAt)
    }
    const snapshots = `${made.length / CHANGES} snapshots`
    add(`a policy changes that touches ${what}`, `${distribution(times)} ms, ${snapshots}`)
  }
  scheduler.stop()
}

function compileOne(view: MeshIndex, name: string): void {
  const dataplane = view.dataplane(name)
  if (dataplane !== undefined) compile(view, dataplane)
}

function rules(view: MeshIndex, name: string): void {
  const dataplane = view.dataplane(name)
  if (dataplane !== undefined) JSON.stringify(rulesOf(view, dataplane, dataplane))
}

function timeOf(work: () => void): number {
  const startedAt = performance.now()
  work()
  return performance.now() - startedAt
}

function distribution(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(2)
  return `median ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)}`
}

function dataplanes(count: number): readonly Resource[] {
  return Array.from({ length: count }, (_, i) =>
    aDataplane(`dp-${i}`, {
      service: `service-${i % SERVICES}`,
      address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      calls: Array.from({ length: CALLS }, (_, j) => `service-${(i * 7 + j * 31 + 1) % SERVICES}`),
      tags: { env: i % 2 === 0 ? 'prod' : 'dev', team: `team-${i % 20}` },
      labels: { hundred: String(Math.floor(i / 100)) },
    }),
  )
}

/** 200: 80 permissions, 30 routes, 20 strategies, 30 timeouts, 20 retries, 20 legacy ones. */
function policies(count: number): readonly Resource[] {
  const service = (i: number): string => `service-${(i * 13) % SERVICES}`
  const top = (i: number): object =>
    [
      { kind: 'Mesh' },
      { kind: 'MeshSubset', tags: { team: `team-${i % 20}` } },
      { kind: 'MeshService', name: service(i) },
      { kind: 'MeshServiceSubset', name: service(i), tags: { env: 'prod' } },
      { kind: 'Dataplane', name: `dp-${i % count}` },
    ][i % 5] ?? {}
  const some = (type: string, number: number, rest: (i: number) => object): Resource[] =>
    Array.from({ length: number }, (_, i) =>
      resource(type, 'default', `p-${i}`, { targetRef: top(i), ...rest(i) }),
    )
  const to = (i: number): object => ({ kind: 'MeshService', name: service(i) })
  const backendRefs = (i: number): object[] => [
    { ...to(i), weight: 9 },
    { ...to(i + 1), weight: 1 },
  ]
  const path = (i: number): object => ({ path: { type: 'PathPrefix', value: `/p-${i}` } })
  const everybody = [{ match: { 'kuma.io/service': '*' } }]
  return [
    ...some('MeshTrafficPermission', 80, i => ({
      from: [{ targetRef: to(i), default: { action: i % 3 === 0 ? 'Deny' : 'Allow' } }],
    })),
    ...some('MeshHTTPRoute', 30, i => ({
      to: [{ targetRef: to(i), rules: [{ matches: [path(i)], default: { backendRefs: backendRefs(i) } }] }],
    })),
    ...some('MeshLoadBalancingStrategy', 20, i => ({
      to: [{ targetRef: to(i), default: { loadBalancer: { type: 'Random' } } }],
    })),
    ...some('MeshTimeout', 30, i => ({
      to: [{ targetRef: to(i), default: { http: { requestTimeout: `${i}s` } } }],
    })),
    ...some('MeshRetry', 20, i => ({
      to: [{ targetRef: to(i), default: { tcp: { maxConnectAttempt: i } } }],
    })),
    ...Array.from({ length: 20 }, (_, i) =>
      resource('TrafficRoute', 'default', `p-${i}`, {
        sources: [{ match: { 'kuma.io/service': service(i) } }],
        destinations: everybody,
        conf: { destination: { 'kuma.io/service': '*' } },
      }),
    ),
  ]
}
