/**
 * Values whose written form is not their type: 64-bit numbers and bytes of flat kinds, int-or-string, percentages
 * (kuma-api 1.2, 4.3). Schemas for kind files, and the rules with Kuma's messages.
 */
import { z } from 'zod'
import { violation } from './fields.ts'
import type { Violation } from './kind.ts'

/** Protobuf's 64-bit numbers: number or text in, text out (`"1024"`). Doc fact for it: `typeText: 'whole number'`. */
export const int64 = z.union([z.int(), z.string().regex(/^-?\d{1,19}$/)]).transform(value => String(value))

/** As `int64`, without a sign. Give it the doc fact `zero: '0'` too: plain fields do not show 0. */
export const uint64 = z.unknown().transform((value, context) => {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return String(BigInt(text))
  context.issues.push({
    code: 'custom',
    message: `must be a whole number from 0 to ${2n ** 64n - 1n}`,
    input: value,
  })
  return z.NEVER
})

/** Protobuf's 32-bit numbers without a sign. */
export const uint32 = z.number().check(({ value, issues }) => {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return
  issues.push({ code: 'custom', message: `must be a whole number from 0 to ${2 ** 32 - 1}`, input: value })
})

/** Kuma's int-or-string: a whole number or a text with a decimal (`"12.5"`), kept as written. */
export const intOrString = z.union([z.int(), z.string()])
export type IntOrString = z.infer<typeof intOrString>

/** Base64 text (standard alphabet), shown without line breaks. */
export const bytes = z.string().transform(checkBase64)

/** Of int-or-string; null: it is no number. */
export function numberOf(value: IntOrString): number | null {
  if (typeof value === 'number') return value
  return /^[-+]?(\d+(\.\d*)?|\.\d+)$/.test(value) ? Number(value) : null
}

/** 0 to 100; left out is fine. Messages of 2.14. */
export function percentageViolations(value: IntOrString | undefined, field: string): Violation[] {
  if (value === undefined) return []
  const number = numberOf(value)
  if (number === null) return [violation(field, 'string must be a valid number')]
  return number >= 0 && number <= 100 ? [] : [violation(field, 'must be in inclusive range [0.0, 100.0]')]
}

function checkBase64(text: string, context: z.RefinementCtx<string>): string {
  const data = text.replace(/[\r\n]/g, '')
  if (data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(data)) return data
  context.issues.push({
    code: 'custom',
    message: `illegal base64 data at input byte ${illegalByte(text)}`,
    input: text,
  })
  return z.NEVER
}

/** Index of the first byte that cannot be there; the length when some are missing at the end. */
function illegalByte(text: string): number {
  const at = text.search(/[^A-Za-z0-9+/\r\n]/)
  if (at < 0) return text.length
  // padding fills up a group of four, and nothing follows
  const before = text.slice(0, at).replace(/[\r\n]/g, '').length
  const padding = before % 4 === 2 ? '==' : before % 4 === 3 ? '=' : null
  if (padding === null) return at
  const rest = text.slice(at)
  if (rest.startsWith(padding)) return at + padding.length
  return padding.startsWith(rest) ? text.length : at
}
