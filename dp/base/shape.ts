/** Small questions to values that came as JSON from outside: is it an object with such members? */

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
