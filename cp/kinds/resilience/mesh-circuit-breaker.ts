/**
 * MeshCircuitBreaker: how much may be under way to a service at once, and which endpoints are taken out because their
 * answers are bad (kuma-api 4.12).
 */
import { z } from 'zod'
import { fieldAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import {
  ANY_CLIENT,
  ANY_DESTINATION,
  ANY_PROXY,
  fromField,
  plainRulesField,
  policyViolations,
  policyWarnings,
  toField,
  topTargetRef,
} from '../policy.ts'
import { unenforcedParts } from '../routing/unenforced-refs.ts'
import { optional } from '../schema/doc.ts'
import { type IntOrString, intOrString, numberOf, percentageViolations } from '../values.ts'
import { aboveZero, count, durationAboveZero, wholePercent } from './ranges.ts'

const ABOVE_ZERO = { rule: 'more than 0' }
const LONGER = { unit: 'duration such as 1m30s', rule: 'longer than 0s' }

const limitsSchema = z.object({
  maxConnections: optional(
    count,
    'Connections to the service: of TCP one for each of a client, of HTTP/1.1 without mTLS those to one endpoint; other calls share few.',
    { ...ABOVE_ZERO, default: '1024' },
  ),
  maxConnectionPools: optional(count, 'Connection pools to the service.', {
    ...ABOVE_ZERO,
    default: 'no limit',
    unenforced: { message: 'there is one pool for each endpoint' },
  }),
  maxPendingRequests: optional(
    count,
    'Requests and TCP connections that wait for a connection to an endpoint.',
    {
      ...ABOVE_ZERO,
      default: '1024',
    },
  ),
  maxRetries: optional(count, 'Retries under way at once.', { ...ABOVE_ZERO, default: '3' }),
  maxRequests: optional(count, 'HTTP requests under way at once.', { ...ABOVE_ZERO, default: '1024' }),
})

const consecutive = (description: string) =>
  z.object({ consecutive: optional(count, description, { ...ABOVE_ZERO, default: '5' }) })

const hosts = (requestVolume: string) => ({
  minimumHosts: optional(count, 'Endpoints with enough requests that it takes to judge at all.', {
    ...ABOVE_ZERO,
    default: '5',
  }),
  requestVolume: optional(count, 'Requests in one interval that it takes to judge an endpoint.', {
    ...ABOVE_ZERO,
    default: requestVolume,
  }),
})

const detectorsSchema = z.object({
  totalFailures: optional(
    consecutive('Failures in a row: 5xx answers, and connections that failed.'),
    'Any failure.',
  ),
  gatewayFailures: optional(
    consecutive('Answers 502, 503 or 504 in a row.'),
    'Failures that gateways report.',
  ),
  localOriginFailures: optional(
    consecutive('Connections in a row that failed or were reset.'),
    'Failures to reach the endpoint.',
    { rule: 'acts with splitExternalAndLocalErrors only' },
  ),
  successRate: optional(
    z.object({
      ...hosts('100'),
      standardDeviationFactor: optional(
        intOrString,
        'How many standard deviations below the mean of all endpoints the rate of success may be.',
        { typeText: 'whole number or decimal text', default: '1.9', ...ABOVE_ZERO },
      ),
    }),
    'Endpoints that succeed less often than the others.',
  ),
  failurePercentage: optional(
    z.object({
      ...hosts('50'),
      threshold: optional(count, 'Share of failures from which on an endpoint is taken out.', {
        unit: 'percent',
        default: '85',
        rule: '0 to 100',
      }),
    }),
    'Endpoints that fail too often.',
  ),
})

const outlierSchema = z.object({
  disabled: optional(
    z.boolean(),
    'Takes no endpoint out, whatever a broader policy says; a CircuitBreaker still does.',
    {
      default: 'false',
    },
  ),
  interval: optional(goDuration, 'How often endpoints are judged.', { ...LONGER, default: '10s' }),
  baseEjectionTime: optional(
    goDuration,
    'How long an endpoint is out; multiplied by how often it was taken out before.',
    { ...LONGER, default: '30s' },
  ),
  maxEjectionPercent: optional(
    count,
    'Share of the endpoints that may be out; what would be more stays in.',
    {
      unit: 'percent',
      default: '10',
      rule: '0 to 100',
    },
  ),
  splitExternalAndLocalErrors: optional(
    z.boolean(),
    'Counts failures to reach an endpoint apart from its bad answers.',
    { default: 'false' },
  ),
  healthyPanicThreshold: optional(
    intOrString,
    'Share of healthy endpoints below which all are used, healthy or not; 0: never.',
    {
      unit: 'percent',
      typeText: 'whole number or decimal text',
      default: '50, or as a MeshHealthCheck or HealthCheck says',
      rule: '0 to 100',
    },
  ),
  detectors: optional(detectorsSchema, 'What makes an endpoint bad.', {
    rule: 'must be defined; at least one detector',
  }),
})

const breakerSchema = z.object({
  connectionLimits: optional(limitsSchema, 'What may be under way at once; more is refused at once.'),
  outlierDetection: optional(outlierSchema, 'Takes endpoints with bad answers out for a while.'),
})

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY.kinds.join(', ')),
  to: toField(breakerSchema, ANY_DESTINATION.kinds.join(', ')),
  from: fromField(breakerSchema, 'Mesh'),
  rules: plainRulesField(breakerSchema),
})

export type Breaker = z.infer<typeof breakerSchema>

export const meshCircuitBreaker = defineKind<z.infer<typeof policySchema>>({
  type: 'MeshCircuitBreaker',
  path: 'meshcircuitbreakers',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mcb',
  isPolicy: true,
  doc:
    'A MeshCircuitBreaker limits what may be under way to a service at once, and takes endpoints out of use for a ' +
    'while when their answers are bad.',
  schema: policySchema,
  check: spec =>
    policyViolations<Breaker>(spec, {
      top: ANY_PROXY,
      to: () => ANY_DESTINATION,
      from: () => ANY_CLIENT,
      hasRules: true,
      conf: confViolations,
    }),
  warnings: spec => policyWarnings(spec),
  unenforced: spec => unenforcedParts(policySchema, spec),
})

function confViolations(conf: Breaker = {}, path: string): Violation[] {
  const { connectionLimits = {}, outlierDetection } = conf
  if (conf.connectionLimits === undefined && outlierDetection === undefined) {
    return [violation(path, "at least one of: 'connectionLimits' or 'outlierDetection' should be configured")]
  }
  const limits = fieldAt(path, 'connectionLimits')
  return [
    ...Object.entries(connectionLimits).flatMap(([name, value]) => aboveZero(value, fieldAt(limits, name))),
    ...outlierViolations(outlierDetection, fieldAt(path, 'outlierDetection')),
  ]
}

function outlierViolations(outlier: z.infer<typeof outlierSchema> | undefined, path: string): Violation[] {
  if (outlier === undefined) return []
  return [
    ...durationAboveZero(outlier.interval, fieldAt(path, 'interval')),
    ...durationAboveZero(outlier.baseEjectionTime, fieldAt(path, 'baseEjectionTime')),
    ...wholePercent(outlier.maxEjectionPercent, fieldAt(path, 'maxEjectionPercent')),
    ...percentageViolations(outlier.healthyPanicThreshold, fieldAt(path, 'healthyPanicThreshold')),
    ...detectorViolations(outlier.detectors, fieldAt(path, 'detectors')),
  ]
}

const CONSECUTIVE = ['totalFailures', 'gatewayFailures', 'localOriginFailures'] as const
const STATISTICAL = ['successRate', 'failurePercentage'] as const
const DETECTORS = [...CONSECUTIVE, ...STATISTICAL]

function detectorViolations(
  detectors: z.infer<typeof detectorsSchema> | undefined,
  path: string,
): Violation[] {
  if (detectors === undefined) return [violation(path, 'must be defined')]
  if (DETECTORS.every(name => detectors[name] === undefined)) {
    return [violation(path, `must have at least one defined: ${DETECTORS.join(', ')}`)]
  }
  const { successRate, failurePercentage } = detectors
  return [
    ...CONSECUTIVE.flatMap(name =>
      aboveZero(detectors[name]?.consecutive, fieldAt(path, `${name}.consecutive`)),
    ),
    ...STATISTICAL.flatMap(name => [
      ...aboveZero(detectors[name]?.minimumHosts, fieldAt(path, `${name}.minimumHosts`)),
      ...aboveZero(detectors[name]?.requestVolume, fieldAt(path, `${name}.requestVolume`)),
    ]),
    ...factorViolations(
      successRate?.standardDeviationFactor,
      fieldAt(path, 'successRate.standardDeviationFactor'),
    ),
    ...wholePercent(failurePercentage?.threshold, fieldAt(path, 'failurePercentage.threshold')),
  ]
}

function factorViolations(factor: IntOrString | undefined, field: string): Violation[] {
  if (factor === undefined) return []
  const number = numberOf(factor)
  return number === null ? [violation(field, 'invalid number')] : aboveZero(number, field)
}
