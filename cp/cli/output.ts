/** Values → what vmeshctl prints: tables with kumactl's columns (kuma-api 2.6), YAML that can be applied again, JSON. */
import { stringifyDocuments } from '#base/yaml.ts'
import type { Kind } from '../kinds/kind.ts'

export const OUTPUT_OPTION = {
  output: {
    type: 'text',
    value: 'FORMAT',
    short: 'o',
    default: 'table',
    choices: ['table', 'yaml', 'json'],
    doc: 'table, yaml or json.',
  },
} as const

/** A resource as the API shows it. */
export type Shown = Readonly<Record<string, unknown>>

interface Column {
  readonly title: string
  cell(item: Shown, nowMs: number): string
}

/** Columns padded with three spaces; the last line ends with a newline. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows]
  const widths = titles.map((_, column) => Math.max(...lines.map(line => (line[column] ?? '').length)))
  return lines
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .map(line => `${line}\n`)
    .join('')
}

export function resourceTable(kind: Kind, items: readonly Shown[], nowMs: number): string {
  const columns = columnsOf(kind)
  return table(
    columns.map(column => column.title),
    items.map(item => columns.map(column => column.cell(item, nowMs))),
  )
}

/** Documents parted by `---`, or one. */
export function yaml(items: readonly unknown[]): string {
  return stringifyDocuments(items)
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Whole units, as kumactl: `57s`, `3m`, `2h`, `4d`. */
export function age(time: unknown, nowMs: number): string {
  const ms = nowMs - Date.parse(text(time))
  if (!Number.isFinite(ms)) return '-'
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

const NAME: Column = { title: 'NAME', cell: item => text(item['name']) }
const MESH: Column = { title: 'MESH', cell: item => text(item['mesh']) }
const AGE: Column = {
  title: 'AGE',
  cell: (item, nowMs) => age(item['modificationTime'] ?? item['creationTime'], nowMs),
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Mesh: [
    NAME,
    { title: 'mTLS', cell: item => mtlsOf(item) },
    { title: 'LOCALITY', cell: item => onOff(at(item, 'routing', 'localityAwareLoadBalancing')) },
    { title: 'ZONEEGRESS', cell: item => onOff(at(item, 'routing', 'zoneEgress')) },
    AGE,
  ],
  Dataplane: [
    MESH,
    NAME,
    { title: 'TAGS', cell: item => tagsOf(item) },
    { title: 'ADDRESS', cell: item => text(at(item, 'networking', 'address')) },
    AGE,
  ],
}

function columnsOf(kind: Kind): readonly Column[] {
  return COLUMNS[kind.type] ?? (kind.scope === 'Mesh' ? [MESH, NAME, AGE] : [NAME, AGE])
}

function mtlsOf(mesh: Shown): string {
  const enabled = at(mesh, 'mtls', 'enabledBackend')
  const backends = list(at(mesh, 'mtls', 'backends'))
  const backend = backends.find(one => at(one, 'name') === enabled)
  return typeof enabled !== 'string' || enabled === '' ? 'off' : `${text(at(backend, 'type'))}/${enabled}`
}

/** Of all inbounds or of the gateway: `key=value,value` sorted, parted by spaces. */
function tagsOf(dataplane: Shown): string {
  const values = new Map<string, Set<string>>()
  const holders = [...list(at(dataplane, 'networking', 'inbound')), at(dataplane, 'networking', 'gateway')]
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

/** A member, however deep, of a value of unknown shape. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let place = value
  for (const key of keys) {
    if (typeof place !== 'object' || place === null) return undefined
    place = Object.getOwnPropertyDescriptor(place, key)?.value
  }
  return place
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function onOff(value: unknown): string {
  return value === true ? 'on' : 'off'
}
