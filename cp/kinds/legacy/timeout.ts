/** Timeout: how long calls and connections may take (kuma-api 4.10, 5.7). Flat, mesh. */
import { z } from 'zod'
import { fieldAt } from '../field-path.ts'
import { protobufDuration, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { aboveZeroViolations, whenDefinedViolations } from './positive.ts'
import { directionFields, outboundViolations } from './selectors.ts'

const OFF = { default: 'no limit', rule: 'a duration such as 1m30s, above 0' }
const STREAM_OFF = { default: 'no limit', rule: 'a duration such as 1m30s' }
const STREAM_IDLE_OFF = { default: '30m', rule: 'a duration such as 1m30s; 0s: no limit' }
const STREAM_IDLE = 'Time without a byte in either direction after which a request is given up.'
const STREAM_LIFE = 'Time after which a request is given up, even while bytes flow.'

const tcpSchema = z.object({
  idleTimeout: optional(protobufDuration, 'Time without a byte after which a connection is closed.', {
    rule: 'a duration such as 1m30s, above 0; must be defined',
  }),
})

const httpSchema = z.object({
  requestTimeout: optional(
    protobufDuration,
    'Time from the end of the request to the end of the answer after which it is given up.',
    OFF,
  ),
  idleTimeout: optional(
    protobufDuration,
    'Time without requests after which a connection to the service is closed.',
    {
      default: '1m; without mTLS 3s',
      rule: 'a duration such as 1m30s, above 0; longer ones count as the default',
    },
  ),
  streamIdleTimeout: optional(protobufDuration, STREAM_IDLE, STREAM_IDLE_OFF),
  maxStreamDuration: optional(protobufDuration, STREAM_LIFE, STREAM_OFF),
})

const grpcSchema = z.object({
  streamIdleTimeout: optional(
    protobufDuration,
    `${STREAM_IDLE} Older form of \`http.streamIdleTimeout\`, which goes before it.`,
    { ...OFF, default: '30m' },
  ),
  maxStreamDuration: optional(
    protobufDuration,
    `${STREAM_LIFE} Older form of \`http.maxStreamDuration\`, which goes before it.`,
    OFF,
  ),
})

const confSchema = z.object({
  connectTimeout: optional(protobufDuration, 'Time to establish a connection.', {
    default: '5s',
    rule: 'a duration such as 1m30s',
  }),
  tcp: optional(tcpSchema, 'Calls of protocol tcp.', {
    default: 'idleTimeout 1h',
    rule: 'with idleTimeout',
  }),
  http: optional(httpSchema, 'Calls of protocol http, http2 and grpc.', {
    rule: 'with requestTimeout or idleTimeout',
  }),
  grpc: optional(grpcSchema, 'Calls of protocol grpc.', { rule: 'with at least one of its fields' }),
})

const timeoutSchema = z.object({
  ...directionFields,
  conf: optional(confSchema, 'The timeouts.', { rule: 'must be there, and may be empty' }),
})

export type TimeoutSpec = z.infer<typeof timeoutSchema>
type Conf = z.infer<typeof confSchema>

const EMPTY_SECTION = 'at least one timeout in section has to be defined'

export const timeout = defineLegacyPolicy<TimeoutSpec>({
  type: 'Timeout',
  doc:
    'A Timeout says how long calls and connections from its sources to its destinations may take. MeshTimeout is its ' +
    'successor.',
  schema: timeoutSchema,
  check({ conf, ...directions }) {
    return [
      ...outboundViolations(directions),
      ...(conf === undefined ? [violation('conf', 'has to be defined')] : confViolations(conf)),
    ]
  },
})

function confViolations({ tcp, http, grpc }: Conf): Violation[] {
  return [
    ...(tcp === undefined ? [] : tcpViolations(tcp, 'conf.tcp')),
    ...(http === undefined
      ? []
      : sectionViolations(
          { requestTimeout: http.requestTimeout, idleTimeout: http.idleTimeout },
          'conf.http',
        )),
    ...(grpc === undefined ? [] : sectionViolations(grpc, 'conf.grpc')),
  ]
}

function tcpViolations({ idleTimeout }: z.infer<typeof tcpSchema>, path: string): Violation[] {
  return idleTimeout === undefined
    ? [violation(path, EMPTY_SECTION)]
    : aboveZeroViolations(idleTimeout, fieldAt(path, 'idleTimeout'))
}

function sectionViolations(
  timeouts: Readonly<Record<string, string | undefined>>,
  path: string,
): Violation[] {
  const given = Object.entries(timeouts).filter(([, timeout]) => timeout !== undefined)
  if (given.length === 0) return [violation(path, EMPTY_SECTION)]
  return given.flatMap(([name, timeout]) => whenDefinedViolations(timeout, fieldAt(path, name)))
}
