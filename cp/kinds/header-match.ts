/**
 * Headers in policies (kuma-api 4.3): HeaderMatch, which selects by a header, and HeaderModifier, which sets, adds and
 * removes headers. Schemas, and their rules with Kuma's messages.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from './field-path.ts'
import { violation } from './fields.ts'
import type { Violation } from './kind.ts'
import { regexViolations } from './re2.ts'
import { optional, required } from './schema/doc.ts'

const NAME_RULE = 'lower case, 1 to 256 characters'

/** Name of a header as policies write it: lower case, since names are compared without regard to case. */
export const headerName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[a-z0-9!#$%&'*+\-.^_\x60|~]+$/)

export const headerMatchSchema = z.object({
  type: optional(
    z.enum(['Exact', 'Present', 'RegularExpression', 'Absent', 'Prefix']),
    'How the value is compared. Present and Absent ask only whether the header is there.',
    { default: 'Exact' },
  ),
  name: required(headerName, 'Name of the header.', { rule: NAME_RULE }),
  value: optional(z.string(), 'What the header is compared with.', {
    default: 'empty',
    rule: 'RegularExpression: RE2 syntax; not with Present and Absent',
  }),
})

export type HeaderMatch = z.infer<typeof headerMatchSchema>

/** @param path of the list */
export function headerMatchesViolations(
  headers: readonly HeaderMatch[] | undefined,
  path: string,
): Violation[] {
  return (headers ?? []).flatMap(({ type = 'Exact', value = '' }, i) => {
    const field = fieldAt(itemAt(path, i), 'value')
    if (type === 'RegularExpression') return regexViolations(value, field)
    const hasNone = type === 'Present' || type === 'Absent'
    return hasNone && value !== '' ? [violation(field, 'must not be defined')] : []
  })
}

const headersToWrite = z
  .array(
    z.object({
      name: required(headerName, 'Name of the header.', { rule: NAME_RULE }),
      value: required(z.string(), 'Its value; several values are separated by commas.', {
        rule: 'no control characters',
      }),
    }),
  )
  .max(16)

const written = {
  set: optional(headersToWrite, 'Headers that replace those of the same name.', { rule: 'at most 16' }),
  add: optional(headersToWrite, 'Headers that are added to those of the same name.', { rule: 'at most 16' }),
}

/** Sets and adds. */
export const headerSetAddSchema = z.object(written)

/** Sets, adds and removes. */
export const headerModifierSchema = z.object({
  ...written,
  remove: optional(z.array(z.string()).max(16), 'Names of headers that are taken out.', {
    rule: 'at most 16',
  }),
})

export type HeaderModifier = z.infer<typeof headerModifierSchema>

/** A name that is no token of HTTP; an empty one is fine. @param field of the name */
export function headerNameViolations(name: string, field: string): Violation[] {
  const isToken = /^[!#$%&'*+\-.^_\x60|~0-9A-Za-z]*$/.test(name)
  return isToken ? [] : [violation(field, "must consist of letters, digits and !#$%&'*+-.^_`|~")]
}

/** What could end the header, and begin another; tabs may be there. @param field of the value */
export function headerValueViolations(value: string, field: string): Violation[] {
  return /[^\P{Cc}\t]/u.test(value) ? [violation(field, 'must not contain control characters')] : []
}

/** At least one list, no name twice in all of them, values that HTTP can carry. @param lists those that the place has, for the message */
export function headerModifierViolations(
  modifier: HeaderModifier | undefined,
  path: string,
  lists: readonly ('set' | 'add' | 'remove')[] = ['set', 'add', 'remove'],
): Violation[] {
  if (modifier === undefined) return []
  const { set, add, remove } = modifier
  if (set === undefined && add === undefined && remove === undefined) {
    return [violation(path, `must have at least one defined: ${lists.join(', ')}`)]
  }
  const seen = new Set<string>()
  const twice = (list: string, names: readonly string[]): Violation[] =>
    names.flatMap((name, i) => {
      if (!seen.has(name)) {
        seen.add(name)
        return []
      }
      return [violation(fieldAt(itemAt(fieldAt(path, list), i), 'name'), 'duplicate header name')]
    })
  const values = (list: 'set' | 'add'): Violation[] =>
    (modifier[list] ?? []).flatMap(({ value }, i) =>
      headerValueViolations(value, fieldAt(itemAt(fieldAt(path, list), i), 'value')),
    )
  return [
    ...twice(
      'set',
      (set ?? []).map(header => header.name),
    ),
    ...twice(
      'add',
      (add ?? []).map(header => header.name),
    ),
    ...twice('remove', remove ?? []),
    ...values('set'),
    ...values('add'),
  ]
}
