/** MeshRetry: conditions, pauses, host selection; messages with a `conf` that no document has (kuma-api 4.12). */
import t from 'tap'
import { type SpecCase, specFaults, storedSpec, to, warningsOf } from '../../../support/policies.ts'

const TYPE = 'MeshRetry'
const GATEWAY = { kind: 'MeshGateway', name: 'edge' }
const tcp = { tcp: { maxConnectAttempt: 5 } }
const http = (fields: object): object => to({ http: fields })
const select = (...hostSelection: readonly object[]): object => http({ hostSelection })

t.test('stores what was written, with durations as Go prints them', async t => {
  const everything = (interval: string, conditions: readonly string[]): object =>
    to({
      ...tcp,
      http: {
        numRetries: 0,
        perTryTimeout: '16s',
        backOff: { baseInterval: '25ms', maxInterval: interval },
        rateLimitedBackOff: {
          resetHeaders: [
            { name: 'retry-after', format: 'Seconds' },
            { name: 'x-ratelimit-reset', format: 'UnixTimestamp' },
          ],
          maxInterval: interval,
        },
        retryOn: conditions,
        retriableResponseHeaders: [{ type: 'Present', name: 'x-retry' }],
        retriableRequestHeaders: [{ type: 'Exact', name: 'x-idempotent', value: 'true' }],
        hostSelection: [
          { predicate: 'OmitPreviousHosts', updateFrequency: 2 },
          { predicate: 'OmitHostsWithTags', tags: { old: 'yes' }, updateFrequency: 2 },
          { predicate: 'OmitPreviousPriorities', updateFrequency: 5 },
        ],
        hostSelectionMaxAttempts: 3,
      },
      grpc: {
        numRetries: 3,
        retryOn: ['Canceled', 'DeadlineExceeded', 'Internal', 'ResourceExhausted', 'Unavailable'],
      },
    })
  const conditions = [
    '5xx',
    'GatewayError',
    'Reset',
    'Retriable4xx',
    'EnvoyRatelimited',
    'HttpMethodGet',
    '503',
    '418',
  ]
  t.same(
    storedSpec(TYPE, everything('90s', ['5XX', ...conditions.slice(1)])),
    everything('1m30s', conditions),
  )
})

t.test('a predicate without a frequency gets that of the schema', async t => {
  t.same(
    storedSpec(TYPE, select({ predicate: 'OmitPreviousPriorities' })),
    select({ predicate: 'OmitPreviousPriorities', updateFrequency: 2 }),
  )
})

t.test('takes the tops and destinations of the matrix, and no item at all', async t => {
  const cases = [
    {},
    { targetRef: { kind: 'Mesh' }, to: [] },
    to(tcp, { kind: 'MeshHTTPRoute', name: 'r' }),
    to(tcp, GATEWAY, { kind: 'MeshExternalService', name: 'x' }),
    to(tcp, undefined, { kind: 'MeshHTTPRoute', labels: { a: 'b' } }),
    to(tcp, { kind: 'Dataplane' }, { kind: 'MeshMultiZoneService', name: 'x' }),
  ]
  for (const spec of cases) t.same(storedSpec(TYPE, spec), spec, JSON.stringify(spec))
})

t.test("answers mistakes in Kuma's words", async t => {
  const conf = 'to[0].default.conf'
  const empty = 'must not be empty'
  const cases: readonly SpecCase[] = [
    [to({}), [`${conf}: at least one of the 'tcp', 'http', 'grpc' must be specified`]],
    [to(undefined), [`${conf}: at least one of the 'tcp', 'http', 'grpc' must be specified`]],
    [
      to({ tcp: {}, http: {}, grpc: {} }),
      [`${conf}.tcp: ${empty}`, `${conf}.http: ${empty}`, `${conf}.grpc: ${empty}`],
    ],
    [to({ tcp: { maxConnectAttempt: 0 } }), [`${conf}.tcp.maxConnectAttempt: must be greater than 0`]],
    [
      http({ retryOn: ['6XX', '5xx', '999', '306', 'gatewayerror'] }),
      [
        `${conf}.http.retryOn[0]: unknown item '6XX'`,
        `${conf}.http.retryOn[2]: unknown item '999'`,
        `${conf}.http.retryOn[3]: unknown item '306'`,
        `${conf}.http.retryOn[4]: unknown item 'gatewayerror'`,
      ],
    ],
    [http({ backOff: {} }), [`${conf}.http.backOff: ${empty}`]],
    [
      to({ grpc: { rateLimitedBackOff: { maxInterval: '0s' } } }),
      [
        `${conf}.grpc.rateLimitedBackOff.maxInterval: must be defined and greater than zero`,
        `${conf}.grpc.rateLimitedBackOff.resetHeaders: must be defined`,
      ],
    ],
    [
      select(
        { predicate: 'OmitHostsWithTags' },
        { predicate: 'OmitPreviousPriorities', updateFrequency: 0 },
        { predicate: 'OmitPreviousPriorities' },
      ),
      [
        `${conf}.http.hostSelection[0].tags: must be defined`,
        `${conf}.http.hostSelection[1].updateFrequency: must be defined and greater than zero`,
        `${conf}.http.hostSelection[2].predicate: OmitPreviousPriorities must only be specified once`,
      ],
    ],
    [
      to({ grpc: { retryOn: ['Zork'] } }),
      [
        'to[0].default.grpc.retryOn[0]: in body should be one of [Canceled DeadlineExceeded Internal ResourceExhausted Unavailable]',
      ],
    ],
    [
      http({ rateLimitedBackOff: { resetHeaders: [{ name: 'Retry-After' }] } }),
      [
        "to[0].default.http.rateLimitedBackOff.resetHeaders[0].name: in body should match '^[a-z0-9!#$%&'*+\\-.^_\\x60|~]+$'",
        'to[0].default.http.rateLimitedBackOff.resetHeaders[0].format: in body is required',
      ],
    ],
    [
      http({ numRetries: -1 }),
      ['to[0].default.http.numRetries: in body should be greater than or equal to 0'],
    ],
    [
      to(tcp, GATEWAY, { kind: 'MeshService', name: 'web' }),
      ["to[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('warns of a deprecated top only', async t => {
  t.same(warningsOf(TYPE, to(tcp)), [])
  t.match(warningsOf(TYPE, to(tcp, { kind: 'MeshSubset' })), [/MeshSubset .* is deprecated/])
})
