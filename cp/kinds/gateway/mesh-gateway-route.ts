/**
 * MeshGatewayRoute: where builtin gateways send the calls that they take (kuma-api 4.9). Flat, mesh. Filters are in
 * `route-filters.ts`. Paths of violations are Kuma's, which writes some names with underscores.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { selectorsField, selectorsViolations } from '../legacy/selectors.ts'
import { regexViolations } from '../re2.ts'
import { optional } from '../schema/doc.ts'
import { backendSchema, backendViolations, type RouteBackend } from './route-backend.ts'
import { filterSchema, filterViolations } from './route-filters.ts'

const ENUMS = 'kuma.mesh.v1alpha1.MeshGatewayRoute.HttpRoute.Match'
const METHODS = [
  'NONE',
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
] as const

const pathSchema = z.object({
  match: optional(
    z.enum(['EXACT', 'PREFIX', 'REGEX']),
    'How the path is compared. PREFIX: whole parts of the path, so `/a` is for `/a` and `/a/b`, not for `/ab`.',
    { default: 'EXACT', zero: 'EXACT', protoEnum: `${ENUMS}.Path.MatchType` },
  ),
  value: optional(z.string(), 'What it is compared with.', {
    rule: 'begins with `/`; REGEX: RE2 syntax, the whole path',
  }),
})

const headerSchema = z.object({
  match: optional(
    z.enum(['EXACT', 'REGEX', 'ABSENT', 'PRESENT']),
    'How it is compared. ABSENT and PRESENT ask only whether it is there.',
    { default: 'EXACT', zero: 'EXACT', protoEnum: `${ENUMS}.Header.MatchType` },
  ),
  name: optional(z.string(), 'Name of the header.', { rule: 'not empty' }),
  value: optional(z.string(), 'What it is compared with.', {
    rule: 'not empty; not with ABSENT and PRESENT; REGEX: RE2 syntax',
  }),
})

const querySchema = z.object({
  match: optional(z.enum(['EXACT', 'REGEX']), 'How it is compared.', {
    default: 'EXACT',
    zero: 'EXACT',
    protoEnum: `${ENUMS}.Query.MatchType`,
  }),
  name: optional(z.string(), 'Name of the parameter.', { rule: 'not empty' }),
  value: optional(z.string(), 'What it is compared with.', { rule: 'not empty; REGEX: RE2 syntax' }),
})

const matchSchema = z.object({
  path: optional(pathSchema, 'Path of the request.', { default: 'any' }),
  method: optional(z.enum(METHODS), 'Method of the request.', {
    default: 'any',
    zero: 'NONE',
    protoEnum: 'kuma.mesh.v1alpha1.HttpMethod',
  }),
  headers: optional(z.array(headerSchema), 'Headers of the request, all of them.'),
  queryParameters: optional(z.array(querySchema), 'Parameters in the URL, all of them.'),
})

const backendsField = (rule: string) =>
  optional(z.array(backendSchema), 'Services that the calls go to.', { rule })

const httpRuleSchema = z.object({
  matches: optional(z.array(matchSchema), 'Requests that the rule is for: those that one of them matches.', {
    rule: 'at least one, each with at least one condition',
  }),
  filters: optional(z.array(filterSchema), 'What is done with the requests first.'),
  backends: backendsField('at least one; none with a redirect'),
})

const confSchema = z.object({
  tcp: optional(
    z.object({
      rules: optional(z.array(z.object({ backends: backendsField('at least one') })), 'Where calls go.', {
        rule: 'at least one',
      }),
    }),
    'Routes of TCP and TLS listeners.',
    { rule: 'this or http' },
  ),
  http: optional(
    z.object({
      hostnames: optional(z.array(z.string()), 'Only requests for these hosts.', { default: 'all' }),
      rules: optional(z.array(httpRuleSchema), 'Where requests go; the most specific match decides.', {
        rule: 'at least one',
      }),
    }),
    'Routes of HTTP and HTTPS listeners.',
    { rule: 'this or tcp' },
  ),
})

const meshGatewayRouteSchema = z.object({
  selectors: selectorsField('Listeners of gateways: those that have these tags from their MeshGateway.'),
  conf: optional(confSchema, 'The routes.', { rule: 'must be there' }),
})

export type MeshGatewayRouteSpec = z.infer<typeof meshGatewayRouteSchema>
type Conf = z.infer<typeof confSchema>
type HttpRule = z.infer<typeof httpRuleSchema>
type Match = z.infer<typeof matchSchema>

const EMPTY = 'cannot be empty'

export const meshGatewayRoute = defineKind<MeshGatewayRouteSpec>({
  type: 'MeshGatewayRoute',
  path: 'meshgatewayroutes',
  scope: 'Mesh',
  encoding: 'flat',
  isPolicy: true,
  computedLabels: 'mesh',
  doc:
    'A MeshGatewayRoute says where builtin gateways send the calls that they take. All routes of a listener hold ' +
    'together. MeshHTTPRoute and MeshTCPRoute are its successors.',
  schema: meshGatewayRouteSchema,
  notEnforced: { message: 'no gateway sends calls by it', refusesTraffic: false },
  check: ({ selectors, conf }) => [
    ...selectorsViolations(selectors, 'selectors', { needsService: true }),
    ...confViolations(conf, 'conf'),
  ],
})

function confViolations(conf: Conf | undefined, path: string): Violation[] {
  const { tcp, http } = conf ?? {}
  if (tcp === undefined && http === undefined) return [violation(path, EMPTY)]
  if (tcp !== undefined && http !== undefined) {
    return [violation(path, 'must have only one of them defined: tcp, http')]
  }
  const field = fieldAt(path, tcp === undefined ? 'http.rules' : 'tcp.rules')
  if ((tcp ?? http)?.rules?.length === 0 || (tcp ?? http)?.rules === undefined) {
    return [violation(field, EMPTY)]
  }
  return [
    ...(tcp?.rules ?? []).flatMap(({ backends = [] }, i) => {
      const list = fieldAt(itemAt(field, i), 'backends')
      return backends.length === 0 ? [violation(list, EMPTY)] : allBackendViolations(backends, list)
    }),
    ...(http?.rules ?? []).flatMap((rule, i) => httpRuleViolations(rule, itemAt(field, i))),
  ]
}

function allBackendViolations(backends: readonly RouteBackend[], path: string): Violation[] {
  return backends.flatMap((backend, i) => backendViolations(backend, itemAt(path, i)))
}

function httpRuleViolations(
  { matches = [], filters = [], backends = [] }: HttpRule,
  path: string,
): Violation[] {
  if (matches.length === 0) return [violation(fieldAt(path, 'matches'), EMPTY)]
  const place = {
    hasPrefixMatch: matches.some(match => match.path?.match === 'PREFIX'),
    rewritesHost: filters.some(filter => filter.rewrite?.hostToBackendHostname === true),
  }
  const violations = [
    ...matches.flatMap((match, i) => matchViolations(match, itemAt(fieldAt(path, 'matches'), i))),
    ...filters.flatMap((filter, i) => filterViolations(filter, itemAt(fieldAt(path, 'filters'), i), place)),
  ]
  const hasRedirect = filters.some(filter => filter.redirect !== undefined)
  if (hasRedirect && filters.length > 1) {
    return [...violations, violation(fieldAt(path, 'filters'), 'redirects cannot be used with other filters')]
  }
  const field = fieldAt(path, 'backends')
  if (backends.length === 0 && !hasRedirect) violations.push(violation(field, EMPTY))
  if (backends.length > 0 && hasRedirect) {
    violations.push(violation(field, 'must be empty when using redirect filters'))
  }
  return [...violations, ...allBackendViolations(backends, field)]
}

function matchViolations(match: Match, path: string): Violation[] {
  const { path: place, method = 'NONE', headers = [], queryParameters = [] } = match
  if (place === undefined && method === 'NONE' && headers.length + queryParameters.length === 0) {
    return [violation(path, EMPTY)]
  }
  return [
    ...pathViolations(place, fieldAt(path, 'value')),
    ...headers.flatMap(({ match: kind = 'EXACT', name = '', value = '' }, i) => {
      const field = itemAt(fieldAt(path, 'headers'), i)
      return [
        ...(name === '' ? [violation(fieldAt(field, 'name'), EMPTY)] : []),
        ...valueViolations(kind, value, fieldAt(field, 'value')),
      ]
    }),
    ...queryParameters.flatMap(({ match: kind = 'EXACT', name = '', value = '' }, i) => {
      const field = itemAt(fieldAt(path, 'query_parameters'), i)
      return [
        ...(name === '' ? [violation(fieldAt(field, 'name'), EMPTY)] : []),
        ...valueViolations(kind, value, fieldAt(field, 'value')),
      ]
    }),
  ]
}

/** @param field Kuma leaves `path` out of it */
function pathViolations(place: Match['path'], field: string): Violation[] {
  if (place === undefined) return []
  const { match = 'EXACT', value = '' } = place
  if (match === 'REGEX') return valueViolations(match, value, field)
  return value.startsWith('/') ? [] : [violation(field, 'must be an absolute path')]
}

function valueViolations(
  kind: 'EXACT' | 'REGEX' | 'ABSENT' | 'PRESENT',
  value: string,
  field: string,
): Violation[] {
  if (kind === 'ABSENT' || kind === 'PRESENT') {
    return value === '' ? [] : [violation(field, 'cannot be set')]
  }
  if (value === '') return [violation(field, EMPTY)]
  return kind === 'REGEX' ? regexViolations(value, field) : []
}
