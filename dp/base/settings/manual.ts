/** What a settings table tells people: the reference in Markdown, the text of `--help`, and the values in force. */

import { formatGoDuration } from '../duration.ts'
import { type Settings, type SettingsTable, variableOf } from '../settings.ts'
import type { Setting } from './value.ts'

/** One row a setting: key, variable, type, default, meaning. */
export function settingsMarkdown(table: SettingsTable): string {
  const rows = Object.entries(table).map(([name, setting]) => {
    const cells = [
      `\`${name}\``,
      `\`${variableOf(name)}\``,
      typeText(setting),
      defaultText(setting),
      setting.doc,
    ]
    return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return ['| Key | Variable | Type | Default | Meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

/** For a terminal: name and default on a line, variable and meaning below. */
export function settingsHelp(table: SettingsTable): string {
  const blocks = Object.entries(table).map(
    ([name, setting]) =>
      `  ${name} (${typeText(setting)}, default ${defaultText(setting)})\n      ${variableOf(name)}\n      ${setting.doc}`,
  )
  return `Settings:\n${blocks.join('\n')}\n`
}

/** The values in force as a tree, for `GET /config`: durations in Go's form, secrets masked. */
export function settingsTree<T extends SettingsTable>(
  table: T,
  values: Settings<T>,
): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries<Setting>(table)) {
    const keys = name.split('.')
    const last = keys.pop() ?? name
    let branch = root
    for (const key of keys) branch = branchAt(branch, key)
    branch[last] = printed(setting, values[name])
  }
  return root
}

function branchAt(tree: Record<string, unknown>, key: string): Record<string, unknown> {
  const there = tree[key]
  // only this file puts objects that are no lists into the tree
  if (typeof there === 'object' && there !== null) return there as Record<string, unknown>
  const branch: Record<string, unknown> = {}
  tree[key] = branch
  return branch
}

function printed(setting: Setting, value: unknown): unknown {
  if (setting.isSecret === true && value !== null && value !== '') return '*****'
  return setting.type === 'duration' && typeof value === 'number'
    ? formatGoDuration(BigInt(Math.round(value * 1e6)))
    : value
}

function typeText(setting: Setting): string {
  if (setting.type === 'enum') return setting.values.join(', ')
  if (setting.type === 'integer' && setting.unit !== undefined) return setting.unit
  return setting.type
}

/** As the reference shows it. */
export function defaultText(setting: Setting): string {
  if (setting.default === null) return 'none'
  if (Array.isArray(setting.default)) return setting.default.length === 0 ? 'none' : setting.default.join(',')
  return setting.default === '' ? 'empty' : String(setting.default)
}
