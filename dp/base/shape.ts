/**
 * Values of unknown shape, such as JSON from outside: small questions (is it an object with such members?), and looking
 * into them, where what is not there or of another type is empty.
 */

export type Check = (value: unknown) => boolean

export const isText: Check = value => typeof value === 'string'
export const isNumber: Check = value => typeof value === 'number' && Number.isFinite(value)
/** Counts and revisions: whole, from 0 on. */
export const isCount: Check = value => Number.isSafeInteger(value) && Number(value) >= 0
export const isFlag: Check = value => typeof value === 'boolean'

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isListOf(isItem: Check): Check {
  return value => Array.isArray(value) && value.every(isItem)
}

/** An object with these members; others may be there too. */
export function hasMembers(members: Readonly<Record<string, Check>>): Check {
  return value => isObject(value) && Object.entries(members).every(([name, isSound]) => isSound(value[name]))
}

export function orNull(isSound: Check): Check {
  return value => value === null || isSound(value)
}

/** The first member that is not sound; undefined: all are. */
export function wrongMember(
  value: Readonly<Record<string, unknown>>,
  members: Readonly<Record<string, Check>>,
): string | undefined {
  return Object.keys(members).find(name => members[name]?.(value[name]) !== true)
}
/** A member, however deep. */
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
