/**
 * MeshTimeout: how long connections, requests and silence may last (kuma-api 4.12). Outgoing calls by destination in
 * `to`, incoming ones in `rules` or, as older Kuma has it, `from`.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import { defineKind, type Unenforced, type Violation } from '../kind.ts'
import {
  ANY_CLIENT,
  ANY_DESTINATION_OR_ROUTE,
  ANY_PROXY_OR_ROUTE,
  type ConfPlace,
  fromField,
  policyViolations,
  policyWarnings,
  rulesField,
  toField,
  topTargetRef,
} from '../policy.ts'
import { unenforcedParts } from '../routing/unenforced-refs.ts'
import { optional } from '../schema/doc.ts'
import { destinationsOf, isRouteOrGateway } from './destinations.ts'
import { durationAboveZero, durationNotNegative } from './ranges.ts'

const UNIT = { unit: 'duration such as 1m30s', rule: '0s or longer; 0s: no limit' }

const httpSchema = z.object({
  requestTimeout: optional(
    goDuration,
    'How long a request may take, from its last byte to the last byte of the response.',
    {
      ...UNIT,
      default: '15s',
    },
  ),
  streamIdleTimeout: optional(goDuration, 'How long a request or stream may be without any data.', {
    ...UNIT,
    default: '30m',
  }),
  maxStreamDuration: optional(goDuration, 'How long a request or stream may live in all.', {
    ...UNIT,
    default: '0s',
  }),
  maxConnectionDuration: optional(
    goDuration,
    'How long a connection to the service, or to the application, takes new requests.',
    {
      ...UNIT,
      default: '0s',
    },
  ),
  requestHeadersTimeout: optional(
    goDuration,
    'How long the headers of a request of HTTP/1.1 may take to arrive.',
    {
      ...UNIT,
      default: '10s',
      rule: '0s or longer; 0s: as by default',
    },
  ),
})

const timeoutSchema = z.object({
  connectionTimeout: optional(goDuration, 'How long it may take to connect.', {
    unit: 'duration such as 1m30s',
    default: '5s',
    rule: 'longer than 0s',
  }),
  idleTimeout: optional(goDuration, 'How long a connection may be without data (TCP) or requests (HTTP).', {
    ...UNIT,
    default: '1h; HTTP: 1m, and 3s to applications and without mTLS',
    rule: '0s or longer; TCP: 0s is no limit; HTTP: 0s and longer times count as the default',
  }),
  http: optional(httpSchema, 'Timeouts of HTTP requests.', { rule: 'at least one timeout' }),
})

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY_OR_ROUTE.kinds.join(', ')),
  to: toField(timeoutSchema, ANY_DESTINATION_OR_ROUTE.kinds.join(', ')),
  from: fromField(timeoutSchema, 'Mesh'),
  rules: rulesField(timeoutSchema),
})

type Timeouts = z.infer<typeof timeoutSchema>
type Http = z.infer<typeof httpSchema>

export const meshTimeout = defineKind<z.infer<typeof policySchema>>({
  type: 'MeshTimeout',
  path: 'meshtimeouts',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mt',
  isPolicy: true,
  doc:
    'A MeshTimeout says how long connections and requests may take and how long they may be silent, for the data ' +
    'planes that it selects.',
  schema: policySchema,
  check: spec =>
    policyViolations<Timeouts>(spec, {
      top: ANY_PROXY_OR_ROUTE,
      to: top => destinationsOf(top),
      from: () => ANY_CLIENT,
      hasRules: true,
      refusal: (list, top) => (list === 'from' && isRouteOrGateway(top) ? 'must not be defined' : null),
      conf: confViolations,
    }),
  warnings: spec => policyWarnings(spec),
  unenforced: spec => [...unenforcedParts(policySchema, spec, true), ...unenforcedTimes(spec)],
})

/** Connections carry requests of all routes, and are there before anybody asks who the client is. */
function unenforcedTimes({ to = [], rules = [] }: z.infer<typeof policySchema>): Unenforced[] {
  const ofRoutes = to.flatMap(({ targetRef, default: conf }, i) =>
    targetRef.kind === 'MeshHTTPRoute'
      ? timesOfConnections(conf, itemAt('spec.to', i), 'it holds for connections, not for single routes')
      : [],
  )
  const ofClients = rules.flatMap(({ matches = [], default: conf }, i) =>
    matches.length > 0
      ? timesOfConnections(conf, itemAt('spec.rules', i), 'it holds for all clients: a rule without matches')
      : [],
  )
  return [...ofRoutes, ...ofClients]
}

function timesOfConnections(conf: Timeouts = {}, path: string, message: string): Unenforced[] {
  const { connectionTimeout, idleTimeout, http = {} } = conf
  const times = {
    connectionTimeout,
    idleTimeout,
    'http.maxConnectionDuration': http.maxConnectionDuration,
    'http.requestHeadersTimeout': http.requestHeadersTimeout,
  }
  return Object.entries(times).flatMap(([name, time]) =>
    time === undefined
      ? []
      : [{ field: fieldAt(fieldAt(path, 'default'), name), message, refusesTraffic: false }],
  )
}

function confViolations(conf: Timeouts = {}, path: string, place: ConfPlace): Violation[] {
  const { connectionTimeout, idleTimeout, http } = conf
  if (connectionTimeout === undefined && idleTimeout === undefined && http === undefined) {
    return [violation(path, 'at least one timeout should be configured')]
  }
  return [
    ...misplaced(conf, path, place),
    ...durationAboveZero(connectionTimeout, fieldAt(path, 'connectionTimeout')),
    ...durationNotNegative(idleTimeout, fieldAt(path, 'idleTimeout')),
    ...httpViolations(http, fieldAt(path, 'http')),
  ]
}

const HTTP_TIMEOUTS = [
  'requestTimeout',
  'streamIdleTimeout',
  'maxStreamDuration',
  'maxConnectionDuration',
  'requestHeadersTimeout',
] as const

function httpViolations(http: Http | undefined, path: string): Violation[] {
  if (http === undefined) return []
  const isEmpty = HTTP_TIMEOUTS.every(name => http[name] === undefined)
  return [
    ...(isEmpty ? [violation(path, 'at least one timeout in this section should be configured')] : []),
    ...HTTP_TIMEOUTS.flatMap(name => durationNotNegative(http[name], fieldAt(path, name))),
  ]
}

/** Timeouts of whole connections where only single requests are selected. */
function misplaced(conf: Timeouts, path: string, { top, matches }: ConfPlace): Violation[] {
  const isRoute = top.kind === 'MeshHTTPRoute'
  const isClient = matches.some(match => match.spiffeID !== undefined)
  const message = isRoute
    ? "can't be specified when top-level TargetRef is referencing MeshHTTPRoute"
    : "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity"
  if (!isRoute && !isClient) return []
  const { connectionTimeout, idleTimeout, http = {} } = conf
  const ofConnections = {
    connectionTimeout,
    idleTimeout,
    'http.requestHeadersTimeout': isClient ? http.requestHeadersTimeout : undefined,
    'http.maxStreamDuration': http.maxStreamDuration,
    'http.maxConnectionDuration': http.maxConnectionDuration,
  }
  return Object.entries(ofConnections).flatMap(([name, value]) =>
    value === undefined ? [] : [violation(fieldAt(path, name), message)],
  )
}
