/**
 * The effective settings as `GET /config` shows them: Kuma's key names nested, durations as Go prints them, secrets
 * masked (kuma-api 1.6).
 */
import { formatGoDuration } from '#base/duration.ts'
import type { Setting, SettingsTable } from '#base/settings.ts'

/** @param fixed what is so without being a setting; settings win */
export function settingsView(
  table: SettingsTable,
  values: Readonly<Record<string, unknown>>,
  fixed: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const root: Tree = {}
  for (const [name, value] of Object.entries(fixed)) put(root, name.split('.'), value)
  for (const [name, setting] of Object.entries(table))
    put(root, name.split('.'), shown(setting, values[name]))
  return root
}

interface Tree {
  [key: string]: unknown
}

function put(root: Tree, path: readonly string[], value: unknown): void {
  let place = root
  for (const key of path.slice(0, -1)) {
    const below = place[key]
    const next: Tree = isTree(below) ? below : {}
    place[key] = next
    place = next
  }
  place[path.at(-1) ?? ''] = value
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(setting: Setting, value: unknown): unknown {
  if (value === null || value === undefined) return setting.type === 'list' ? [] : ''
  if (setting.isSecret === true) return '*****'
  return setting.type === 'duration' && typeof value === 'number'
    ? formatGoDuration(BigInt(Math.round(value * 1000)) * 1000n)
    : value
}
