/** Values → what vmeshctl prints: tables, YAML with the keys in kumactl's order (kuma-api 2.6), JSON. */
import type { Shown } from '../kinds/table/columns.ts'
import type { World } from './world.ts'

export { at, list, text } from '#base/shape.ts'
export { age, span, table } from '#base/text/table.ts'
export type { Shown } from '../kinds/table/columns.ts'

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

/** Of commands that tell what they did. */
export const TEXT_OUTPUT_OPTION = {
  output: {
    ...OUTPUT_OPTION.output,
    default: 'text',
    choices: ['text', 'json'],
    doc: 'text, or json for programs (vmeshctl help json).',
  },
} as const

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
  'version',
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
