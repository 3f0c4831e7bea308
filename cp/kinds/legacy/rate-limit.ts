/** RateLimit: how many requests an instance of a service takes (kuma-api 4.10). Flat, mesh. */
import { z } from 'zod'
import { keyAt } from '../field-path.ts'
import { positiveDurationViolations, protobufDuration, violation } from '../fields.ts'
import { headerNameViolations, headerValueViolations } from '../header-match.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { directionFields, inboundViolations } from './selectors.ts'

const onRateLimitSchema = z.object({
  status: optional(uint32, 'Status of the answer.', {
    default: '429',
    rule: '400 to 599; others from 100 on count as 429',
    keepsZero: true,
  }),
  headers: optional(
    z.array(
      z.object({
        key: optional(z.string(), 'Name of the header.', { rule: 'must be set' }),
        value: optional(z.string(), 'Value of the header.', { rule: 'must be set' }),
        append: optional(z.boolean(), 'Whether it is added to values that are there already.', {
          default: 'false',
          keepsZero: true,
        }),
      }),
    ),
    'Headers that are added to the answer.',
  ),
})

const httpSchema = z.object({
  requests: optional(uint32, 'How many requests an instance takes per interval.', {
    rule: 'at least 1; must be set',
  }),
  interval: optional(protobufDuration, 'Time for which requests are counted.', {
    rule: 'a duration such as 1m30s, above 0; must be set',
  }),
  onRateLimit: optional(onRateLimitSchema, 'Answer to requests beyond the limit.'),
})

const rateLimitSchema = z.object({
  ...directionFields,
  conf: optional(
    z.object({ http: optional(httpSchema, 'Limit of HTTP requests.', { default: 'no limit' }) }),
    'The limit.',
    { rule: 'must be there' },
  ),
})

export type RateLimitSpec = z.infer<typeof rateLimitSchema>

export const rateLimit = defineLegacyPolicy<RateLimitSpec>({
  type: 'RateLimit',
  doc:
    'A RateLimit says how many requests each instance of its destinations takes from its sources; requests beyond ' +
    'that are refused. The most specific source that matches a client decides. MeshRateLimit is its successor.',
  schema: rateLimitSchema,
  check({ conf, ...directions }) {
    return [
      ...inboundViolations(directions),
      ...(conf === undefined ? [violation('conf', 'must have conf')] : []),
      ...httpViolations(conf?.http, 'conf.http'),
    ]
  },
})

function httpViolations(http: z.infer<typeof httpSchema> | undefined, path: string): Violation[] {
  if (http === undefined) return []
  const { requests, interval, onRateLimit } = http
  const { status, headers = [] } = onRateLimit ?? {}
  return [
    ...(requests ? [] : [violation(`${path}.requests`, 'requests must be set')]),
    ...(interval === undefined
      ? [violation(`${path}.interval`, 'interval must be set')]
      : positiveDurationViolations(interval, `${path}.interval`)),
    ...(status === undefined || (status >= 100 && status < 600)
      ? []
      : [violation(`${path}.onRateLimit.status`, 'must be in range [100, 600)')]),
    // the path is Kuma's, with `header` and a quoted index
    ...headers.flatMap(({ key, value }, i) => {
      const field = keyAt(`${path}.onRateLimit.header`, String(i))
      return [
        ...(key ? [] : [violation(field, 'key must be set')]),
        ...(value ? [] : [violation(field, 'value must be set')]),
        ...headerNameViolations(key ?? '', `${field}.key`),
        ...headerValueViolations(value ?? '', `${field}.value`),
      ]
    }),
  ]
}
