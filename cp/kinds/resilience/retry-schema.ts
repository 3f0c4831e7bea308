/** The configuration of a MeshRetry: fields, units, defaults (kuma-api 4.12). Its rules are in `mesh-retry.ts`. */
import { z } from 'zod'
import { goDuration, tagsSchema } from '../fields.ts'
import { headerMatchSchema, headerName } from '../header-match.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { count, int32 } from './ranges.ts'

/** Conditions of Kuma besides status codes. */
const HTTP_CONDITIONS: ReadonlySet<string> = new Set([
  '5xx',
  'GatewayError',
  'Reset',
  'Retriable4xx',
  'ConnectFailure',
  'EnvoyRatelimited',
  'RefusedStream',
  'Http3PostConnectFailure',
  ...['Connect', 'Delete', 'Get', 'Head', 'Options', 'Patch', 'Post', 'Put', 'Trace'].map(
    method => `HttpMethod${method}`,
  ),
])

/** Those that Go has a text for. */
const STATUS_CODES: ReadonlySet<string> = new Set([
  ...codes(100, 103),
  ...codes(200, 208),
  '226',
  ...codes(300, 305),
  ...codes(307, 308),
  ...codes(400, 418),
  ...codes(421, 426),
  ...['428', '429', '431', '451'],
  ...codes(500, 508),
  ...codes(510, 511),
])

const DURATION = { unit: 'duration such as 1m30s' }

const backOffSchema = z.object({
  baseInterval: optional(goDuration, 'Pause before the first retry; it doubles, with a random part.', {
    ...DURATION,
    default: '25ms',
    rule: 'longer than 0s; below 1ms counts as 1ms',
  }),
  maxInterval: optional(goDuration, 'Longest pause.', { ...DURATION, default: '10 times baseInterval' }),
})

const rateLimitedSchema = z.object({
  resetHeaders: optional(
    z.array(
      z.object({
        name: required(headerName, 'Name of the header.', { rule: 'lower case' }),
        format: required(
          z.enum(['Seconds', 'UnixTimestamp']),
          'Seconds: how long to wait; UnixTimestamp: until when, in seconds.',
        ),
      }),
    ),
    'Headers of the response that say when to come back; the first that can be read counts.',
    { rule: 'must be defined' },
  ),
  maxInterval: optional(goDuration, 'Longest pause.', {
    ...DURATION,
    default: '5m',
    rule: 'longer than 0s',
  }),
})

const shared = {
  numRetries: optional(count, 'How often a call is made again.', { default: '1' }),
  perTryTimeout: optional(goDuration, 'How long one try may take; 0s: no limit of its own.', {
    ...DURATION,
    default: 'the timeout of the request',
  }),
  backOff: optional(backOffSchema, 'Pauses between tries.', {
    default: 'baseInterval 25ms',
    rule: 'at least one of its fields',
  }),
  rateLimitedBackOff: optional(
    rateLimitedSchema,
    'Pauses that the response asks for; without its headers backOff counts.',
    { default: 'none' },
  ),
}

const predicateSchema = z.object({
  predicate: required(
    z.enum(['OmitPreviousHosts', 'OmitHostsWithTags', 'OmitPreviousPriorities']),
    'Endpoints that are left out: tried ones, those with the tags, those of tried priorities.',
  ),
  tags: optional(tagsSchema, 'Tags of the endpoints to leave out.', { rule: 'with OmitHostsWithTags' }),
  updateFrequency: filled(
    int32.default(2),
    'After how many tries, each time, the priorities tried so far are left out.',
    { default: '2', rule: 'with OmitPreviousPriorities: more than 0' },
  ),
})

const httpSchema = z.object({
  ...shared,
  // the text of Kuma's documentation spells it 5XX
  retryOn: optional(
    z.array(z.string().transform(item => (item === '5XX' ? '5xx' : item))),
    'What is retried.',
    {
      default: 'GatewayError, ConnectFailure, RefusedStream',
      rule: `${[...HTTP_CONDITIONS].join(', ')}, or a status code`,
    },
  ),
  retriableResponseHeaders: optional(
    z.array(headerMatchSchema),
    'Responses with one of these headers are retried too.',
    { default: 'none' },
  ),
  retriableRequestHeaders: optional(
    z.array(headerMatchSchema),
    'Only requests with one of these headers are retried.',
    { default: 'all requests' },
  ),
  hostSelection: optional(
    z.array(predicateSchema),
    'Endpoints that a retry does not go to where there are others.',
    {
      default: 'OmitPreviousHosts, which always acts',
      rule: 'OmitPreviousPriorities at most once',
    },
  ),
  hostSelectionMaxAttempts: optional(
    z.int(),
    'How often another endpoint is looked for before the last one found is taken.',
    {
      default: '1',
      unenforced: { message: 'a retry goes to an endpoint that is not left out wherever there is one' },
    },
  ),
})

const grpcSchema = z.object({
  ...shared,
  retryOn: optional(
    z.array(z.enum(['Canceled', 'DeadlineExceeded', 'Internal', 'ResourceExhausted', 'Unavailable'])),
    'gRPC status of the responses that are retried.',
    {
      default:
        'Canceled, ResourceExhausted, Unavailable; and what HTTP calls GatewayError, ConnectFailure, RefusedStream, Reset',
    },
  ),
})

export const retrySchema = z.object({
  tcp: optional(
    z.object({
      maxConnectAttempt: optional(count, 'How often a connection is tried in all.', {
        rule: 'must be defined; more than 0',
      }),
    }),
    'TCP connections.',
  ),
  http: optional(httpSchema, 'HTTP requests.', { rule: 'not empty' }),
  grpc: optional(grpcSchema, 'gRPC requests.', { rule: 'not empty' }),
})

export type Retry = z.infer<typeof retrySchema>
export type HttpRetry = z.infer<typeof httpSchema>
export type GrpcRetry = z.infer<typeof grpcSchema>
export type RateLimitedBackOff = z.infer<typeof rateLimitedSchema>
export type Predicate = z.infer<typeof predicateSchema>

/** Of `http.retryOn`. */
export function isHttpCondition(item: string): boolean {
  return HTTP_CONDITIONS.has(item) || STATUS_CODES.has(item)
}

function codes(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i))
}
