/**
 * Filters of a MeshHTTPRoute (kuma-api 4.12): what is done with requests besides choosing a service. Schema, and the
 * rules with Kuma's messages.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import {
  type HeaderModifier,
  headerModifierSchema,
  headerModifierViolations,
  headerNameViolations,
} from '../header-match.ts'
import type { Violation } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'
import type { TargetRefRules } from '../target-ref.ts'
import { intOrString, percentageViolations } from '../values.ts'
import { backendRefSchema, backendRefViolations } from './backend-ref.ts'
import { carriedHostViolations, carriedNameViolations, carriedPathViolations } from './carried.ts'

const preciseHostname = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
const HOSTNAME_RULE = 'a DNS name in lower case, no IP address'

const pathRewriteSchema = z.object({
  type: required(
    z.enum(['ReplaceFullPath', 'ReplacePrefixMatch']),
    'What is replaced: the whole path, or the part that the match compared.',
  ),
  replaceFullPath: optional(z.string(), 'The new path.', { rule: 'with type ReplaceFullPath' }),
  replacePrefixMatch: optional(z.string(), 'What takes the place of the prefix.', {
    rule: 'with type ReplacePrefixMatch; only if all matches have a PathPrefix',
  }),
})

const redirectSchema = z.object({
  scheme: optional(z.enum(['http', 'https']), 'Scheme of the new address.', {
    default: 'that of the request',
  }),
  hostname: optional(preciseHostname, 'Host of the new address.', {
    default: 'that of the request',
    rule: HOSTNAME_RULE,
  }),
  port: optional(z.int().min(1).max(65535), 'Port of the new address.', {
    default: 'that of the request',
    rule: '1 to 65535',
  }),
  path: optional(pathRewriteSchema, 'Path of the new address.', { default: 'that of the request' }),
  statusCode: optional(z.literal([301, 302, 303, 307, 308]), 'Status of the answer.', {
    default: '302',
    typeText: '301, 302, 303, 307, 308',
  }),
})

const rewriteSchema = z.object({
  hostname: optional(preciseHostname, 'Host that the service is asked for.', { rule: HOSTNAME_RULE }),
  path: optional(pathRewriteSchema, 'Path that the service is asked for.'),
  hostToBackendHostname: optional(z.boolean(), 'Ask the service for its own host name.', {
    default: 'false',
    rule: 'only where the policy is for a MeshGateway; not together with hostname',
  }),
})

const mirrorSchema = z.object({
  percentage: optional(intOrString, 'Share of the requests that are mirrored.', {
    default: '100',
    unit: 'percent',
    rule: '0 to 100',
    typeText: 'whole number or decimal text',
  }),
  backendRef: required(backendRefSchema, 'The service that gets a copy; its answers are dropped.', {
    rule: 'MeshService, MeshServiceSubset',
  }),
})

export const filterSchema = z.object({
  type: required(
    z.enum([
      'RequestHeaderModifier',
      'ResponseHeaderModifier',
      'RequestRedirect',
      'URLRewrite',
      'RequestMirror',
    ]),
    'What the filter does; the field of that name says how.',
  ),
  requestHeaderModifier: optional(headerModifierSchema, 'Changes of the headers of requests.', {
    rule: 'with type RequestHeaderModifier',
  }),
  responseHeaderModifier: optional(headerModifierSchema, 'Changes of the headers of responses.', {
    rule: 'with type ResponseHeaderModifier',
  }),
  requestRedirect: optional(redirectSchema, 'An answer that sends the client to another address.', {
    rule: 'with type RequestRedirect',
  }),
  urlRewrite: optional(rewriteSchema, 'Another host or path, without the client seeing it.', {
    rule: 'with type URLRewrite',
  }),
  requestMirror: optional(mirrorSchema, 'Copies of requests to another service.', {
    rule: 'with type RequestMirror',
  }),
})

type Filter = z.infer<typeof filterSchema>

/** What a filter's rules depend on. */
export interface FilterPlace {
  readonly isOfGateway: boolean
  /** All matches of the rule have a PathPrefix. */
  readonly hasOnlyPrefixes: boolean
}

const MIRROR: TargetRefRules = { kinds: ['MeshService', 'MeshServiceSubset'] }

/** @param path of the list */
export function filtersViolations(filters: readonly Filter[], path: string, place: FilterPlace): Violation[] {
  return filters.flatMap((filter, i) => filterViolations(filter, itemAt(path, i), place))
}

function filterViolations(filter: Filter, path: string, place: FilterPlace): Violation[] {
  const section = SECTIONS[filter.type]
  const field = fieldAt(path, section)
  if (filter[section] === undefined) return [violation(field, 'must be defined')]
  switch (filter.type) {
    case 'RequestHeaderModifier':
    case 'ResponseHeaderModifier':
      return [
        ...headerModifierViolations(filter[SECTIONS[filter.type]], field),
        ...carriedViolations(filter[SECTIONS[filter.type]], field),
      ]
    case 'RequestRedirect':
      return [
        ...pathRewriteViolations(filter.requestRedirect?.path, fieldAt(field, 'path'), place),
        ...hostnameViolations(filter.requestRedirect?.hostname, fieldAt(field, 'hostname')),
      ]
    case 'URLRewrite':
      return rewriteViolations(filter.urlRewrite, field, place)
    case 'RequestMirror':
      return mirrorViolations(filter.requestMirror, field)
  }
}

const SECTIONS = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  RequestMirror: 'requestMirror',
} as const

/** The host that is set is rewritten, so it has to be one. */
function carriedViolations(
  { set = [], add = [], remove = [] }: HeaderModifier = {},
  path: string,
): Violation[] {
  const at = (list: string, i: number): string => itemAt(fieldAt(path, list), i)
  const nameAt = (list: string) => (header: { readonly name: string }, i: number) =>
    carriedNameViolations(header.name, fieldAt(at(list, i), 'name'))
  return [
    ...set.flatMap(nameAt('set')),
    ...add.flatMap(nameAt('add')),
    ...remove.flatMap((name, i) => [
      ...carriedNameViolations(name, at('remove', i)),
      ...headerNameViolations(name, at('remove', i)),
    ]),
    ...set.flatMap(({ name, value }, i) =>
      name === 'host' ? carriedHostViolations(value, fieldAt(at('set', i), 'value')) : [],
    ),
  ]
}

function rewriteViolations(rewrite: Filter['urlRewrite'], path: string, place: FilterPlace): Violation[] {
  const field = fieldAt(path, 'hostToBackendHostname')
  const takesBackends = rewrite?.hostToBackendHostname === true
  return [
    ...pathRewriteViolations(rewrite?.path, fieldAt(path, 'path'), place),
    ...hostnameViolations(rewrite?.hostname, fieldAt(path, 'hostname')),
    ...(takesBackends && !place.isOfGateway ? [violation(field, 'can only be set with MeshGateway')] : []),
    ...(takesBackends && rewrite.hostname !== undefined
      ? [violation(field, 'cannot be set together with hostname')]
      : []),
  ]
}

function pathRewriteViolations(
  rewrite: z.infer<typeof pathRewriteSchema> | undefined,
  path: string,
  { hasOnlyPrefixes }: FilterPlace,
): Violation[] {
  if (rewrite === undefined) return []
  const needed = rewrite.type === 'ReplaceFullPath' ? 'replaceFullPath' : 'replacePrefixMatch'
  return [
    ...(rewrite.replacePrefixMatch !== undefined && !hasOnlyPrefixes
      ? [violation(fieldAt(path, 'replacePrefixMatch'), 'can only appear if all matches match a path prefix')]
      : []),
    ...(rewrite[needed] === undefined ? [violation(fieldAt(path, needed), 'must be defined')] : []),
    ...carriedPathViolations(rewrite[needed], fieldAt(path, needed)),
  ]
}

function hostnameViolations(hostname: string | undefined, field: string): Violation[] {
  return hostname !== undefined && isIP(hostname) !== 0 ? [violation(field, 'cannot be an IP address')] : []
}

function mirrorViolations(mirror: Filter['requestMirror'], path: string): Violation[] {
  if (mirror === undefined) return []
  return [
    ...percentageViolations(mirror.percentage, fieldAt(path, 'percentage')),
    ...backendRefViolations(mirror.backendRef, fieldAt(path, 'backendRef'), MIRROR),
  ]
}
