/**
 * MeshTrace: where spans of requests go, how many, and with which tags (kuma-api 4.12). A backend without `type` gets
 * that of its only section, as documents of old Kuma mean it.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { ANY_PROXY, policyWarnings, topTargetRef } from '../policy.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { type TargetRefRules, targetRefViolations } from '../target-ref.ts'
import { type IntOrString, intOrString, numberOf } from '../values.ts'
import { collectorFields, collectorViolations, isUrl, typeOfSections } from './collector.ts'

const SECTIONS = { Datadog: 'datadog', Zipkin: 'zipkin', OpenTelemetry: 'openTelemetry' } as const

const zipkinSchema = z.object({
  url: required(z.string(), 'URL of the collector.', { rule: 'not empty' }),
  traceId128bit: filled(z.boolean().default(false), 'Trace ids of 128 bits instead of 64.', {
    default: 'false',
  }),
  apiVersion: filled(z.enum(['httpJson', 'httpProto']).default('httpJson'), 'How spans are encoded.', {
    default: 'httpJson',
  }),
  sharedSpanContext: filled(z.boolean().default(true), 'Client and server share one span.', {
    default: 'true',
  }),
})

const datadogSchema = z.object({
  url: required(z.string(), 'URL of the agent.', { rule: 'http://host:port and nothing else' }),
  splitService: optional(
    z.boolean(),
    'Adds direction and destination to the name of the service: backend_OUTBOUND_db.',
    { default: 'false' },
  ),
})

const backendSchema = z
  .object({
    type: optional(z.enum(['Zipkin', 'Datadog', 'OpenTelemetry']), 'Which section counts.', {
      default: 'that of the only section',
    }),
    zipkin: optional(zipkinSchema, 'A Zipkin collector, or one that takes its format (Jaeger).'),
    datadog: optional(datadogSchema, 'A Datadog agent.'),
    openTelemetry: optional(z.object(collectorFields), 'An OpenTelemetry collector.'),
  })
  .transform(backend => {
    const type = backend.type ?? typeOfSections(backend, SECTIONS)
    return type === undefined ? backend : { type, ...backend }
  })

const share = (description: string) =>
  optional(intOrString, description, {
    unit: 'percent',
    typeText: 'whole number or decimal text',
    default: '100',
    rule: '0 to 100',
  })

const traceSchema = z.object({
  backends: optional(z.array(backendSchema), 'Where spans go; an empty list: nowhere.', {
    rule: 'must be defined; at most one',
  }),
  sampling: optional(
    z.object({
      overall: share('Share of all requests that may be traced, whoever asked for it.'),
      client: share('Share of the requests with x-client-trace-id that are traced.'),
      random: share('Share of the other requests that are traced.'),
    }),
    'Which requests are traced.',
  ),
  tags: optional(
    z.array(
      z.object({
        name: required(z.string(), 'Name of the tag.', { rule: 'not empty' }),
        literal: optional(z.string(), 'Its value.', { rule: 'either this or header' }),
        header: optional(
          z.object({
            name: required(z.string(), 'Name of the header.'),
            default: optional(z.string(), 'Value where the request does not have it.', {
              default: 'no tag',
            }),
          }),
          'Header of the request that gives its value.',
          { rule: 'either this or literal' },
        ),
      }),
    ),
    'Tags that each span gets.',
  ),
})

const TOP: TargetRefRules = { ...ANY_PROXY, hasGatewayTags: false }

const policySchema = z.object({
  targetRef: topTargetRef(TOP.kinds.join(', ')),
  default: optional(traceSchema, 'What holds for them.'),
})

type Trace = z.infer<typeof traceSchema>
type Backend = z.infer<typeof backendSchema>

export const meshTrace = defineKind<z.infer<typeof policySchema>>({
  type: 'MeshTrace',
  path: 'meshtraces',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mtr',
  isPolicy: true,
  emptyStatus: {},
  doc: 'A MeshTrace says where the data planes that it selects send spans of requests, and how many.',
  schema: policySchema,
  check: ({ targetRef, default: trace }) => [
    ...(targetRef === undefined ? [] : targetRefViolations(targetRef, 'targetRef', TOP)),
    ...traceViolations(trace ?? {}),
  ],
  warnings: spec => policyWarnings({ targetRef: spec.targetRef }),
  notEnforced: { message: 'requests are not traced', refusesTraffic: false },
})

function traceViolations({ backends, tags = [], sampling = {} }: Trace): Violation[] {
  const [backend, ...others] = backends ?? []
  return [
    ...(backends === undefined ? [violation('default.backends', 'must be defined')] : []),
    ...(others.length > 0
      ? [violation('default.backends', 'must have zero or one backend defined')]
      : backendViolations(backend, itemAt('default.backends', 0))),
    ...tags.flatMap(({ name, header, literal }, i) => [
      ...(name === '' ? [violation(fieldAt(itemAt('default.tags', i), 'name'), 'must not be empty')] : []),
      ...((header === undefined) === (literal === undefined)
        ? [violation(itemAt('default.tags', i), 'tag must have only one type defined: header, literal')]
        : []),
    ]),
    ...(['client', 'random', 'overall'] as const).flatMap(name =>
      shareViolations(sampling[name], fieldAt('default.sampling', name)),
    ),
  ]
}

function shareViolations(value: IntOrString | undefined, field: string): Violation[] {
  if (value === undefined) return []
  const number = numberOf(value)
  if (number === null) return [violation(field, 'string is not a number')]
  return number >= 0 && number <= 100 ? [] : [violation(field, 'must be between 0 and 100')]
}

function backendViolations(backend: Backend | undefined, path: string): Violation[] {
  if (backend === undefined) return []
  const { type, zipkin, datadog, openTelemetry } = backend
  if (type === undefined) return [violation(fieldAt(path, 'type'), 'in body is required')]
  const at = fieldAt(path, SECTIONS[type])
  if (backend[SECTIONS[type]] === undefined) return [violation(at, 'must be defined')]
  return [
    ...(type === 'Zipkin' && zipkin !== undefined ? zipkinViolations(zipkin.url, fieldAt(at, 'url')) : []),
    ...(type === 'Datadog' && datadog !== undefined
      ? datadogViolations(datadog.url, fieldAt(at, 'url'))
      : []),
    ...(type === 'OpenTelemetry' && openTelemetry !== undefined
      ? collectorViolations(openTelemetry, at)
      : []),
  ]
}

function zipkinViolations(url: string, field: string): Violation[] {
  if (url === '') return [violation(field, 'must not be empty')]
  return isUrl(url) ? [] : [violation(field, 'must be a valid url')]
}

/** Read by hand, since a URL object hides a port that is the usual one. */
function datadogViolations(text: string, field: string): Violation[] {
  const parts =
    /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i.exec(
      text,
    )
  if (parts === null) {
    return [violation(field, text.startsWith('/') ? 'scheme must be http' : 'must be a valid url')]
  }
  const [, scheme, user, , port = '', path, query, fragment] = parts
  const isPort = Number(port) >= 1 && Number(port) <= 65_535
  const others = { user, path, query, fragment }
  return [
    ...(scheme?.toLowerCase() === 'http' ? [] : ['scheme must be http']),
    ...(port === '' ? ['port must be defined'] : isPort ? [] : ['port must be a valid (1-65535)']),
    ...Object.entries(others).flatMap(([name, part = '']) =>
      part === '' ? [] : [`${name} must not be defined`],
    ),
  ].map(message => violation(field, message))
}
