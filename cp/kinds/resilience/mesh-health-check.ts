/**
 * MeshHealthCheck: probes of the endpoints of a service by those who call it (kuma-api 4.12). Which section probes is
 * decided by the protocol of the service.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import { headerModifierViolations, headerSetAddSchema } from '../header-match.ts'
import { defineKind, type Violation } from '../kind.ts'
import {
  ANY_DESTINATION,
  ANY_PROXY,
  policyViolations,
  policyWarnings,
  toField,
  topTargetRef,
} from '../policy.ts'
import { unenforcedParts } from '../routing/unenforced-refs.ts'
import { optional } from '../schema/doc.ts'
import { bytes, intOrString, percentageViolations } from '../values.ts'
import { aboveZero, durationAboveZero, int32, statusCode, wholePercent } from './ranges.ts'

const LONGER = { unit: 'duration such as 1m30s', rule: 'longer than 0s' }
const disabled = optional(z.boolean(), 'Takes this probe away, whatever a broader policy says.', {
  default: 'false',
})

const tcpSchema = z.object({
  disabled,
  send: optional(bytes, 'What is sent.', { default: 'nothing', isBytes: true }),
  receive: optional(
    z.array(bytes),
    'What the answer must contain, in this order, with anything in between.',
    { default: 'nothing: a connection is enough', typeText: 'list of base64 texts' },
  ),
})

const httpSchema = z.object({
  disabled,
  path: optional(z.string(), 'Path of the request.', { default: '/', rule: 'not empty' }),
  requestHeadersToAdd: optional(headerSetAddSchema, 'Headers of the request.'),
  expectedStatuses: optional(z.array(z.int()), 'Answers of a healthy endpoint.', {
    default: '200',
    rule: '100 to 599',
  }),
})

const grpcSchema = z.object({
  disabled,
  serviceName: optional(z.string(), 'Service that the health service is asked for.', {
    default: 'the server as a whole',
  }),
  authority: optional(z.string(), 'The :authority of the request.', {
    default: 'the name of the service in the mesh',
  }),
})

const checkSchema = z.object({
  interval: optional(goDuration, 'Pause between two probes of an endpoint.', { ...LONGER, default: '1m' }),
  unhealthyInterval: optional(goDuration, 'The same while the endpoint is unhealthy.', {
    ...LONGER,
    default: 'as interval',
  }),
  timeout: optional(goDuration, 'How long a probe may take.', { ...LONGER, default: '15s' }),
  unhealthyThreshold: optional(int32, 'Failed probes in a row that make an endpoint unhealthy.', {
    default: '5',
    rule: 'more than 0',
  }),
  healthyThreshold: optional(int32, 'Good probes in a row that make an endpoint healthy.', {
    default: '1',
    rule: 'more than 0',
  }),
  initialJitter: optional(goDuration, 'Longest random wait before the first probe.', {
    ...LONGER,
    default: 'none',
  }),
  intervalJitter: optional(goDuration, 'Longest random wait that is added to each interval.', {
    ...LONGER,
    default: 'none',
  }),
  intervalJitterPercent: optional(z.int(), 'The same as a share of the interval; both may be given.', {
    unit: 'percent',
    default: '0',
    rule: '0 to 100',
  }),
  healthyPanicThreshold: optional(
    intOrString,
    'Share of healthy endpoints below which all are used, healthy or not; 0: never.',
    {
      unit: 'percent',
      typeText: 'whole number or decimal text',
      default: '50',
      rule: '0 to 100; a MeshCircuitBreaker goes before it',
    },
  ),
  failTrafficOnPanic: optional(
    z.boolean(),
    'Below healthyPanicThreshold calls fail instead of going to all endpoints.',
    { default: 'false' },
  ),
  noTrafficInterval: optional(
    goDuration,
    'Pause between probes until this data plane calls the service for the first time.',
    {
      ...LONGER,
      default: '60s',
    },
  ),
  eventLogPath: optional(z.string(), 'File to which changes of health are written.', {
    default: 'none',
    rule: 'absolute path',
  }),
  alwaysLogHealthCheckFailures: optional(z.boolean(), 'Writes every failed probe, not just the first.', {
    default: 'false',
  }),
  reuseConnection: optional(z.boolean(), 'Keeps the connection for the next probe.', { default: 'true' }),
  tcp: optional(
    tcpSchema,
    'Probe of TCP services, and of others where the section of their protocol is disabled.',
  ),
  http: optional(httpSchema, 'Probe of HTTP services.'),
  grpc: optional(grpcSchema, 'Probe of gRPC services, by the gRPC health protocol.'),
})

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY.kinds.join(', ')),
  to: toField(checkSchema, ANY_DESTINATION.kinds.join(', ')),
})

type HealthCheck = z.infer<typeof checkSchema>

export const meshHealthCheck = defineKind<z.infer<typeof policySchema>>({
  type: 'MeshHealthCheck',
  path: 'meshhealthchecks',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mhc',
  isPolicy: true,
  doc:
    'A MeshHealthCheck lets the data planes that it selects probe the endpoints of the services that they call, and ' +
    'avoid those that do not answer well.',
  schema: policySchema,
  check: spec =>
    policyViolations<HealthCheck>(spec, {
      top: ANY_PROXY,
      to: () => ANY_DESTINATION,
      mayBeEmpty: true,
      conf: confViolations,
    }),
  warnings: spec => policyWarnings(spec),
  unenforced: spec => unenforcedParts(policySchema, spec),
})

const DURATIONS = [
  'interval',
  'unhealthyInterval',
  'timeout',
  'initialJitter',
  'intervalJitter',
  'noTrafficInterval',
] as const

function confViolations(conf: HealthCheck = {}, path: string): Violation[] {
  const { tcp, http, grpc, eventLogPath } = conf
  const positive = 'must be greater than zero when defined'
  return [
    ...DURATIONS.flatMap(name => durationAboveZero(conf[name], fieldAt(path, name))),
    ...(['unhealthyThreshold', 'healthyThreshold'] as const).flatMap(name =>
      aboveZero(conf[name], fieldAt(path, name), positive),
    ),
    ...wholePercent(conf.intervalJitterPercent, fieldAt(path, 'intervalJitterPercent')),
    ...percentageViolations(conf.healthyPanicThreshold, fieldAt(path, 'healthyPanicThreshold')),
    ...(eventLogPath === undefined || eventLogPath.startsWith('/')
      ? []
      : [violation(fieldAt(path, 'eventLogPath'), 'must be a valid path when defined')]),
    ...httpViolations(http ?? {}, fieldAt(path, 'http')),
    ...(tcp === undefined && http === undefined && grpc === undefined
      ? [violation(path, 'must have at least one defined: http, tcp, grpc')]
      : []),
  ]
}

function httpViolations(http: z.infer<typeof httpSchema>, path: string): Violation[] {
  const { requestHeadersToAdd, expectedStatuses = [] } = http
  return [
    ...(http.path === '' ? [violation(fieldAt(path, 'path'), 'must be defined')] : []),
    ...(requestHeadersToAdd === undefined
      ? []
      : headerModifierViolations(requestHeadersToAdd, fieldAt(path, 'requestHeadersToAdd'), ['set', 'add'])),
    ...expectedStatuses.flatMap((status, i) =>
      statusCode(status, itemAt(fieldAt(path, 'expectedStatuses'), i)),
    ),
  ]
}
