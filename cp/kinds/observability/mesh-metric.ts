/**
 * MeshMetric: which metrics data planes offer or push, of themselves and of their applications (kuma-api 4.12). Some
 * paths of Kuma's messages are odd: `backends.backend[0].port` is the port of the first backend's prometheus.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { ANY_PROXY, policyWarnings, topTargetRef } from '../policy.ts'
import { re2Fault } from '../re2.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { targetRefViolations } from '../target-ref.ts'
import {
  collectorFields,
  collectorViolations,
  ENDPOINT_DEPRECATED,
  hasInlineEndpoint,
  isUrl,
} from './collector.ts'

const selectors = z.array(
  z.object({
    type: required(z.enum(['Prefix', 'Regex', 'Exact', 'Contains']), 'How names are compared.'),
    match: required(z.string(), 'What names are compared with.', { rule: 'Regex: RE2 syntax' }),
  }),
)

const sidecarSchema = z.object({
  profiles: optional(
    z.object({
      appendProfiles: optional(
        z.array(
          z.object({
            name: required(z.enum(['All', 'Basic', 'None']), 'Name of the set.'),
          }),
        ),
        'Sets of metrics, all of which are offered.',
        { default: 'All' },
      ),
      exclude: optional(selectors, 'Metrics that are left out.'),
      include: optional(selectors, 'Metrics that are added; wins over exclude.'),
    }),
    'Which metrics are offered.',
  ),
  includeUnused: optional(z.boolean(), 'Also metrics that were never counted.', { default: 'false' }),
})

const applicationSchema = z.object({
  name: optional(z.string(), 'Name of the application, in the metrics.'),
  path: filled(z.string().default('/metrics'), 'Path of its metrics.', { default: '/metrics' }),
  address: optional(z.string(), 'Address of the application.', { default: 'the address of the data plane' }),
  port: required(z.int(), 'Port of its metrics.', { rule: '1 to 65535' }),
})

const prometheusSchema = z.object({
  clientId: optional(z.string(), 'Only this Prometheus is told of the data planes.', { default: 'all' }),
  port: filled(z.int().default(5670), 'Port on which data planes offer metrics.', {
    default: '5670',
    rule: '1 to 65535',
  }),
  path: filled(z.string().default('/metrics'), 'Path on which data planes offer metrics.', {
    default: '/metrics',
  }),
  tls: optional(
    z.object({
      mode: filled(
        z.enum(['Disabled', 'ProvidedTLS', 'ActiveMTLSBackend']).default('Disabled'),
        'Disabled: plain; ProvidedTLS: with files of the data plane; ActiveMTLSBackend: with a certificate of the mesh.',
        { default: 'Disabled' },
      ),
    }),
    'Who may read the metrics.',
  ),
})

const openTelemetrySchema = z.object({
  ...collectorFields,
  refreshInterval: optional(goDuration, 'How often metrics are pushed.', {
    unit: 'duration such as 1m30s',
    default: '60s',
  }),
})

const metricSchema = z.object({
  sidecar: optional(sidecarSchema, 'Metrics of the data plane itself.'),
  applications: optional(z.array(applicationSchema), 'Applications whose metrics are joined to them.'),
  backends: optional(
    z.array(
      z.object({
        type: required(z.enum(['Prometheus', 'OpenTelemetry']), 'Which section counts.'),
        prometheus: optional(prometheusSchema, 'Metrics that a Prometheus fetches.'),
        openTelemetry: optional(openTelemetrySchema, 'Metrics that are pushed to a collector.'),
      }),
    ),
    'Where metrics go.',
  ),
})

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY.kinds.join(', ')),
  default: optional(metricSchema, 'What holds for them.'),
})

type Metric = z.infer<typeof metricSchema>
type Backend = NonNullable<Metric['backends']>[number]

export const meshMetric = defineKind<z.infer<typeof policySchema>>({
  type: 'MeshMetric',
  path: 'meshmetrics',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mm',
  isPolicy: true,
  emptyStatus: {},
  doc:
    'A MeshMetric says which metrics the data planes that it selects offer to Prometheus or push to a collector, of ' +
    'themselves and of their applications.',
  schema: policySchema,
  check: ({ targetRef, default: metric = {} }) => [
    ...(targetRef === undefined ? [] : targetRefViolations(targetRef, 'targetRef', ANY_PROXY)),
    ...profileViolations(metric.sidecar?.profiles ?? {}),
    ...(metric.applications ?? []).flatMap(({ port }, i) =>
      portViolations(port, itemAt('default.applications.application', i)),
    ),
    ...(metric.backends ?? []).flatMap((backend, i) =>
      backendViolations(backend, itemAt('default.backends.backend', i)),
    ),
  ],
  warnings: ({ targetRef, default: metric }) => [
    ...((metric?.backends ?? []).some(({ openTelemetry }) => hasInlineEndpoint(openTelemetry))
      ? [ENDPOINT_DEPRECATED]
      : []),
    ...policyWarnings({ targetRef }),
  ],
  notEnforced: { message: 'data planes offer and push no metrics by it', refusesTraffic: false },
})

function profileViolations(profiles: NonNullable<NonNullable<Metric['sidecar']>['profiles']>): Violation[] {
  return (['exclude', 'include'] as const).flatMap(list =>
    (profiles[list] ?? []).flatMap(({ type, match }, i) => {
      if (type !== 'Regex' || re2Fault(match) === null) return []
      const field = fieldAt(itemAt(`default.sidecar.profiles.${list}`, i), 'match')
      return [violation(field, 'invalid regex')]
    }),
  )
}

function backendViolations({ type, prometheus, openTelemetry }: Backend, path: string): Violation[] {
  if (type === 'Prometheus') {
    if (prometheus === undefined) return [violation(fieldAt(path, 'prometheus'), 'must be defined')]
    return portViolations(prometheus.port, fieldAt(path, 'port'))
  }
  const section = fieldAt(path, 'openTelemetry')
  if (openTelemetry === undefined) return [violation(section, 'must be defined')]
  const violations = collectorViolations(openTelemetry, section)
  const { endpoint = '' } = openTelemetry
  if (violations.length > 0 || endpoint === '' || isUrl(endpoint)) return violations
  return [violation(fieldAt(section, 'endpoint'), 'must be a valid url')]
}

function portViolations(port: number, field: string): Violation[] {
  return port >= 1 && port <= 65_535 ? [] : [violation(field, 'port must be a valid (1-65535)')]
}
