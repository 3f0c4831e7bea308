/**
 * MeshHTTPRoute: what happens with the requests of an outbound, by path, method, headers and query (kuma-api 4.12). The
 * filters of a rule are in `http-route-filters.ts`.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { headerMatchesViolations, headerMatchSchema } from '../header-match.ts'
import { defineKind, type Unenforced, type Violation } from '../kind.ts'
import { ANY_PROXY, topTargetRef } from '../policy.ts'
import { regexViolations } from '../re2.ts'
import { optional, required } from '../schema/doc.ts'
import { type TargetRef, targetRefSchema, targetRefViolations, topLevelWarnings } from '../target-ref.ts'
import { BACKEND_KINDS, backendRefSchema, backendRefsViolations, routeTarget } from './backend-ref.ts'
import { filterSchema, filtersViolations } from './http-route-filters.ts'
import { unenforcedBackend, unenforcedTarget, unenforcedTop } from './unenforced-refs.ts'

const METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'] as const

const matchSchema = z.object({
  path: optional(
    z.object({
      type: required(
        z.enum(['Exact', 'PathPrefix', 'RegularExpression']),
        'How the path is compared. PathPrefix compares whole segments: `/a` fits `/a` and `/a/b`, not `/ab`.',
      ),
      value: required(z.string().min(1), 'The path, its beginning or the expression for all of it.', {
        rule: 'Exact, PathPrefix: starts with `/`; PathPrefix: no `/` at the end; RegularExpression: RE2 syntax',
      }),
    }),
    'Path of the request, without the query.',
  ),
  method: optional(z.enum(METHODS), 'Method of the request.', { default: 'any' }),
  headers: optional(z.array(headerMatchSchema), 'Headers of the request; all have to fit.'),
  queryParams: optional(
    z.array(
      z.object({
        type: required(z.enum(['Exact', 'RegularExpression']), 'How the value is compared.'),
        name: required(z.string().min(1), 'Name of the parameter.', { rule: 'no name twice' }),
        value: required(z.string(), 'What its value is compared with.', {
          rule: 'RegularExpression: RE2 syntax',
        }),
      }),
    ),
    'Parameters of the query; all have to fit.',
  ),
})

const ruleSchema = z.object({
  matches: required(z.array(matchSchema).min(1), 'Requests that the rule is for; one of them has to fit.', {
    rule: 'not empty',
  }),
  default: required(
    z.object({
      filters: optional(z.array(filterSchema), 'What is done with the requests, in this order.'),
      backendRefs: optional(z.array(backendRefSchema), 'Services that get the requests.', {
        default: 'the service that the outbound names',
        rule: `${BACKEND_KINDS}; for a MeshGateway not empty, unless the requests are redirected`,
      }),
    }),
    'What happens with these requests.',
  ),
})

const routeSchema = z.object({
  targetRef: topTargetRef('Mesh, MeshSubset, MeshService, MeshServiceSubset, MeshGateway, Dataplane'),
  to: optional(
    z.array(
      z.object({
        targetRef: required(targetRefSchema, 'The outbound whose requests are routed.', {
          rule: 'MeshService, MeshExternalService, MeshMultiZoneService; Mesh where the policy is for a MeshGateway',
        }),
        hostnames: optional(z.array(z.string()), 'Only requests for these hosts.', {
          rule: 'only where the policy is for a MeshGateway',
        }),
        rules: optional(
          z.array(ruleSchema),
          'Rules for its requests. Of all that fit the most specific match decides.',
        ),
      }),
    ),
    'Outbounds and what happens with their requests.',
  ),
})

export type MeshHTTPRouteSpec = z.infer<typeof routeSchema>

export const meshHTTPRoute = defineKind<MeshHTTPRouteSpec>({
  type: 'MeshHTTPRoute',
  path: 'meshhttproutes',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mhttpr',
  isPolicy: true,
  doc:
    'A MeshHTTPRoute says what happens with the requests of an HTTP outbound: where they go and in which shares, and ' +
    'whether they are changed, redirected or mirrored. Rules of several routes are merged by their matches.',
  schema: routeSchema,
  check({ targetRef, to = [] }) {
    const top = targetRef ?? { kind: 'Mesh' }
    return [
      ...(targetRef === undefined ? [] : targetRefViolations(targetRef, 'targetRef', ANY_PROXY)),
      ...to.flatMap((item, i) => itemViolations(item, itemAt('to', i), top)),
    ]
  },
  warnings: spec => topLevelWarnings(spec.targetRef),
  unenforced: ({ targetRef, to = [] }) => [
    ...unenforcedTop(targetRef),
    ...to.flatMap((item, i) => unenforcedItem(item, itemAt('spec.to', i))),
  ],
})

type Item = NonNullable<MeshHTTPRouteSpec['to']>[number]
type Rule = z.infer<typeof ruleSchema>
type Match = z.infer<typeof matchSchema>

function itemViolations(
  { targetRef, rules = [], hostnames = [] }: Item,
  path: string,
  top: TargetRef,
): Violation[] {
  const isMisplaced = hostnames.length > 0 && top.kind !== 'MeshGateway'
  return [
    ...targetRefViolations(targetRef, fieldAt(path, 'targetRef'), routeTarget(top)),
    ...rules.flatMap((rule, i) => ruleViolations(rule, itemAt(fieldAt(path, 'rules'), i), top)),
    ...(isMisplaced ? [violation(fieldAt(path, 'hostnames'), 'must not be defined')] : []),
  ]
}

function unenforcedItem({ targetRef, rules = [] }: Item, path: string): Unenforced[] {
  return [
    ...unenforcedTarget(targetRef, fieldAt(path, 'targetRef')),
    ...rules.flatMap(({ default: { backendRefs = [], filters = [] } }, i) => {
      const at = fieldAt(itemAt(fieldAt(path, 'rules'), i), 'default')
      return [
        ...backendRefs.flatMap((ref, j) => unenforcedBackend(ref, itemAt(fieldAt(at, 'backendRefs'), j))),
        ...filters.flatMap(({ requestMirror }, j) =>
          requestMirror === undefined
            ? []
            : unenforcedBackend(
                requestMirror.backendRef,
                fieldAt(itemAt(fieldAt(at, 'filters'), j), 'requestMirror.backendRef'),
              ),
        ),
      ]
    }),
  ]
}

function ruleViolations(rule: Rule, path: string, top: TargetRef): Violation[] {
  const { filters = [], backendRefs = [] } = rule.default
  const backends = fieldAt(path, 'default.backendRefs')
  const needsBackend =
    top.kind === 'MeshGateway' && !filters.some(filter => filter.type === 'RequestRedirect')
  return [
    ...rule.matches.flatMap((match, i) => matchViolations(match, itemAt(fieldAt(path, 'matches'), i))),
    ...filtersViolations(filters, fieldAt(path, 'default.filters'), {
      isOfGateway: top.kind === 'MeshGateway',
      hasOnlyPrefixes: rule.matches.every(match => match.path?.type === 'PathPrefix'),
    }),
    ...(needsBackend && backendRefs.length === 0 ? [violation(backends, 'must not be empty')] : []),
    ...backendRefsViolations(backendRefs, backends),
  ]
}

function matchViolations({ path, queryParams = [], headers }: Match, at: string): Violation[] {
  const params = fieldAt(at, 'queryParams')
  const names = new Set<string>()
  return [
    ...pathViolations(path, fieldAt(at, 'path.value')),
    ...queryParams.flatMap(({ type, name, value }, i) => {
      const isTwice = names.has(name)
      names.add(name)
      return [
        ...(isTwice
          ? [violation(fieldAt(itemAt(params, i), 'name'), `multiple entries for name ${name}`)]
          : []),
        ...(type === 'RegularExpression' ? regexViolations(value, fieldAt(itemAt(params, i), 'value')) : []),
      ]
    }),
    ...headerMatchesViolations(headers, fieldAt(at, 'headers')),
  ]
}

function pathViolations(path: Match['path'], field: string): Violation[] {
  if (path === undefined) return []
  const { type, value } = path
  if (type === 'RegularExpression') return regexViolations(value, field)
  if (type === 'PathPrefix' && value === '/') return []
  const violations: Violation[] = []
  if (type === 'PathPrefix' && value.endsWith('/')) {
    violations.push(
      violation(
        field,
        'does not need a trailing slash because only a `/`-separated prefix or an entire path is matched',
      ),
    )
  }
  if (!value.startsWith('/')) violations.push(violation(field, 'must be an absolute path'))
  return violations
}
