/**
 * The backends of a Mesh for the legacy policies: logging, tracing, metrics (kuma-api 4.4). They are checked and
 * stored; nothing uses them yet. Violations of `conf` are reported below `config`, as Kuma does.
 */
import { z } from 'zod'
import { itemAt } from '../field-path.ts'
import { usedNameViolations, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { filled, optional, text } from '../schema/doc.ts'
import { prometheusSchema, prometheusViolations } from './prometheus.ts'

const NAME = 'Name of the backend.'
const UNIQUE = { rule: 'unique' }

const ZIPKIN_VERSIONS = ['httpJsonV1', 'httpJson', 'httpProto']

export const loggingSchema = z.object({
  defaultBackend: optional(z.string(), 'Backend of TrafficLogs that name none.', { rule: 'one of backends' }),
  backends: optional(
    z.array(
      z.object({
        name: text(NAME, UNIQUE),
        format: optional(z.string(), 'Format of a line: Envoy access log commands and %KUMA_…%.'),
        type: text('Kind of backend.', { rule: 'file or tcp' }),
        conf: optional(
          z.object({
            path: optional(z.string(), 'file: path on the host of the data plane.', { rule: 'not empty' }),
            address: optional(z.string(), 'tcp: where lines are sent.', { rule: 'HOST:PORT' }),
          }),
          'Settings of the backend, by its type.',
          { isStruct: true },
        ),
      }),
    ),
    'Where access logs go.',
    { unenforced: { message: 'no access logs are sent' } },
  ),
})

export const tracingSchema = z.object({
  defaultBackend: optional(z.string(), 'Backend of TrafficTraces that name none.', {
    rule: 'one of backends',
  }),
  backends: optional(
    z.array(
      z.object({
        name: text(NAME, UNIQUE),
        sampling: optional(z.number(), 'Share of requests that are traced.', {
          unit: 'percent',
          default: '100',
          rule: '0 to 100',
          keepsZero: true,
        }),
        type: text('Kind of backend.', { rule: 'zipkin or datadog' }),
        conf: optional(
          z.object({
            url: optional(z.string(), 'zipkin: where spans are sent.', { rule: 'with an explicit port' }),
            traceId128bit: optional(z.boolean(), 'zipkin: trace ids of 128 bits.', { default: 'false' }),
            apiVersion: optional(z.string(), 'zipkin: form of spans.', {
              default: 'httpJson',
              rule: ZIPKIN_VERSIONS.join(', '),
            }),
            sharedSpanContext: optional(z.boolean(), 'zipkin: client and server share a span.', {
              default: 'true',
            }),
            address: optional(z.string(), 'datadog: address of the agent.', { rule: 'not empty' }),
            port: optional(z.int(), 'datadog: port of the agent.', { rule: '1 to 65535' }),
            splitService: optional(z.boolean(), 'datadog: a service name for each direction.', {
              default: 'false',
            }),
          }),
          'Settings of the backend, by its type.',
          { isStruct: true },
        ),
      }),
    ),
    'Where traces go.',
    { unenforced: { message: 'no traces are sent' } },
  ),
})

export const meshMetricsSchema = z.object({
  enabledBackend: optional(z.string(), 'Backend in use.', { default: 'none', rule: 'one of backends' }),
  backends: optional(
    z.array(
      z.object({
        name: text(NAME, UNIQUE),
        type: text('Kind of backend.', { rule: 'prometheus' }),
        conf: filled(prometheusSchema.prefault({}), 'Settings of the backend; defaults are stored.', {
          isStruct: true,
        }),
      }),
    ),
    'How metrics are offered.',
    { unenforced: { message: 'data planes offer no metrics by this backend' } },
  ),
})

interface Backends {
  readonly logging?: z.infer<typeof loggingSchema> | undefined
  readonly tracing?: z.infer<typeof tracingSchema> | undefined
  readonly metrics?: z.infer<typeof meshMetricsSchema> | undefined
}

export function backendsViolations({ logging, tracing, metrics }: Backends): Violation[] {
  return [
    ...loggingViolations(logging?.backends ?? []),
    ...defaultViolations('logging', logging),
    ...tracingViolations(tracing?.backends ?? []),
    ...defaultViolations('tracing', tracing),
    ...metricsViolations(metrics),
  ]
}

type LoggingBackend = NonNullable<z.infer<typeof loggingSchema>['backends']>[number]
type TracingBackend = NonNullable<z.infer<typeof tracingSchema>['backends']>[number]

function defaultViolations(
  section: 'logging' | 'tracing',
  backends: { defaultBackend?: string | undefined; backends?: { name: string }[] | undefined } | undefined,
): Violation[] {
  const name = backends?.defaultBackend ?? ''
  if (name === '' || backends?.backends?.some(backend => backend.name === name)) return []
  return [violation(`${section}.defaultBackend`, `has to be set to one of the ${section} backend in mesh`)]
}

function loggingViolations(backends: readonly LoggingBackend[]): Violation[] {
  const at = (index: number): string => itemAt('logging.backends', index)
  return [
    ...backends.flatMap(({ name, type, conf }, index) => {
      const path = at(index)
      const violations = name === '' ? [violation(`${path}.name`, 'cannot be empty')] : []
      if (type === 'file') {
        if (!conf?.path) violations.push(violation(`${path}.config.path`, 'cannot be empty'))
      } else if (type === 'tcp') {
        if (!conf?.address) violations.push(violation(`${path}.config.address`, 'cannot be empty'))
        else if (!/^[^:]+:\d+$/.test(conf.address)) {
          violations.push(violation(`${path}.config.address`, 'has to be in format of HOST:PORT'))
        }
      } else
        violations.push(violation(`${path}.type`, 'unknown backend type. Available backends: "file", "tcp"'))
      return violations
    }),
    ...usedNameViolations(
      backends.map(backend => backend.name),
      at,
    ),
  ]
}

function tracingViolations(backends: readonly TracingBackend[]): Violation[] {
  const at = (index: number): string => itemAt('tracing.backends', index)
  return [
    ...backends.flatMap((backend, index) => oneTracingViolations(backend, at(index))),
    ...usedNameViolations(
      backends.map(backend => backend.name),
      at,
    ),
  ]
}

function oneTracingViolations({ name, sampling, type, conf }: TracingBackend, path: string): Violation[] {
  const violations = name === '' ? [violation(`${path}.name`, 'cannot be empty')] : []
  if (sampling !== undefined && (sampling < 0 || sampling > 100)) {
    violations.push(violation(`${path}.sampling`, 'has to be in [0.0 - 100.0] range'))
  }
  if (type === 'zipkin') {
    const version = conf?.apiVersion ?? ''
    violations.push(...urlViolations(conf?.url ?? '', `${path}.config.url`))
    if (version !== '' && !ZIPKIN_VERSIONS.includes(version)) {
      const message = `has invalid value. Allowed values: ${ZIPKIN_VERSIONS.join(', ')}`
      violations.push(violation(`${path}.config.apiVersion`, message))
    }
  } else if (type === 'datadog') {
    if (!conf?.address) violations.push(violation(`${path}.config.address`, 'cannot be empty'))
    const port = conf?.port ?? 0
    if (port < 1 || port > 65535) {
      violations.push(violation(`${path}.config.port`, 'port must be in the range [1, 65535]'))
    }
  } else {
    violations.push(
      violation(`${path}.type`, 'unknown backend type. Available backends: "zipkin", "datadog"'),
    )
  }
  return violations
}

function urlViolations(url: string, field: string): Violation[] {
  if (url === '') return [violation(field, 'cannot be empty')]
  if (!URL.canParse(url)) return [violation(field, 'invalid URL')]
  // the parser drops a default port (80), which Kuma accepts
  return /^[a-z]+:\/\/[^/]*:\d+(\/|\?|$)/i.test(url)
    ? []
    : [violation(field, 'port has to be explicitly specified')]
}

function metricsViolations(metrics: z.infer<typeof meshMetricsSchema> | undefined): Violation[] {
  const backends = metrics?.backends ?? []
  const at = (index: number): string => itemAt('metrics.backends', index)
  const names = backends.map(backend => backend.name)
  const enabled = metrics?.enabledBackend ?? ''
  return [
    ...usedNameViolations(names, at),
    ...(enabled !== '' && !names.includes(enabled)
      ? [violation('metrics.enabledBackend', 'has to be set to one of the backends in the mesh')]
      : []),
    ...backends.flatMap(({ type, conf }, index) =>
      type === 'prometheus'
        ? prometheusViolations(conf, `${at(index)}.conf`)
        : [violation(`${at(index)}.type`, 'unknown backend type. Available backends: "prometheus"')],
    ),
  ]
}
