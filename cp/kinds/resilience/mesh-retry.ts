/**
 * MeshRetry: which failed calls are made again, how often and after what pause (kuma-api 4.12). Kuma's messages name a
 * `conf` between `default` and the protocol that no document has.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { headerMatchesViolations } from '../header-match.ts'
import { defineKind, type Violation } from '../kind.ts'
import {
  ANY_DESTINATION_OR_ROUTE,
  ANY_PROXY_OR_ROUTE,
  policyViolations,
  policyWarnings,
  toField,
  topTargetRef,
} from '../policy.ts'
import { unenforcedParts } from '../routing/unenforced-refs.ts'
import { destinationsOf } from './destinations.ts'
import { durationAboveZero } from './ranges.ts'
import {
  type GrpcRetry,
  type HttpRetry,
  isHttpCondition,
  type Predicate,
  type RateLimitedBackOff,
  type Retry,
  retrySchema,
} from './retry-schema.ts'

const policySchema = z.object({
  targetRef: topTargetRef(ANY_PROXY_OR_ROUTE.kinds.join(', ')),
  to: toField(retrySchema, ANY_DESTINATION_OR_ROUTE.kinds.join(', ')),
})

export const meshRetry = defineKind<z.infer<typeof policySchema>>({
  type: 'MeshRetry',
  path: 'meshretries',
  plural: 'meshretries',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mr',
  isPolicy: true,
  doc: 'A MeshRetry says which failed calls the data planes that it selects make again, how often, and after what pause.',
  schema: policySchema,
  check: spec =>
    policyViolations<Retry>(spec, {
      top: ANY_PROXY_OR_ROUTE,
      to: destinationsOf,
      mayBeEmpty: true,
      conf: (conf, path) => confViolations(conf, fieldAt(path, 'conf')),
    }),
  warnings: spec => policyWarnings(spec),
  unenforced: spec => unenforcedParts(policySchema, spec, true),
})

function confViolations({ tcp, http, grpc }: Retry = {}, path: string): Violation[] {
  if (tcp === undefined && http === undefined && grpc === undefined) {
    return [violation(path, "at least one of the 'tcp', 'http', 'grpc' must be specified")]
  }
  return [
    ...(tcp === undefined ? [] : attemptViolations(tcp.maxConnectAttempt, fieldAt(path, 'tcp'))),
    ...(http === undefined ? [] : httpViolations(http, fieldAt(path, 'http'))),
    ...(grpc === undefined ? [] : protocolViolations(grpc, fieldAt(path, 'grpc'))),
  ]
}

function attemptViolations(attempts: number | undefined, path: string): Violation[] {
  if (attempts === undefined) return [violation(path, 'must not be empty')]
  return attempts > 0 ? [] : [violation(fieldAt(path, 'maxConnectAttempt'), 'must be greater than 0')]
}

function httpViolations(http: HttpRetry, path: string): Violation[] {
  const { retryOn = [], hostSelection = [] } = http
  const responses = fieldAt(path, 'retriableResponseHeaders')
  const requests = fieldAt(path, 'retriableRequestHeaders')
  return [
    ...protocolViolations(http, path),
    ...retryOn.flatMap((item, i) =>
      isHttpCondition(item) ? [] : [violation(itemAt(fieldAt(path, 'retryOn'), i), `unknown item '${item}'`)],
    ),
    ...headerMatchesViolations(http.retriableResponseHeaders, responses),
    ...headerMatchesViolations(http.retriableRequestHeaders, requests),
    ...hostViolations(hostSelection, fieldAt(path, 'hostSelection')),
  ]
}

/** What HTTP and gRPC have in common. */
function protocolViolations(conf: HttpRetry | GrpcRetry, path: string): Violation[] {
  if (Object.values(conf).every(value => value === undefined)) return [violation(path, 'must not be empty')]
  const { backOff, rateLimitedBackOff } = conf
  const hasNoInterval = backOff?.baseInterval === undefined && backOff?.maxInterval === undefined
  return [
    ...(backOff !== undefined && hasNoInterval
      ? [violation(fieldAt(path, 'backOff'), 'must not be empty')]
      : []),
    ...(rateLimitedBackOff === undefined
      ? []
      : limitedViolations(rateLimitedBackOff, fieldAt(path, 'rateLimitedBackOff'))),
  ]
}

function limitedViolations({ maxInterval, resetHeaders }: RateLimitedBackOff, path: string): Violation[] {
  const field = fieldAt(path, 'maxInterval')
  const tooShort = durationAboveZero(maxInterval, field).length > 0
  return [
    ...(tooShort ? [violation(field, 'must be defined and greater than zero')] : []),
    ...(resetHeaders === undefined ? [violation(fieldAt(path, 'resetHeaders'), 'must be defined')] : []),
  ]
}

function hostViolations(predicates: readonly Predicate[], path: string): Violation[] {
  const first = predicates.findIndex(({ predicate }) => predicate === 'OmitPreviousPriorities')
  return predicates.flatMap(({ predicate, tags, updateFrequency }, i) => {
    const item = itemAt(path, i)
    if (predicate === 'OmitHostsWithTags') {
      return tags === undefined ? [violation(fieldAt(item, 'tags'), 'must be defined')] : []
    }
    if (predicate !== 'OmitPreviousPriorities') return []
    return [
      ...(i > first
        ? [violation(fieldAt(item, 'predicate'), `${predicate} must only be specified once`)]
        : []),
      ...(updateFrequency > 0
        ? []
        : [violation(fieldAt(item, 'updateFrequency'), 'must be defined and greater than zero')]),
    ]
  })
}
