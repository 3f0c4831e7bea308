/** Values → what vmeshctl prints: tables, YAML with the keys in kumactl's order (kuma-api 2.6), JSON. */
import type { World } from './world.ts'

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

/** Loads the writer of YAML only when it is needed. */
export async function yaml(value: unknown): Promise<string> {
  const { stringifyYaml } = await import('#base/yaml.ts')
  return stringifyYaml(value)
}

/** The keys of metadata first, in the order of the alphabet, then those of the spec as they are. */
export function inOrderOfKeys(resource: Shown): Shown {
  const entries = Object.entries(resource)
  const isMeta = ([key]: readonly [string, unknown]): boolean => META_KEYS.has(key)
  const meta = entries.filter(isMeta).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries([...meta, ...entries.filter(entry => !isMeta(entry))])
}

const META_KEYS = new Set([
  'creationTime',
  'kri',
  'labels',
  'mesh',
  'modificationTime',
  'name',
  'snis',
  'type',
])

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** `value` as YAML or JSON, or the table of `asTable`. */
export async function printAs(
  format: 'table' | 'yaml' | 'json',
  value: unknown,
  asTable: () => string,
  world: Pick<World, 'out'>,
): Promise<void> {
  world.out(format === 'table' ? asTable() : format === 'json' ? json(value) : await yaml(value))
}

/** Whole units, as kumactl: `57s`, `3m`, `2h`, `4d`. `-` for what is no time. */
export function age(time: unknown, nowMs: number): string {
  const ms = nowMs - Date.parse(text(time))
  return Number.isFinite(ms) ? span(Math.max(0, ms)) : '-'
}

/** As `age`, for a length. */
export function span(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
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
