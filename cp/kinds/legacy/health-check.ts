/** HealthCheck: how endpoints are probed by those who call them (kuma-api 4.10, 4.12). Flat, mesh. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { positiveDurationViolations, positiveViolations, protobufDuration, violation } from '../fields.ts'
import { headerNameViolations, headerValueViolations } from '../header-match.ts'
import type { Violation } from '../kind.ts'
import { filled, optional } from '../schema/doc.ts'
import { bytes, uint32 } from '../values.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { directionFields, outboundViolations } from './selectors.ts'

const DURATION_RULE = 'a duration such as 1m30s, above 0'
const REQUIRED_DURATION = { rule: `${DURATION_RULE}; must be defined` }
const REQUIRED_COUNT = { rule: 'at least 1; must be defined' }

const tcpSchema = z.object({
  send: optional(bytes, 'What is sent.', { default: 'nothing', isBytes: true, keepsZero: true }),
  receive: optional(
    z.array(filled(bytes, 'A piece of the answer.', { isBytes: true })),
    'Pieces that the answer has to hold in this order, with anything between them.',
    { default: 'none: a connection is enough', isBytes: true, typeText: 'list of base64' },
  ),
})

const httpSchema = z.object({
  path: optional(z.string(), 'Path that is requested.', { rule: 'must be defined' }),
  requestHeadersToAdd: optional(
    z.array(
      z.object({
        header: optional(
          z.object({
            key: optional(z.string(), 'Name of the header.', { rule: 'must be defined' }),
            value: optional(z.string(), 'Value of the header.', { default: 'empty' }),
          }),
          'The header.',
          { rule: 'must be defined' },
        ),
        append: optional(z.boolean(), 'Whether it is added to values that are there already.', {
          default: 'true',
          keepsZero: true,
        }),
      }),
    ),
    'Headers of the request.',
  ),
  expectedStatuses: optional(
    z.array(filled(uint32, 'A status.', { rule: '100 to 599' })),
    'Statuses of a healthy endpoint.',
    { default: '200', rule: '100 to 599' },
  ),
})

const confSchema = z.object({
  interval: optional(protobufDuration, 'Time between two probes.', REQUIRED_DURATION),
  timeout: optional(protobufDuration, 'Time that an answer may take.', REQUIRED_DURATION),
  unhealthyThreshold: optional(uint32, 'Failures in a row that make it unhealthy.', REQUIRED_COUNT),
  healthyThreshold: optional(uint32, 'Successes in a row that make it healthy.', REQUIRED_COUNT),
  initialJitter: optional(protobufDuration, 'The first probe is late by a random time up to this.', {
    default: 'none',
    rule: DURATION_RULE,
  }),
  intervalJitter: optional(protobufDuration, 'Each probe is late by a random time up to this.', {
    default: 'none',
    rule: DURATION_RULE,
  }),
  intervalJitterPercent: optional(
    uint32,
    'Each probe is late by a random time up to this share of the interval, besides intervalJitter.',
    { default: '0', unit: 'percent' },
  ),
  healthyPanicThreshold: optional(
    z.number(),
    'With a smaller share of healthy endpoints than this, all endpoints are used, healthy or not; 0 never does so.',
    { default: '50', unit: 'percent', rule: '0 to 100', keepsZero: true },
  ),
  failTrafficOnPanic: optional(
    z.boolean(),
    'Whether calls fail where healthyPanicThreshold would use all endpoints.',
    { default: 'false', keepsZero: true },
  ),
  eventLogPath: optional(
    z.string(),
    'File on the host of the data plane that changes of health are written to.',
    {
      default: 'none',
    },
  ),
  alwaysLogHealthCheckFailures: optional(
    z.boolean(),
    'Whether every failure is written, not the first alone.',
    {
      default: 'false',
      keepsZero: true,
    },
  ),
  noTrafficInterval: optional(
    protobufDuration,
    'Time between two probes until this data plane calls the service for the first time.',
    {
      default: '60s',
      rule: DURATION_RULE,
    },
  ),
  tcp: optional(tcpSchema, 'What is sent and expected on a TCP connection.', {
    rule: 'not together with http',
  }),
  http: optional(httpSchema, 'Which HTTP request is sent, and which answer is expected.', {
    rule: 'not together with tcp',
  }),
  reuseConnection: optional(z.boolean(), 'Whether probes use one connection after the other.', {
    default: 'true',
    keepsZero: true,
  }),
})

const healthCheckSchema = z.object({
  ...directionFields,
  conf: optional(confSchema, 'The probe.', { rule: 'must be there' }),
})

export type HealthCheckSpec = z.infer<typeof healthCheckSchema>
type Conf = z.infer<typeof confSchema>

export const healthCheck = defineLegacyPolicy<HealthCheckSpec>({
  type: 'HealthCheck',
  // the only legacy kind that kumactl writes without a dash
  singular: 'healthcheck',
  path: 'health-checks',
  doc:
    'A HealthCheck makes its sources probe the endpoints of its destinations and call only those that are healthy. ' +
    'MeshHealthCheck is its successor.',
  schema: healthCheckSchema,
  check: ({ conf, ...directions }) => [...outboundViolations(directions), ...confViolations(conf)],
})

function confViolations(conf: Conf | undefined): Violation[] {
  if (conf === undefined) return [violation('conf', 'has to be defined')]
  const { healthyPanicThreshold = 0 } = conf
  return [
    ...positiveDurationViolations(conf.interval ?? '0s', 'conf.interval'),
    ...positiveDurationViolations(conf.timeout ?? '0s', 'conf.timeout'),
    ...positiveViolations(conf.unhealthyThreshold ?? 0, 'conf.unhealthyThreshold'),
    ...positiveViolations(conf.healthyThreshold ?? 0, 'conf.healthyThreshold'),
    ...positiveDurationViolations(conf.initialJitter, 'conf.initialJitter'),
    ...positiveDurationViolations(conf.intervalJitter, 'conf.intervalJitter'),
    ...positiveDurationViolations(conf.noTrafficInterval, 'conf.noTrafficInterval'),
    ...(healthyPanicThreshold < 0 || healthyPanicThreshold > 100
      ? [violation('conf.healthyPanicThreshold', 'must be in range [0.0 - 100.0]')]
      : []),
    ...(conf.http === undefined ? [] : httpViolations(conf.http, 'conf.http')),
    ...(conf.tcp !== undefined && conf.http !== undefined
      ? [violation('conf', 'http and tcp cannot be defined at the same time')]
      : []),
  ]
}

function httpViolations(http: z.infer<typeof httpSchema>, path: string): Violation[] {
  const { expectedStatuses = [], requestHeadersToAdd = [] } = http
  return [
    ...(http.path ? [] : [violation(fieldAt(path, 'path'), 'has to be defined and cannot be empty')]),
    ...expectedStatuses.flatMap((status, i) =>
      status >= 100 && status < 600
        ? []
        : [violation(itemAt(fieldAt(path, 'expectedStatuses'), i), 'must be in range [100, 600)')],
    ),
    ...requestHeadersToAdd.flatMap(({ header }, i) => {
      const field = `${itemAt(fieldAt(path, 'requestHeadersToAdd'), i)}.header`
      if (header === undefined) return [violation(field, 'has to be defined')]
      const { key = '', value = '' } = header
      return [
        ...(key === '' ? [violation(fieldAt(field, 'key'), 'cannot be empty')] : []),
        ...headerNameViolations(key, fieldAt(field, 'key')),
        ...headerValueViolations(value, fieldAt(field, 'value')),
      ]
    }),
  ]
}
