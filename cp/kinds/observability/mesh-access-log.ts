/**
 * MeshAccessLog: where a line for each connection or request goes, and what it says (kuma-api 4.12). A backend without
 * `type` gets that of its only section, as documents of old Kuma mean it.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import {
  ANY_CLIENT,
  ANY_DESTINATION_OR_ROUTE,
  ANY_PROXY,
  fromField,
  policyViolations,
  policyWarnings,
  rulesField,
  toField,
  topTargetRef,
} from '../policy.ts'
import { filled, optional, required } from '../schema/doc.ts'
import {
  collectorFields,
  collectorViolations,
  ENDPOINT_DEPRECATED,
  hasInlineEndpoint,
  isUrl,
  typeOfSections,
} from './collector.ts'

const PLACEHOLDERS = "Envoy's command operators, %KUMA_MESH%, %KUMA_SOURCE_SERVICE% and the like"

const pair = (key: string, value: string) =>
  z.array(z.object({ key: required(z.string(), key), value: required(z.string(), value) }))

const formatSchema = z.object({
  type: required(z.enum(['Plain', 'Json']), 'Plain: a line of text; Json: an object a line.'),
  plain: optional(z.string(), 'The line.', { rule: `with Plain; not empty; ${PLACEHOLDERS}` }),
  json: optional(pair('Key in the object.', 'Its value.'), 'The object.', {
    rule: `with Json; not empty; values: ${PLACEHOLDERS}`,
  }),
  omitEmptyValues: filled(z.boolean().default(false), 'Leaves out what has no value.', {
    default: 'false',
  }),
})

const format = optional(formatSchema, 'What a line says.', {
  default: 'a line with time, mesh, source, destination, status and sizes',
})

const BACKEND_SECTIONS = { Tcp: 'tcp', File: 'file', OpenTelemetry: 'openTelemetry' } as const

const backendSchema = z
  .object({
    type: optional(z.enum(['Tcp', 'File', 'OpenTelemetry']), 'Which section counts.', {
      default: 'that of the only section',
    }),
    tcp: optional(
      z.object({
        address: required(z.string(), 'Address and port of the receiver.', { rule: 'host:port' }),
        format,
      }),
      'Lines are sent over TCP.',
    ),
    file: optional(
      z.object({
        path: required(z.string(), 'File that lines are added to.', { rule: 'absolute path' }),
        format,
      }),
      'Lines are written to a file of the machine.',
    ),
    openTelemetry: optional(
      z.object({
        ...collectorFields,
        attributes: optional(pair('Name.', 'Value.'), 'Attributes of each record.', {
          rule: `names: lower case, digits, . and _, not otel.*; values: ${PLACEHOLDERS}`,
        }),
        body: optional(z.unknown(), 'Body of each record: a text or any value of OTLP.', {
          typeText: 'any',
        }),
      }),
      'Records are sent to an OpenTelemetry collector.',
    ),
  })
  .transform(backend => {
    const type = backend.type ?? typeOfSections(backend, BACKEND_SECTIONS)
    return type === undefined ? backend : { type, ...backend }
  })

const logSchema = z.object({
  backends: optional(z.array(backendSchema), 'Where lines go; an empty list: nowhere.', {
    rule: 'must be defined',
  }),
})

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY.kinds.join(', ')),
  to: toField(
    logSchema,
    `${ANY_DESTINATION_OR_ROUTE.kinds.join(', ')}; Mesh where the policy is for a MeshGateway`,
  ),
  from: fromField(logSchema, 'Mesh'),
  rules: rulesField(logSchema),
})

type Policy = z.infer<typeof policySchema>
type Log = z.infer<typeof logSchema>
type Backend = z.infer<typeof backendSchema>

export const meshAccessLog = defineKind<Policy>({
  type: 'MeshAccessLog',
  path: 'meshaccesslogs',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mal',
  isPolicy: true,
  emptyStatus: {},
  doc:
    'A MeshAccessLog says where the data planes that it selects write a line for each connection or request, and ' +
    'what the line says.',
  schema: policySchema,
  check: spec =>
    policyViolations<Log>(spec, {
      top: ANY_PROXY,
      to: top => (top.kind === 'MeshGateway' ? ANY_CLIENT : ANY_DESTINATION_OR_ROUTE),
      from: () => ANY_CLIENT,
      hasRules: true,
      conf: confViolations,
    }),
  warnings: spec => [
    ...policyWarnings({ from: spec.from }),
    ...(allBackends(spec).some(({ openTelemetry }) => hasInlineEndpoint(openTelemetry))
      ? [ENDPOINT_DEPRECATED]
      : []),
    ...policyWarnings({ targetRef: spec.targetRef }),
  ],
  notEnforced: { message: 'no access log is written', refusesTraffic: false },
})

function allBackends({ to = [], from = [], rules = [] }: Policy): Backend[] {
  return [...to, ...from, ...rules].flatMap(item => item.default?.backends ?? [])
}

function confViolations({ backends }: Log = {}, path: string): Violation[] {
  const field = fieldAt(path, 'backends')
  if (backends === undefined) return [violation(field, 'must be defined')]
  return backends.flatMap((backend, i) => backendViolations(backend, itemAt(field, i)))
}

function backendViolations(backend: Backend, path: string): Violation[] {
  const { type, tcp, file, openTelemetry } = backend
  if (type === undefined) return [violation(fieldAt(path, 'type'), 'in body is required')]
  const section = BACKEND_SECTIONS[type]
  const at = fieldAt(path, section)
  if (backend[section] === undefined) return [violation(at, 'must be defined')]
  return [
    ...(tcp === undefined || type !== 'Tcp'
      ? []
      : [
          ...formatViolations(tcp.format, fieldAt(at, 'format')),
          ...(isUrl(tcp.address)
            ? []
            : [violation(fieldAt(at, 'address'), 'tcp backend requires valid address')]),
        ]),
    ...(file === undefined || type !== 'File'
      ? []
      : [
          ...formatViolations(file.format, fieldAt(at, 'format')),
          ...(isPath(file.path)
            ? []
            : [violation(fieldAt(at, 'path'), 'file backend requires a valid path')]),
        ]),
    ...(openTelemetry === undefined || type !== 'OpenTelemetry'
      ? []
      : [
          ...collectorViolations(openTelemetry, at),
          ...(openTelemetry.attributes ?? []).flatMap(({ key }, i) =>
            attributeViolations(key, fieldAt(itemAt(fieldAt(at, 'attributes'), i), 'key')),
          ),
        ]),
  ]
}

function isPath(path: string): boolean {
  return path.startsWith('/') && !path.includes('\0')
}

function formatViolations(given: z.infer<typeof formatSchema> | undefined, path: string): Violation[] {
  if (given === undefined) return []
  const { type, plain, json } = given
  const field = fieldAt(path, type === 'Plain' ? 'plain' : 'json')
  const written = type === 'Plain' ? plain : json
  if (written === undefined) return [violation(field, 'must be defined')]
  if (written.length === 0) return [violation(field, 'must not be empty')]
  return type === 'Plain' ? [] : (json ?? []).flatMap((item, i) => pairViolations(item, itemAt(field, i)))
}

function pairViolations({ key, value }: { key: string; value: string }, path: string): Violation[] {
  return [
    ...(key === '' ? [violation(fieldAt(path, 'key'), 'key cannot be empty')] : []),
    ...(value === '' ? [violation(fieldAt(path, 'value'), 'value cannot be empty')] : []),
    ...(isJsonPair(key, value) ? [] : [violation(path, 'is not a valid JSON object')]),
  ]
}

/** Both stand in a JSON text as they are written, quotes and backslashes too. */
function isJsonPair(key: string, value: string): boolean {
  try {
    JSON.parse(`{"${key}": "${value}"}`)
    return true
  } catch {
    return false
  }
}

function attributeViolations(key: string, field: string): Violation[] {
  if (key === '') return [violation(field, 'must be defined')]
  if (key.includes('%')) {
    return [
      violation(
        field,
        'must be a static OpenTelemetry attribute name; placeholders are only supported in values',
      ),
    ]
  }
  if (key.startsWith('otel.')) {
    return [violation(field, "must not use the reserved OpenTelemetry prefix 'otel.'")]
  }
  if (/^[a-z](?:[a-z0-9]|[._][a-z0-9])*$/.test(key)) return []
  const message =
    "must start with a lowercase letter, use only lowercase letters, digits, '.' or '_', avoid consecutive delimiters, and end with a letter or digit"
  return [violation(field, message)]
}
