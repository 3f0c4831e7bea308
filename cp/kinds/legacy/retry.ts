/** Retry: which calls are tried again, and how often (kuma-api 4.10, 4.12, 5.7). Flat, mesh. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { protobufDuration, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { filled, optional } from '../schema/doc.ts'
import { unenforcedFields } from '../schema/unenforced.ts'
import { uint32 } from '../values.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { aboveZeroViolations, whenDefinedViolations } from './positive.ts'
import { directionFields, outboundViolations } from './selectors.ts'

const HTTP_RETRY_ON = [
  'all_5xx',
  'gateway_error',
  'reset',
  'connect_failure',
  'envoy_ratelimited',
  'retriable_4xx',
  'refused_stream',
  'retriable_status_codes',
  'retriable_headers',
  'http3_post_connect_failure',
] as const

const METHODS = [
  'NONE',
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
] as const

const GRPC_RETRY_ON = [
  'cancelled',
  'deadline_exceeded',
  'internal',
  'resource_exhausted',
  'unavailable',
] as const

const backOffSchema = z.object({
  baseInterval: optional(protobufDuration, 'Pause before the first retry; it doubles with each.', {
    rule: 'a duration such as 1m30s, above 0; must be defined',
  }),
  maxInterval: optional(protobufDuration, 'The longest pause.', {
    default: '10 times baseInterval',
    rule: 'a duration such as 1m30s, above 0',
  }),
})

const retryFields = {
  numRetries: optional(uint32, 'How often a call is tried again.', {
    default: '1',
    rule: 'at least 1',
    keepsZero: true,
  }),
  perTryTimeout: optional(protobufDuration, 'Time that each attempt has.', {
    default: 'the timeout of the request',
    rule: 'a duration such as 1m30s, above 0',
  }),
  backOff: optional(backOffSchema, 'Pauses between attempts.', {
    default: 'baseInterval 25ms',
  }),
}

const httpSchema = z.object({
  ...retryFields,
  retriableStatusCodes: optional(
    z.array(uint32),
    'Statuses of answers after which a call is tried again too.',
    {
      default: 'none',
    },
  ),
  retriableMethods: optional(
    z.array(filled(z.enum(METHODS), 'A method; not NONE.', { protoEnum: 'kuma.mesh.v1alpha1.HttpMethod' })),
    'Only requests with these methods are tried again.',
    { default: 'all methods', rule: 'not NONE' },
  ),
  retryOn: optional(
    z.array(
      filled(z.enum(HTTP_RETRY_ON), 'A condition.', {
        protoEnum: 'kuma.mesh.v1alpha1.HttpRetryOn',
        unenforced: {
          values: ['retriable_headers'],
          message: 'a Retry cannot name the headers, so none is one: MeshRetry has retriableResponseHeaders',
        },
      }),
    ),
    'What has to happen for a call to be tried again.',
    {
      default: 'gateway_error, connect_failure, refused_stream',
      rule: 'retriable_status_codes only with retriableStatusCodes; retriable_headers has no effect: a Retry cannot name them',
    },
  ),
})

const grpcSchema = z.object({
  ...retryFields,
  retryOn: optional(
    z.array(
      filled(z.enum(GRPC_RETRY_ON), 'A status of gRPC.', {
        protoEnum: 'kuma.mesh.v1alpha1.Retry.Conf.Grpc.RetryOn',
      }),
    ),
    'Statuses of gRPC after which a call is tried again.',
    {
      default:
        'cancelled, resource_exhausted, unavailable; and what HTTP calls gateway_error, connect_failure, refused_stream, reset',
      rule: 'each once',
    },
  ),
})

const tcpSchema = z.object({
  maxConnectAttempts: optional(uint32, 'How often a connection is tried before it is given up.', {
    rule: 'at least 1; must be defined',
  }),
})

const confSchema = z.object({
  http: optional(httpSchema, 'Calls of protocol http and http2.', { rule: 'not empty' }),
  grpc: optional(grpcSchema, 'Calls of protocol grpc.', { rule: 'not empty' }),
  tcp: optional(tcpSchema, 'Connections of protocol tcp.', { rule: 'with maxConnectAttempts' }),
})

const retrySchema = z.object({
  ...directionFields,
  conf: optional(confSchema, 'Retries by protocol.', { rule: 'must be there; at least one of its fields' }),
})

export type RetrySpec = z.infer<typeof retrySchema>
type Conf = z.infer<typeof confSchema>
type Http = z.infer<typeof httpSchema>
type Grpc = z.infer<typeof grpcSchema>

const EMPTY = 'field cannot be empty'

export const retry = defineLegacyPolicy<RetrySpec>({
  type: 'Retry',
  path: 'retries',
  plural: 'retries',
  doc:
    'A Retry says which failed calls from its sources to its destinations are tried again, and how often. MeshRetry ' +
    'is its successor.',
  schema: retrySchema,
  unenforced: spec => unenforcedFields(retrySchema, spec, ''),
  check: ({ conf, ...directions }) => [...outboundViolations(directions), ...confViolations(conf)],
})

function confViolations(conf: Conf | undefined): Violation[] {
  if (conf === undefined) return [violation('conf', 'has to be defined')]
  const { http, grpc, tcp } = conf
  if (http === undefined && grpc === undefined && tcp === undefined) {
    return [violation('conf', 'missing protocol [grpc|http|tcp] configuration')]
  }
  return [
    ...(http === undefined ? [] : httpViolations(http, 'conf.http')),
    ...(grpc === undefined ? [] : grpcViolations(grpc, 'conf.grpc')),
    ...(tcp === undefined
      ? []
      : aboveZeroViolations(tcp.maxConnectAttempts ?? 0, 'conf.tcp.maxConnectAttempts')),
  ]
}

function httpViolations(http: Http, path: string): Violation[] {
  const { retriableStatusCodes = [], retriableMethods = [], retryOn = [] } = http
  const lacksCodes = retriableStatusCodes.length === 0
  return [
    ...emptyViolations(http, path),
    ...commonViolations(http, path),
    ...retriableMethods.flatMap((method, i) =>
      method === 'NONE' ? [violation(itemAt(fieldAt(path, 'retriableMethods'), i), EMPTY)] : [],
    ),
    ...retryOn.flatMap((condition, i) =>
      condition === 'retriable_status_codes' && lacksCodes
        ? [
            violation(
              itemAt(fieldAt(path, 'retryOn'), i),
              'retriableStatusCodes cannot be empty when this option is specified',
            ),
          ]
        : [],
    ),
  ]
}

function grpcViolations(grpc: Grpc, path: string): Violation[] {
  return [
    ...emptyViolations(grpc, path),
    ...repeatedViolations(grpc.retryOn ?? [], fieldAt(path, 'retryOn')),
    ...commonViolations(grpc, path),
  ]
}

/** An empty list is none. */
function emptyViolations(section: Http | Grpc, path: string): Violation[] {
  const isEmpty = Object.values(section).every(
    value => value === undefined || (Array.isArray(value) && value.length === 0),
  )
  return isEmpty ? [violation(path, EMPTY)] : []
}

function commonViolations({ numRetries, perTryTimeout, backOff }: Http | Grpc, path: string): Violation[] {
  return [
    ...whenDefinedViolations(numRetries, fieldAt(path, 'numRetries')),
    ...whenDefinedViolations(perTryTimeout, fieldAt(path, 'perTryTimeout')),
    ...(backOff === undefined ? [] : backOffViolations(backOff, fieldAt(path, 'backOff'))),
  ]
}

function backOffViolations(
  { baseInterval, maxInterval }: z.infer<typeof backOffSchema>,
  path: string,
): Violation[] {
  const field = fieldAt(path, 'baseInterval')
  return [
    ...(baseInterval === undefined
      ? [violation(field, 'has to be defined')]
      : aboveZeroViolations(baseInterval, field)),
    ...whenDefinedViolations(maxInterval, fieldAt(path, 'maxInterval')),
  ]
}

function repeatedViolations(values: readonly string[], field: string): Violation[] {
  return [...new Set(values)].sort().flatMap(value => {
    const indexes = values.flatMap((other, i) => (other === value ? [i] : []))
    if (indexes.length < 2) return []
    return [violation(field, `repeated value "${value}" at indexes [${indexes.join(', ')}]`)]
  })
}
