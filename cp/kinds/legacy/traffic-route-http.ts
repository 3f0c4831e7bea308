/**
 * TrafficRoute's HTTP rules without their destinations: which requests they are for, and what is changed in requests
 * and answers (kuma-api 4.10). Where Kuma takes the last of several alternatives without a word, all are refused.
 */
import { z } from 'zod'
import { fieldAt, itemAt, keyAt } from '../field-path.ts'
import { sortedKeys, violation } from '../fields.ts'
import { headerNameViolations, headerValueViolations } from '../header-match.ts'
import type { Violation } from '../kind.ts'
import { regexViolations } from '../re2.ts'
import { carriedHostViolations, carriedNameViolations, carriedPathViolations } from '../routing/carried.ts'
import { optional } from '../schema/doc.ts'

const MATCHER_RULE = { rule: 'one of exact, prefix, regex' }
const PATTERN_RULE = { rule: 'an RE2 expression; not empty' }

const matcherSchema = z.object({
  exact: optional(z.string(), 'The value is this text.', { keepsZero: true }),
  prefix: optional(z.string(), 'The value begins with this text.', { rule: 'not empty' }),
  regex: optional(z.string(), 'The whole value matches this expression.', PATTERN_RULE),
})

export const matchSchema = z.object({
  method: optional(matcherSchema, 'Method of the request.', MATCHER_RULE),
  path: optional(matcherSchema, 'Path of the request.', MATCHER_RULE),
  headers: optional(
    z.record(z.string(), matcherSchema),
    'Headers of the request, by name; all have to match.',
    {
      rule: 'not empty',
    },
  ),
})

const replaceSchema = z.object({
  pattern: optional(z.string(), 'What is searched.', PATTERN_RULE),
  substitution: optional(z.string(), 'What it becomes; `\\1` is the first group of the pattern.', {
    rule: 'not empty',
  }),
})

const headersSchema = z.object({
  add: optional(
    z.array(
      z.object({
        name: optional(z.string(), 'Name of the header.', {
          rule: 'not empty, not host, not a pseudo header',
        }),
        value: optional(z.string(), 'Value of the header.', { rule: 'not empty' }),
        append: optional(
          z.boolean(),
          'Whether it is added to values that are there already, or replaces them.',
          {
            default: 'false',
          },
        ),
      }),
    ),
    'Headers that are set.',
  ),
  remove: optional(
    z.array(
      z.object({
        name: optional(z.string(), 'Name of the header.', {
          rule: 'not empty, not host, not a pseudo header',
        }),
      }),
    ),
    'Headers that are taken out.',
  ),
})

export const modifySchema = z.object({
  path: optional(
    z.object({
      rewritePrefix: optional(z.string(), 'Takes the place of the prefix that `match.path` has matched.', {
        rule: 'only with match.path.prefix; not empty',
      }),
      regex: optional(replaceSchema, 'Replaces what an expression finds.'),
    }),
    'Path of the request.',
    { rule: 'one of rewritePrefix, regex' },
  ),
  host: optional(
    z.object({
      value: optional(z.string(), 'The new host.', { rule: 'not empty' }),
      fromPath: optional(replaceSchema, 'The host is made from the path.'),
    }),
    'Host header of the request.',
    { rule: 'one of value, fromPath' },
  ),
  requestHeaders: optional(headersSchema, 'Headers of the request.'),
  responseHeaders: optional(headersSchema, 'Headers of the answer.'),
})

type Match = z.infer<typeof matchSchema>
type Modify = z.infer<typeof modifySchema>

export function httpMatchViolations(match: Match | undefined, path: string): Violation[] {
  const { method, path: target, headers } = match ?? {}
  if (method === undefined && target === undefined && headers === undefined) {
    const message = 'must be present and contain at least one of the elements: "method", "path" or "headers"'
    return [violation(path, message)]
  }
  const names = sortedKeys(headers ?? {})
  const at = fieldAt(path, 'headers')
  return [
    ...(method === undefined ? [] : matcherViolations(method, fieldAt(path, 'method'))),
    ...(target === undefined ? [] : matcherViolations(target, fieldAt(path, 'path'))),
    ...(headers !== undefined && names.length === 0
      ? [violation(at, 'must contain at least one element')]
      : []),
    ...names.flatMap(name => [
      ...(name === '' ? [violation(keyAt(at, name), 'cannot be empty')] : []),
      ...matcherViolations(headers?.[name] ?? {}, keyAt(at, name)),
    ]),
  ]
}

/** @param match of the same rule: a prefix can only be rewritten where one was matched */
export function httpModifyViolations(
  modify: Modify | undefined,
  match: Match | undefined,
  path: string,
): Violation[] {
  const { path: target, host, requestHeaders, responseHeaders } = modify ?? {}
  return [
    ...(target === undefined ? [] : modifyPathViolations(target, match, fieldAt(path, 'path'))),
    ...(host === undefined ? [] : modifyHostViolations(host, fieldAt(path, 'host'))),
    ...headersViolations(requestHeaders, fieldAt(path, 'requestHeaders')),
    ...headersViolations(responseHeaders, fieldAt(path, 'responseHeaders')),
  ]
}

/** Of alternatives at most one may be there. */
export function alternativeViolations(section: Readonly<Record<string, unknown>>, path: string): Violation[] {
  const given = sortedKeys(section).filter(name => section[name] !== undefined)
  if (given.length < 2) return []
  const names = given.map(name => JSON.stringify(name)).join(', ')
  return [violation(path, `only one of ${names} may be set`)]
}

function matcherViolations(matcher: z.infer<typeof matcherSchema>, path: string): Violation[] {
  const { exact, prefix, regex } = matcher
  if (exact === undefined && prefix === undefined && regex === undefined) {
    // "split" is Kuma's slip; "prefix" is meant
    return [violation(path, 'cannot be empty. Available options: "exact", "split" or "regex"')]
  }
  return [
    ...alternativeViolations(matcher, path),
    ...emptyViolations(prefix, fieldAt(path, 'prefix')),
    ...emptyViolations(regex, fieldAt(path, 'regex')),
    ...regexViolations(regex, fieldAt(path, 'regex')),
  ]
}

function modifyPathViolations(
  target: NonNullable<Modify['path']>,
  match: Match | undefined,
  path: string,
): Violation[] {
  const { rewritePrefix, regex } = target
  if (rewritePrefix === undefined && regex === undefined) {
    return [violation(path, 'either "rewritePrefix" or "regex" has to be set')]
  }
  const field = fieldAt(path, 'rewritePrefix')
  return [
    ...alternativeViolations(target, path),
    ...emptyViolations(rewritePrefix, field),
    ...carriedPathViolations(rewritePrefix, field),
    ...carriedPathViolations(regex?.substitution, fieldAt(path, 'regex.substitution')),
    ...(rewritePrefix && !match?.path?.prefix
      ? [violation(field, 'can only be set when .http.match.path.prefix is not empty')]
      : []),
    ...(regex === undefined ? [] : replaceViolations(regex, fieldAt(path, 'regex'))),
  ]
}

function modifyHostViolations(host: NonNullable<Modify['host']>, path: string): Violation[] {
  const { value, fromPath } = host
  if (value === undefined && fromPath === undefined) {
    return [violation(path, 'either "value" or "fromPath" has to be set')]
  }
  return [
    ...alternativeViolations(host, path),
    ...emptyViolations(value, fieldAt(path, 'value')),
    ...carriedHostViolations(value, fieldAt(path, 'value')),
    ...carriedHostViolations(fromPath?.substitution, fieldAt(path, 'fromPath.substitution')),
    ...(fromPath === undefined ? [] : replaceViolations(fromPath, fieldAt(path, 'fromPath'))),
  ]
}

function replaceViolations(
  { pattern, substitution }: z.infer<typeof replaceSchema>,
  path: string,
): Violation[] {
  return [
    ...emptyViolations(pattern ?? '', fieldAt(path, 'pattern')),
    ...regexViolations(pattern, fieldAt(path, 'pattern')),
    ...emptyViolations(substitution ?? '', fieldAt(path, 'substitution')),
  ]
}

function headersViolations(headers: z.infer<typeof headersSchema> | undefined, path: string): Violation[] {
  const { add = [], remove = [] } = headers ?? {}
  const at = (list: string, i: number): string => itemAt(fieldAt(path, list), i)
  return [
    ...add.flatMap(({ name, value }, i) => [
      ...nameViolations(name ?? '', fieldAt(at('add', i), 'name')),
      ...emptyViolations(value ?? '', fieldAt(at('add', i), 'value')),
      ...headerValueViolations(value ?? '', fieldAt(at('add', i), 'value')),
    ]),
    ...remove.flatMap(({ name }, i) => nameViolations(name ?? '', fieldAt(at('remove', i), 'name'))),
  ]
}

function nameViolations(name: string, field: string): Violation[] {
  if (name.startsWith(':') || name.toLowerCase() === 'host') {
    return [violation(field, 'host header and HTTP/2 pseudo-headers are not allowed to be modified')]
  }
  return [
    ...emptyViolations(name, field),
    ...headerNameViolations(name, field),
    ...carriedNameViolations(name, field),
  ]
}

/** Left out is fine. */
function emptyViolations(text: string | undefined, field: string): Violation[] {
  return text === '' ? [violation(field, 'cannot be empty')] : []
}
