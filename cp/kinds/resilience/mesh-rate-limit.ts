/**
 * MeshRateLimit: how many requests and connections each data plane takes (kuma-api 4.12). Kuma 2.14 refuses `from`
 * below `kind: Mesh` without proxyTypes, 2.5 does not: accepted here, it is for the sidecars among them.
 */
import { z } from 'zod'
import { fieldAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import { headerModifierViolations, headerSetAddSchema } from '../header-match.ts'
import { defineKind, type Violation } from '../kind.ts'
import {
  ANY_CLIENT,
  ANY_PROXY_OR_ROUTE,
  type ConfPlace,
  fromField,
  policyViolations,
  policyWarnings,
  rulesField,
  toOfGatewaysField,
  topTargetRef,
} from '../policy.ts'
import { unenforcedParts } from '../routing/unenforced-refs.ts'
import { optional, required } from '../schema/doc.ts'
import { inboundRefusal } from './gateway-lists.ts'
import { aboveZero, count, durationOver } from './ranges.ts'

const SHORTEST = { ms: 50, text: '50ms' }

const disabled = optional(z.boolean(), 'Takes the limit away, whatever a broader policy says.', {
  default: 'false',
})

const rateOf = (what: string) =>
  z.object({
    num: required(count, `${what} in one interval.`, { rule: 'more than 0' }),
    interval: required(goDuration, 'The interval.', {
      unit: 'duration such as 1m30s',
      rule: 'longer than 50ms',
    }),
  })

const httpSchema = z.object({
  disabled,
  requestRate: optional(rateOf('Requests'), 'How many requests pass.', { default: 'no limit' }),
  onRateLimit: optional(
    z.object({
      status: optional(count, 'Status of the answer.', {
        default: '429',
        rule: '400 to 599; others count as 429',
      }),
      headers: optional(headerSetAddSchema, 'Headers of the answer.'),
    }),
    'The answer to requests that are too many.',
  ),
})

const tcpSchema = z.object({
  disabled,
  connectionRate: optional(rateOf('New connections'), 'How many connections are accepted.', {
    default: 'no limit',
  }),
})

const limitSchema = z.object({
  local: optional(
    z.object({
      http: optional(httpSchema, 'HTTP requests.', { rule: 'at least one of its fields' }),
      tcp: optional(tcpSchema, 'Connections.', { rule: 'at least one of its fields' }),
    }),
    'Limits that each data plane counts for itself.',
    { rule: 'must be defined, with http or tcp' },
  ),
})

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY_OR_ROUTE.kinds.join(', ')),
  to: toOfGatewaysField(limitSchema),
  from: fromField(limitSchema, 'Mesh'),
  rules: rulesField(limitSchema),
})

type Policy = z.infer<typeof policySchema>
type Limit = z.infer<typeof limitSchema>
type Rate = z.infer<ReturnType<typeof rateOf>>

export const meshRateLimit = defineKind<Policy>({
  type: 'MeshRateLimit',
  path: 'meshratelimits',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mrl',
  isPolicy: true,
  doc:
    'A MeshRateLimit says how many requests and connections the data planes that it selects take, each counting for ' +
    'itself.',
  schema: policySchema,
  check: spec =>
    policyViolations<Limit>(spec, {
      top: ANY_PROXY_OR_ROUTE,
      to: () => ANY_CLIENT,
      from: () => ANY_CLIENT,
      hasRules: true,
      refusal: inboundRefusal,
      mayBeEmpty: true,
      conf: confViolations,
    }),
  warnings: spec => [
    ...policyWarnings({ from: spec.from }),
    ...statusWarnings(spec),
    ...policyWarnings({ targetRef: spec.targetRef }),
  ],
  unenforced: spec => unenforcedParts(policySchema, spec),
})

function confViolations({ local }: Limit = {}, place: string, { matches }: ConfPlace): Violation[] {
  const path = fieldAt(place, 'local')
  if (local === undefined) return [violation(path, 'must be defined')]
  const { http, tcp } = local
  const isClient = matches.some(match => match.spiffeID !== undefined)
  return [
    ...(tcp === undefined && http === undefined
      ? [violation(path, 'must have at least one defined: tcp, http')]
      : []),
    ...(http === undefined ? [] : httpViolations(http, fieldAt(path, 'http'))),
    ...(tcp === undefined ? [] : tcpViolations(tcp, fieldAt(path, 'tcp'))),
    ...(tcp !== undefined && isClient
      ? [
          violation(
            fieldAt(path, 'tcp'),
            "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity",
          ),
        ]
      : []),
  ]
}

function httpViolations(http: z.infer<typeof httpSchema>, path: string): Violation[] {
  const { requestRate, onRateLimit } = http
  if (http.disabled === undefined && requestRate === undefined && onRateLimit === undefined) {
    return [violation(path, 'must have at least one defined: disabled, requestRate, onRateLimit')]
  }
  const answer = fieldAt(path, 'onRateLimit')
  return [
    ...rateViolations(requestRate, fieldAt(path, 'requestRate')),
    ...aboveZero(onRateLimit?.status, fieldAt(answer, 'status')),
    ...(onRateLimit?.headers === undefined
      ? []
      : headerModifierViolations(onRateLimit.headers, fieldAt(answer, 'headers'), ['set', 'add'])),
  ]
}

function tcpViolations(tcp: z.infer<typeof tcpSchema>, path: string): Violation[] {
  if (tcp.disabled === undefined && tcp.connectionRate === undefined) {
    return [violation(path, 'must have at least one defined: disabled, connectionRate')]
  }
  return rateViolations(tcp.connectionRate, fieldAt(path, 'connectionRate'))
}

function rateViolations(rate: Rate | undefined, path: string): Violation[] {
  if (rate === undefined) return []
  return [
    ...aboveZero(rate.num, fieldAt(path, 'num')),
    ...durationOver(rate.interval, fieldAt(path, 'interval'), SHORTEST),
  ]
}

/** Kuma's text names `requestRate.status`; the field is `onRateLimit.status`. */
function statusWarnings(spec: Policy): string[] {
  return (['from', 'rules', 'to'] as const).flatMap(list =>
    (spec[list] ?? []).flatMap((item, i) => {
      const status = item.default?.local?.http?.onRateLimit?.status
      if (status === undefined || status >= 400) return []
      const field = `spec.${list}[${i}].default.local.http.requestRate.status`
      return [`'${field}' must be 400 or higher. Please update your configuration.`]
    }),
  )
}
