/**
 * A settings file's content (parsed YAML: nested mappings) → one entry per setting with the place it was written, or
 * with what is wrong about it: an unknown key, a section that is no mapping, a key written twice.
 */
import { didYouMean } from '../text/nearest.ts'
import { type ForeignName, foreignOf, isForeignSection } from './foreign.ts'

export interface SettingsFile {
  /** As the person gave it. */
  readonly path: string
  /** The parsed document; null and undefined: an empty file. */
  readonly content: unknown
  /** Line of a key, counted from 1. */
  readonly lineOf?: (keys: readonly string[]) => number | undefined
}

export interface FileEntry {
  readonly name: string
  readonly value: unknown
  readonly where: string
  readonly fault?: string
}

/**
 * `names`: the settings that there are; `foreign`: those of another program, which are entries without a fault. Keys
 * without a value (`dataDir:`) are left out.
 */
export function flatten(
  file: SettingsFile,
  names: ReadonlySet<string>,
  foreign: readonly ForeignName[] = [],
): FileEntry[] {
  const sections = new Set<string>()
  for (const name of names) {
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
      sections.add(name.slice(0, dot))
  }
  const entries: FileEntry[] = []
  const seen = new Set<string>()
  const visit = (content: unknown, keys: readonly string[]): void => {
    const name = keys.join('.')
    const line = keys.length === 0 ? undefined : file.lineOf?.(keys)
    const place = line === undefined ? file.path : `${file.path}:${line}`
    const where = name === '' ? place : `${place} ${name}`
    const isSection = name === '' || sections.has(name)
    const isOurs = isSection || names.has(name)
    if (!isOurs && isMapping(content) && isForeignSection(foreign, name)) {
      for (const [key, value] of Object.entries(content)) visit(value, [...keys, key])
    } else if (!isOurs && foreignOf(foreign, name) !== undefined) {
      entries.push({ name, value: content, where })
    } else if (content === null || content === undefined) {
      if (name !== '' && !names.has(name) && !sections.has(name)) {
        entries.push({ name, value: content, where, fault: unknownKey(name, names, sections) })
      }
    } else if (names.has(name)) {
      const twice = seen.has(name) ? { fault: 'it is written twice; keep one' } : {}
      seen.add(name)
      entries.push({ name, value: content, where, ...twice })
    } else if (name !== '' && !sections.has(name)) {
      entries.push({ name, value: content, where, fault: unknownKey(name, names, sections) })
    } else if (isMapping(content)) {
      for (const [key, value] of Object.entries(content)) visit(value, [...keys, key])
    } else {
      entries.push({
        name,
        value: content,
        where,
        fault: `it has to be a mapping with ${keysOf(name, names)}`,
      })
    }
  }
  visit(file.content, [])
  return entries
}

function unknownKey(name: string, names: ReadonlySet<string>, sections: ReadonlySet<string>): string {
  return `there is no such setting${didYouMean(name, [...names, ...sections])}`
}

/** The keys of a section: `keys such as http, https`. */
function keysOf(section: string, names: ReadonlySet<string>): string {
  const prefix = section === '' ? '' : `${section}.`
  const keys = new Set<string>()
  for (const name of names) {
    if (name.startsWith(prefix)) keys.add(name.slice(prefix.length).split('.')[0] ?? '')
  }
  return `keys such as ${[...keys].slice(0, 5).join(', ')}`
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
