/** MeshOpenTelemetryBackend: a collector that observability policies name (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { isHost, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { filled, optional } from '../schema/doc.ts'

const endpointSchema = z.object({
  address: optional(z.string(), 'Address of the collector.', {
    default: 'the host of the data plane',
    rule: 'IP address or DNS name',
  }),
  port: optional(z.int(), 'Its port.', { default: '4317', rule: '1 to 65535' }),
  path: optional(z.string(), 'Path before /v1/traces, /v1/metrics and /v1/logs.', {
    default: 'none',
    rule: 'with protocol http; starts with /, without ? and #',
  }),
})

export const meshOtelBackendSchema = z.object({
  endpoint: optional(endpointSchema, 'Where the collector is.', { default: 'port 4317 of the own host' }),
  protocol: optional(z.enum(['grpc', 'http']), 'Transport.', { default: 'grpc' }),
  env: optional(
    z.object({
      mode: filled(
        z.enum(['Disabled', 'Optional', 'Required']).default('Optional'),
        'Whether these variables are ignored, used where they are set, or have to be set.',
        { default: 'Optional' },
      ),
      precedence: filled(
        z.enum(['ExplicitFirst', 'EnvFirst']).default('EnvFirst'),
        'Who wins where a variable and a field say the same: the field (ExplicitFirst) or the variable.',
        { default: 'EnvFirst' },
      ),
      allowSignalOverrides: optional(
        z.boolean(),
        'Use the variables of one signal too, such as OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.',
        { default: 'true' },
      ),
    }),
    'Variables OTEL_EXPORTER_OTLP_… in the environment of the data plane.',
  ),
})

export type MeshOtelBackendSpec = z.infer<typeof meshOtelBackendSchema>

export const meshOtelBackend = defineKind<MeshOtelBackendSpec>({
  type: 'MeshOpenTelemetryBackend',
  path: 'meshopentelemetrybackends',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'motb',
  doc:
    'A MeshOpenTelemetryBackend is an OpenTelemetry collector that MeshAccessLog, MeshMetric and MeshTrace name by ' +
    '`backendRef`. An empty spec is the collector on the host of the data plane.',
  schema: meshOtelBackendSchema,
  check({ endpoint, protocol = 'grpc' }) {
    const { address, port, path = '' } = endpoint ?? {}
    const violations: Violation[] = []
    if (address === '') violations.push(violation('endpoint.address', 'must not be empty'))
    else if (address !== undefined && !isHost(address)) {
      violations.push(violation('endpoint.address', 'address has to be a valid IP or hostname'))
    }
    if (port !== undefined && (port < 1 || port > 65_535)) {
      violations.push(violation('endpoint.port', 'port must be a valid (1-65535)'))
    }
    return [...violations, ...pathViolations(path, protocol)]
  },
  notEnforced: {
    message: 'data planes send nothing to it',
    refusesTraffic: false,
  },
  emptyStatus: {},
})

function pathViolations(path: string, protocol: 'grpc' | 'http'): Violation[] {
  if (path === '') return []
  if (protocol === 'grpc') return [violation('endpoint.path', 'must not be set when protocol is grpc')]
  return [
    ...(path.startsWith('/') ? [] : [violation('endpoint.path', 'must start with /')]),
    ...(/[?#]/.test(path) ? [violation('endpoint.path', 'must not contain query or fragment')] : []),
  ]
}
