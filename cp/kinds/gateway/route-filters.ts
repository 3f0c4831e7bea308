/**
 * What a rule of a MeshGatewayRoute does with requests before they go on: headers, a mirror, a redirect, another path
 * (kuma-api 4.9). Schemas and checks; paths are Kuma's, which writes some names with underscores.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { portViolations, violation } from '../fields.ts'
import { headerNameViolations, headerValueViolations } from '../header-match.ts'
import type { Violation } from '../kind.ts'
import { number, optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'
import { backendSchema, backendViolations } from './route-backend.ts'

const headersSchema = z.array(
  z.object({
    name: optional(z.string(), 'Name of the header.', { rule: 'not empty' }),
    value: optional(z.string(), 'Its value.', { rule: 'not empty; no control characters' }),
  }),
)

const headerFilterSchema = z.object({
  set: optional(headersSchema, 'Headers that replace those of the same name.'),
  add: optional(headersSchema, 'Headers that are added to those of the same name.'),
  remove: optional(z.array(z.string()), 'Names of headers that are taken out.'),
})

const rewriteSchema = z.object({
  replaceFull: optional(z.string(), 'The whole path becomes this.', {
    rule: 'this or replacePrefixMatch',
    keepsZero: true,
  }),
  replacePrefixMatch: optional(z.string(), 'The prefix that matched becomes this.', {
    rule: 'this or replaceFull; needs a match with path PREFIX',
    keepsZero: true,
  }),
  hostToBackendHostname: optional(z.boolean(), 'The host header becomes the host name of the endpoint.', {
    default: 'false',
    rule: 'not with a requestHeader filter that writes host',
  }),
})

const ONE = 'one filter an item'

export const filterSchema = z.object({
  requestHeader: optional(headerFilterSchema, 'Changes headers of requests.', { rule: ONE }),
  responseHeader: optional(headerFilterSchema, 'Changes headers of answers.', { rule: ONE }),
  mirror: optional(
    z.object({
      percentage: optional(z.number(), 'How many of the requests are mirrored.', {
        unit: 'percent',
        rule: '0 to 100; must be there',
        keepsZero: true,
      }),
      backend: optional(backendSchema, 'Where the copies go; answers to them are dropped.', {
        rule: 'must be there',
      }),
    }),
    'Sends copies of requests elsewhere.',
    { rule: ONE },
  ),
  redirect: optional(
    z.object({
      scheme: optional(z.string(), 'Scheme of the new URL.', { default: 'that of the request' }),
      hostname: optional(z.string(), 'Host of the new URL.', { default: 'that of the request' }),
      port: optional(uint32, 'Port of the new URL.', { default: 'that of the request', rule: '1 to 65535' }),
      statusCode: number('Status of the answer.', { rule: '300 to 308' }),
      path: optional(rewriteSchema, 'Path of the new URL.', { default: 'that of the request' }),
    }),
    'Answers with another URL; the request goes nowhere.',
    { rule: 'the only filter of its rule, without backends' },
  ),
  rewrite: optional(rewriteSchema, 'Changes the path, or the host, that the backend sees.', { rule: ONE }),
})

export type RouteFilter = z.infer<typeof filterSchema>
type Headers = z.infer<typeof headersSchema>
type HeaderFilter = z.infer<typeof headerFilterSchema>
type Rewrite = z.infer<typeof rewriteSchema>

/** What the rule around a filter has. */
export interface FilterPlace {
  readonly hasPrefixMatch: boolean
  /** A filter of the same rule sets the host. */
  readonly rewritesHost: boolean
}

export function filterViolations(filter: RouteFilter, path: string, place: FilterPlace): Violation[] {
  const { requestHeader, responseHeader, mirror, redirect, rewrite } = filter
  const names = Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (names.length > 1) {
    return [violation(path, `must have only one of them defined: ${names.join(', ')}`)]
  }
  return [
    ...headerViolations(requestHeader, fieldAt(path, 'request_header'), place.rewritesHost),
    ...headerViolations(responseHeader, fieldAt(path, 'response_header'), false),
    ...redirectViolations(redirect, fieldAt(path, 'redirect')),
    ...mirrorViolations(mirror, fieldAt(path, 'mirror')),
    ...rewriteViolations(rewrite, fieldAt(path, 'rewrite')),
    ...(rewrite?.replacePrefixMatch !== undefined && !place.hasPrefixMatch
      ? [
          violation(
            fieldAt(path, 'rewrite.replacePrefixMatch'),
            'cannot be used without a match on path prefix',
          ),
        ]
      : []),
  ]
}

function headerViolations(
  filter: HeaderFilter | undefined,
  path: string,
  rewritesHost: boolean,
): Violation[] {
  if (filter === undefined) return []
  const { set = [], add = [], remove = [] } = filter
  if (set.length + add.length + remove.length === 0) return [violation(path, 'cannot be empty')]
  return [
    ...writtenViolations(set, fieldAt(path, 'set'), rewritesHost),
    ...writtenViolations(add, fieldAt(path, 'add'), rewritesHost),
    ...remove.flatMap((name, i) =>
      name === '' ? [violation(itemAt(fieldAt(path, 'remove'), i), 'cannot be empty')] : [],
    ),
  ]
}

function writtenViolations(headers: Headers, path: string, rewritesHost: boolean): Violation[] {
  return headers.flatMap(({ name = '', value = '' }, i) => {
    const field = itemAt(path, i)
    const isHost = [':authority', 'host'].includes(name.toLowerCase())
    const message = `cannot modify '${name}' header, when route has set 'rewrite.host_to_backend_hostname' option`
    return [
      ...(isHost && rewritesHost ? [violation(field, message)] : []),
      ...(name === '' ? [violation(fieldAt(field, 'name'), 'cannot be empty')] : []),
      ...(value === '' ? [violation(fieldAt(field, 'value'), 'cannot be empty')] : []),
      ...(name.startsWith(':') ? [] : headerNameViolations(name, fieldAt(field, 'name'))),
      ...headerValueViolations(value, fieldAt(field, 'value')),
    ]
  })
}

function redirectViolations(redirect: RouteFilter['redirect'], path: string): Violation[] {
  if (redirect === undefined) return []
  const { port = 0, statusCode } = redirect
  return [
    ...(port === 0 ? [] : portViolations(port, fieldAt(path, 'port'))),
    ...(statusCode >= 300 && statusCode <= 308
      ? []
      : [violation(fieldAt(path, 'status_code'), 'must be in the range [300, 308]')]),
    ...rewriteViolations(redirect.path, fieldAt(path, 'path')),
  ]
}

function mirrorViolations(mirror: RouteFilter['mirror'], path: string): Violation[] {
  if (mirror === undefined) return []
  const { percentage, backend } = mirror
  const field = fieldAt(path, 'percentage')
  const isRight = percentage !== undefined && percentage >= 0 && percentage <= 100
  const message = percentage === undefined ? 'cannot be empty' : 'has to be in [0.0 - 100.0] range'
  return [
    ...(isRight ? [] : [violation(field, message)]),
    ...(backend === undefined
      ? [violation(fieldAt(path, 'backend'), 'cannot be empty')]
      : backendViolations(backend, fieldAt(path, 'backend'))),
  ]
}

function rewriteViolations(rewrite: Rewrite | undefined, path: string): Violation[] {
  if (rewrite?.replaceFull === undefined || rewrite.replacePrefixMatch === undefined) return []
  return [violation(path, 'must have only one of them defined: replaceFull, replacePrefixMatch')]
}
