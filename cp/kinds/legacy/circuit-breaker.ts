/** CircuitBreaker: limits of what runs at once, and when failing endpoints are left out (kuma-api 4.10). Flat, mesh. */
import { z } from 'zod'
import { protobufDuration, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { directionFields, outboundViolations } from './selectors.ts'

/** A whole number that is shown even where it is 0. */
const count = (description: string, byDefault: string) =>
  optional(uint32, description, { default: byDefault, keepsZero: true })

const percent = (description: string, byDefault: string) =>
  optional(uint32, description, { default: byDefault, unit: 'percent', rule: '0 to 100', keepsZero: true })

const errorsSchema = z.object({
  consecutive: optional(uint32, 'How many of them in a row.', {
    default: '5',
    rule: '0: never',
    keepsZero: true,
  }),
})

const REQUEST_VOLUME = 'Endpoints with fewer requests per interval are not judged.'
const MINIMUM_HOSTS = 'Nothing is judged while fewer endpoints than this have enough requests.'

const detectorsSchema = z.object({
  totalErrors: optional(
    errorsSchema,
    'Answers with status 5xx and errors on the way to the endpoint; only the former while the two are told apart.',
  ),
  gatewayErrors: optional(errorsSchema, 'Answers with status 502, 503 or 504.'),
  localErrors: optional(
    errorsSchema,
    'Errors on the way to the endpoint, such as a refused connection; only while the two are told apart.',
  ),
  standardDeviation: optional(
    z.object({
      requestVolume: count(REQUEST_VOLUME, '100'),
      minimumHosts: count(MINIMUM_HOSTS, '5'),
      factor: optional(
        z.number(),
        'An endpoint is left out when its share of successes is below the mean minus factor times the deviation.',
        { default: '1.9', keepsZero: true },
      ),
    }),
    'Endpoints that fail more than the others.',
  ),
  failure: optional(
    z.object({
      requestVolume: count(REQUEST_VOLUME, '50'),
      minimumHosts: count(MINIMUM_HOSTS, '5'),
      threshold: percent('Share of failed requests from which an endpoint is left out.', '85'),
    }),
    'Endpoints that fail more than a fixed share of requests.',
  ),
})

const thresholdsSchema = z.object({
  maxConnections: count(
    'Connections to the destination at once: of TCP one for each of a client, of HTTP/1.1 without mTLS those to one endpoint; other calls share few.',
    '1024',
  ),
  maxPendingRequests: count('Requests that wait for a connection at once.', '1024'),
  maxRetries: count('Retries that run at once.', '3'),
  maxRequests: count('Requests that run at once.', '1024'),
})

const confSchema = z.object({
  interval: optional(protobufDuration, 'Time between two judgements of endpoints.', {
    default: '10s',
    rule: 'a duration such as 1m30s',
  }),
  baseEjectionTime: optional(
    protobufDuration,
    'How long an endpoint is left out the first time; the second time twice as long, and so on.',
    { default: '30s', rule: 'a duration such as 1m30s' },
  ),
  maxEjectionPercent: percent(
    'Share of the endpoints that may be left out; what would be more stays in.',
    '10',
  ),
  splitExternalAndLocalErrors: optional(
    z.boolean(),
    'Whether errors on the way to the endpoint are told apart from errors that it answers.',
    { default: 'false' },
  ),
  detectors: optional(detectorsSchema, 'What leaves an endpoint out; `{}` is a detector with its defaults.', {
    rule: 'not empty',
  }),
  thresholds: optional(thresholdsSchema, 'Limits of what one data plane runs at once.', {
    rule: 'not empty',
  }),
})

const circuitBreakerSchema = z.object({
  ...directionFields,
  conf: optional(confSchema, 'Detectors and limits.', { rule: 'at least one detector or threshold' }),
})

export type CircuitBreakerSpec = z.infer<typeof circuitBreakerSchema>
type Conf = z.infer<typeof confSchema>

export const circuitBreaker = defineLegacyPolicy<CircuitBreakerSpec>({
  type: 'CircuitBreaker',
  doc:
    'A CircuitBreaker leaves failing endpoints of its destinations out for a while, and limits how many connections ' +
    'and requests its sources have at once. MeshCircuitBreaker is its successor.',
  schema: circuitBreakerSchema,
  check: ({ conf, ...directions }) => [...outboundViolations(directions), ...confViolations(conf ?? {})],
})

function confViolations({ detectors, thresholds, maxEjectionPercent }: Conf): Violation[] {
  const hasDetector = Object.values(detectors ?? {}).some(detector => detector !== undefined)
  const hasThreshold = Object.values(thresholds ?? {}).some(threshold => threshold !== undefined)
  if (!hasDetector && !hasThreshold) {
    return [violation('conf', 'must have at least one of the detector or threshold configured')]
  }
  return [
    ...(detectors !== undefined && !hasDetector ? [violation('conf.detectors', "can't be empty")] : []),
    ...percentViolations(maxEjectionPercent, 'conf.maxEjectionPercent'),
    ...percentViolations(detectors?.failure?.threshold, 'conf.detectors.failure.threshold'),
    ...(thresholds !== undefined && !hasThreshold ? [violation('conf.thresholds', "can't be empty")] : []),
  ]
}

function percentViolations(percent: number | undefined, field: string): Violation[] {
  if (percent === undefined || percent <= 100) return []
  return [violation(field, 'has to be in [0.0 - 100.0] range')]
}
