/**
 * MeshGlobalRateLimit of Kong Mesh: how many requests all instances of a service take together, counted by a rate limit
 * service (kuma-api 4.14).
 */
import { z } from 'zod'
import { fieldAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import { headerModifierViolations, headerSetAddSchema } from '../header-match.ts'
import { defineKind, type Violation } from '../kind.ts'
import { fromField, includesGateways, policyViolations, toField, topTargetRef } from '../policy.ts'
import { aboveZero, count, durationAboveZero, statusCode } from '../resilience/ranges.ts'
import { optional } from '../schema/doc.ts'
import { type TargetRefRules, topLevelWarnings } from '../target-ref.ts'

const httpSchema = z.object({
  requestRate: optional(
    z.object({
      num: optional(count, 'How many requests pass in an interval.', { rule: 'at least 1; must be there' }),
      interval: optional(goDuration, 'Time for which requests are counted.', {
        rule: '1s, 1m, 1h or 24h; must be there',
      }),
    }),
    'How many requests pass.',
    { rule: 'must be there' },
  ),
  onRateLimit: optional(
    z.object({
      status: optional(count, 'Status of the answer.', { default: '429', rule: '100 to 599' }),
      headers: optional(headerSetAddSchema, 'Headers of the answer.'),
    }),
    'The answer to requests beyond the limit.',
  ),
})

const confSchema = z.object({
  http: optional(httpSchema, 'Limit of HTTP requests.'),
  mode: optional(z.enum(['Limit', 'Shadow']), 'Shadow: requests are counted and all pass.', {
    default: 'Limit',
  }),
  backend: optional(
    z.object({
      rateLimitService: optional(
        z.object({
          url: optional(z.string(), 'Where the service is, as `http://HOST:PORT`.', {
            rule: 'must be there',
          }),
          timeout: optional(goDuration, 'Time that the service has to answer.', {
            default: '25ms',
            rule: 'a duration such as 1m30s, above 0',
          }),
        }),
        "Envoy's rate limit service.",
        { rule: 'must be there' },
      ),
    }),
    'Who counts.',
  ),
})

const meshGlobalRateLimitSchema = z.object({
  targetRef: topTargetRef('Mesh, MeshSubset, MeshService, MeshServiceSubset, MeshGateway, Dataplane'),
  from: fromField(confSchema, 'Mesh'),
  to: toField(confSchema, 'Mesh; gateways only'),
})

export type MeshGlobalRateLimitSpec = z.infer<typeof meshGlobalRateLimitSchema>
type Conf = z.infer<typeof confSchema>
type Backend = NonNullable<Conf['backend']>

/** Go's own spellings of 1s, 1m, 1h and 24h. */
const INTERVALS = ['1s', '1m0s', '1h0m0s', '24h0m0s']
const TOP_LEVEL: TargetRefRules = {
  kinds: ['Mesh', 'MeshSubset', 'MeshService', 'MeshServiceSubset', 'MeshGateway', 'Dataplane'],
  byLabels: ['Dataplane'],
}
const ALL: TargetRefRules = { kinds: ['Mesh'], hasProxyTypes: false }
const NONE: TargetRefRules = { kinds: [] }

export const meshGlobalRateLimit = defineKind<MeshGlobalRateLimitSpec>({
  type: 'MeshGlobalRateLimit',
  path: 'meshglobalratelimits',
  scope: 'Mesh',
  encoding: 'spec',
  isPolicy: true,
  doc:
    'A MeshGlobalRateLimit says how many requests all instances of a service take together. MeshRateLimit limits each ' +
    'instance by itself.',
  schema: meshGlobalRateLimitSchema,
  notEnforced: {
    message: 'requests are not limited; MeshRateLimit limits each instance',
    refusesTraffic: true,
  },
  check: spec =>
    policyViolations(spec, {
      top: TOP_LEVEL,
      from: top => (top.kind === 'MeshGateway' ? NONE : ALL),
      to: top => (includesGateways(top) ? ALL : NONE),
      conf: confViolations,
    }),
  warnings: ({ targetRef }) => topLevelWarnings(targetRef),
})

/** Parts of it may come from several policies, so what is left out is no fault, except where it makes no sense alone. */
function confViolations(conf: Conf | undefined, path: string): Violation[] {
  if (conf === undefined || Object.values(conf).every(value => value === undefined)) {
    return [violation(path, 'must have at least one defined: http, mode, backend')]
  }
  const { http, backend } = conf
  return [
    ...(http === undefined ? [] : httpViolations(http, fieldAt(path, 'http'))),
    ...(backend === undefined ? [] : backendViolations(backend, fieldAt(path, 'backend.rateLimitService'))),
  ]
}

function httpViolations({ requestRate, onRateLimit }: NonNullable<Conf['http']>, path: string): Violation[] {
  const rate = fieldAt(path, 'requestRate')
  const { num, interval } = requestRate ?? {}
  const violations: Violation[] = []
  if (requestRate === undefined) violations.push(violation(rate, 'must be defined'))
  else {
    violations.push(
      ...(num === undefined
        ? [violation(fieldAt(rate, 'num'), 'must be defined')]
        : aboveZero(num, fieldAt(rate, 'num'))),
    )
    if (interval === undefined) violations.push(violation(fieldAt(rate, 'interval'), 'must be defined'))
    else if (!INTERVALS.includes(interval)) {
      violations.push(violation(fieldAt(rate, 'interval'), 'must be one of: 1s, 1m, 1h, 24h'))
    }
  }
  const { status, headers } = onRateLimit ?? {}
  const answer = fieldAt(path, 'onRateLimit')
  return [
    ...violations,
    ...(status === undefined ? [] : statusCode(status, fieldAt(answer, 'status'))),
    ...headerModifierViolations(headers, fieldAt(answer, 'headers'), ['set', 'add']),
  ]
}

function backendViolations({ rateLimitService }: Backend, path: string): Violation[] {
  if (rateLimitService === undefined) return [violation(path, 'must be defined')]
  const { url = '', timeout } = rateLimitService
  return [
    ...urlViolations(url, fieldAt(path, 'url')),
    ...durationAboveZero(timeout, fieldAt(path, 'timeout')),
  ]
}

function urlViolations(text: string, field: string): Violation[] {
  if (text === '') return [violation(field, 'must be defined')]
  const url = URL.parse(text)
  return url === null || url.hostname === '' ? [violation(field, 'must be a valid url')] : []
}
