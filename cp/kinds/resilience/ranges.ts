/**
 * Ranges of numbers and durations in the resilience policies, with Kuma 2.14's messages. A value that was left out is
 * fine everywhere.
 */
import { z } from 'zod'
import { readGoDuration } from '#base/duration.ts'
import { violation } from '../fields.ts'
import type { Violation } from '../kind.ts'

/** Kuma's uint32. */
export const count = z.int().min(0).max(4_294_967_295)

/** Kuma's int32, as far as it is a count: the rule for what is below has a message of its own. */
export const int32 = z.int().max(2_147_483_647)

export function aboveZero(
  value: number | undefined,
  field: string,
  message = 'must be greater than 0',
): Violation[] {
  return value === undefined || value > 0 ? [] : [violation(field, message)]
}

export function durationAboveZero(duration: string | undefined, field: string): Violation[] {
  const isFine = duration === undefined || nanoseconds(duration) > 0n
  return isFine ? [] : [violation(field, 'must be greater than zero when defined')]
}

export function durationNotNegative(duration: string | undefined, field: string): Violation[] {
  const isFine = duration === undefined || nanoseconds(duration) >= 0n
  return isFine ? [] : [violation(field, 'must not be negative when defined')]
}

/** @param min both as number and as Go prints it; the limit itself is too short */
export function durationOver(
  duration: string,
  field: string,
  min: { ms: number; text: string },
): Violation[] {
  const isFine = nanoseconds(duration) > BigInt(min.ms) * 1_000_000n
  return isFine ? [] : [violation(field, `must be greater than: ${min.text}`)]
}

export function wholePercent(value: number | undefined, field: string): Violation[] {
  const isFine = value === undefined || (value >= 0 && value <= 100)
  return isFine ? [] : [violation(field, 'must be in inclusive range [0, 100]')]
}

export function statusCode(status: number, field: string): Violation[] {
  return status >= 100 && status <= 599 ? [] : [violation(field, 'must be in inclusive range [100, 599]')]
}

/** Of a text that the schema has read: anything else counts as 0. */
function nanoseconds(duration: string): bigint {
  const read = readGoDuration(duration)
  return read.ok ? read.ns : 0n
}
