/** Kinds → the columns of their tables, as kumactl 2.14 has them (kuma-api 2.6), for the API and the command line. */
import { at, list, text } from '#base/shape.ts'
import { age, table } from '#base/text/table.ts'
import type { Named } from '../names/kind-name.ts'

/** A resource as the API shows it. */
export type Shown = Readonly<Record<string, unknown>>

interface Column {
  readonly title: string
  cell(item: Shown, nowMs: number): string
}

export function resourceTable(kind: Named, items: readonly Shown[], nowMs: number): string {
  const columns = COLUMNS[kind.type] ?? (kind.scope === 'Mesh' ? [MESH, NAME, AGE] : [NAME, AGE])
  return table(
    columns.map(column => column.title),
    items.map(item => columns.map(column => column.cell(item, nowMs))),
  )
}

const NAME: Column = { title: 'NAME', cell: item => text(item['name']) }
const MESH: Column = { title: 'MESH', cell: item => text(item['mesh']) }
const AGE: Column = {
  title: 'AGE',
  cell: (item, nowMs) => age(item['modificationTime'] ?? item['creationTime'], nowMs),
}

const ADDRESS: Column = { title: 'ADDRESS', cell: item => text(at(item, 'networking', 'address')) }

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Mesh: [
    NAME,
    { title: 'mTLS', cell: item => mtlsOf(item) },
    { title: 'LOCALITY', cell: item => onOff(at(item, 'routing', 'localityAwareLoadBalancing')) },
    { title: 'ZONEEGRESS', cell: item => onOff(at(item, 'routing', 'zoneEgress')) },
    AGE,
  ],
  Dataplane: [MESH, NAME, { title: 'TAGS', cell: item => tagsOf(item) }, ADDRESS, AGE],
  ExternalService: [MESH, NAME, { title: 'TAGS', cell: item => joined([item]) }, ADDRESS, AGE],
}

function mtlsOf(mesh: Shown): string {
  const enabled = at(mesh, 'mtls', 'enabledBackend')
  const backends = list(at(mesh, 'mtls', 'backends'))
  const backend = backends.find(one => at(one, 'name') === enabled)
  return typeof enabled !== 'string' || enabled === '' ? 'off' : `${text(at(backend, 'type'))}/${enabled}`
}

/** Of all inbounds or of the gateway: `key=value,value` sorted, parted by spaces. */
export function tagsOf(dataplane: unknown): string {
  return joined([...list(at(dataplane, 'networking', 'inbound')), at(dataplane, 'networking', 'gateway')])
}

function joined(holders: readonly unknown[]): string {
  const values = new Map<string, Set<string>>()
  for (const holder of holders) {
    for (const [key, value] of Object.entries(at(holder, 'tags') ?? {})) {
      values.set(key, (values.get(key) ?? new Set()).add(String(value)))
    }
  }
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, all]) => `${key}=${[...all].sort().join(',')}`)
    .join(' ')
}

function onOff(value: unknown): string {
  return value === true ? 'on' : 'off'
}
