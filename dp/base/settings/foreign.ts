/**
 * Names of another program, whose configuration people bring along: which of its settings, variables and flags this
 * one takes, calls otherwise, does not need, or refuses because leaving them out unseen would be wrong. One table a
 * program; documents print it.
 */
import { wordsOf } from './names.ts'

export type ForeignName = {
  /** Of a setting, or of a flag without dashes; `store.postgres.*`, `dns-*` stand for all that begin so. */
  readonly name: string
  /** Variables, where they are not made of the name; `X_*` as above. */
  readonly variables?: readonly string[]
  /** A flag that never takes the next word as its value. */
  readonly isSwitch?: true
} /** The same here. `as`: the setting, where the name is a flag. */ & (
  | { readonly fate: 'taken'; readonly as?: string }
  | { readonly fate: 'renamed'; readonly as: string }
  /** Nothing is lost when it is left out. `why`: what is instead, a sentence without its end. */
  | { readonly fate: 'idle'; readonly why: string }
  /** `fine`: values that say what this program does anyway. `why`: what to do. */
  | { readonly fate: 'refused'; readonly why: string; readonly fine?: readonly unknown[] }
)

/** Finds the row of a name, the exact one first. */
export function foreignOf(rows: readonly ForeignName[], name: string): ForeignName | undefined {
  return rows.find(row => row.name === name) ?? rows.find(row => covers(row.name, name))
}

/** Whether some row is below this name, so that it is a section. */
export function isForeignSection(rows: readonly ForeignName[], name: string): boolean {
  return rows.some(row => row.name.startsWith(`${name}.`) && row.name !== `${name}.*`)
}

/** What is wrong with giving it this value; null: nothing, it can be left out. */
export function foreignFault(row: ForeignName, value: unknown): string | null {
  if (isEmpty(value)) return null
  if (row.fate === 'renamed') return `is called ${row.as} here`
  return row.fate === 'refused' && !isFine(row, value) ? row.why : null
}

/** Variables of the other program that mean this name. */
export function variablesOf(row: ForeignName, prefix: string): readonly string[] {
  if (row.variables !== undefined) return row.variables
  return row.name === '' ? [] : [prefix + wordsOf(row.name)]
}

/** Says what this program does anyway. */
export function isFine(row: ForeignName, value: unknown): boolean {
  return row.fate === 'refused' && (row.fine ?? []).some(one => String(one) === String(value))
}

export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** `a.*` covers `a` too: a section as a whole. */
export function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') && (name.startsWith(pattern.slice(0, -1)) || pattern === `${name}.*`)
}
