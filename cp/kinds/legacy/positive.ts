/**
 * Numbers and durations that have to be above 0, in the words of Retry and Timeout (kuma-api 4.12); other kinds have
 * other words for the same (`fields.ts`).
 */
import { readGoDuration } from '#base/duration.ts'
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'

/** Of a value that has to be there. @param value a duration as text, or a number */
export function aboveZeroViolations(value: string | number, field: string): Violation[] {
  return isAboveZero(value) ? [] : [violation(field, 'has to be greater than 0')]
}

/** Of a value that may be left out. */
export function whenDefinedViolations(value: string | number | undefined, field: string): Violation[] {
  if (value === undefined || isAboveZero(value)) return []
  return [violation(field, 'has to be greater than 0 when defined')]
}

function isAboveZero(value: string | number): boolean {
  if (typeof value === 'number') return value > 0
  const read = readGoDuration(value)
  return read.ok && read.ns > 0n
}
