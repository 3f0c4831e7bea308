/** MeshTrace: one backend at most, its defaults, tags and shares (kuma-api 4.12). */
import t from 'tap'
import { kindNamed } from '../../../support/bodies.ts'
import { type SpecCase, specFaults, storedSpec, warningsOf } from '../../../support/policies.ts'

const TYPE = 'MeshTrace'
const trace = (fields: object, targetRef?: object): object => ({
  ...(targetRef === undefined ? {} : { targetRef }),
  default: fields,
})
const backend = (type: string, fields: object): object => {
  const section = type === 'OpenTelemetry' ? 'openTelemetry' : type.toLowerCase()
  return trace({ backends: [{ type, [section]: fields }] })
}
const ZIPKIN = 'http://jaeger-collector.mesh-observability:9411/api/v2/spans'
const zipkinDefaults = { traceId128bit: false, apiVersion: 'httpJson', sharedSpanContext: true }

t.test('stores what was written, and the defaults of Zipkin', async t => {
  t.same(
    storedSpec(TYPE, backend('Zipkin', { url: ZIPKIN })),
    backend('Zipkin', { url: ZIPKIN, ...zipkinDefaults }),
  )
  const cases = [
    backend('Zipkin', {
      url: ZIPKIN,
      traceId128bit: true,
      apiVersion: 'httpProto',
      sharedSpanContext: false,
    }),
    backend('Datadog', { url: 'http://127.0.0.1:8126' }),
    backend('Datadog', { url: 'http://datadog.example.com:80', splitService: true }),
    backend('OpenTelemetry', { endpoint: 'otel-collector:4317' }),
    backend('OpenTelemetry', { backendRef: { kind: 'MeshOpenTelemetryBackend', labels: { a: 'b' } } }),
    trace({ backends: [] }),
    trace(
      {
        backends: [],
        sampling: { overall: 80, random: '60.5', client: 0 },
        tags: [
          { name: 'team', literal: 'core' },
          { name: 'env', header: { name: 'x-env', default: 'prod' } },
          { name: 'version', header: { name: 'x-version' } },
        ],
      },
      { kind: 'MeshGateway', name: 'edge' },
    ),
  ]
  for (const spec of cases) t.same(storedSpec(TYPE, spec), spec, JSON.stringify(spec))
  t.same(kindNamed(TYPE).emptyStatus, {})
})

t.test('a backend without type gets that of its only section', async t => {
  t.same(
    storedSpec(TYPE, trace({ backends: [{ datadog: { url: 'http://a.b:1' } }] })),
    backend('Datadog', { url: 'http://a.b:1' }),
  )
})

t.test("answers mistakes in Kuma's words", async t => {
  const at = 'default.backends[0]'
  const url = `${at}.datadog.url`
  const cases: readonly SpecCase[] = [
    [{}, ['default.backends: must be defined']],
    [trace({}), ['default.backends: must be defined']],
    [
      trace({ backends: [{ zipkin: { url: ZIPKIN } }, { zipkin: { url: ZIPKIN } }] }),
      ['default.backends: must have zero or one backend defined'],
    ],
    [trace({ backends: [{}] }), [`${at}.type: in body is required`]],
    [
      trace({ backends: [{ type: 'Zork' }] }),
      [`${at}.type: in body should be one of [Zipkin Datadog OpenTelemetry]`],
    ],
    [trace({ backends: [{ type: 'Zipkin' }] }), [`${at}.zipkin: must be defined`]],
    [backend('Zipkin', {}), [`${at}.zipkin.url: in body is required`]],
    [backend('Zipkin', { url: '' }), [`${at}.zipkin.url: must not be empty`]],
    [backend('Zipkin', { url: 'not_valid_url' }), [`${at}.zipkin.url: must be a valid url`]],
    [
      backend('Zipkin', { url: ZIPKIN, apiVersion: 'v2' }),
      [`${at}.zipkin.apiVersion: in body should be one of [httpJson httpProto]`],
    ],
    [backend('Datadog', { url: 'agent' }), [`${url}: must be a valid url`]],
    [
      backend('Datadog', { url: 'https://127.0.0.1' }),
      [`${url}: scheme must be http`, `${url}: port must be defined`],
    ],
    [backend('Datadog', { url: 'http://127.0.0.1:65536' }), [`${url}: port must be a valid (1-65535)`]],
    [
      backend('Datadog', { url: 'http://me@127.0.0.1:1/a?b#c' }),
      ['user', 'path', 'query', 'fragment'].map(part => `${url}: ${part} must not be defined`),
    ],
    [
      backend('OpenTelemetry', {}),
      [`${at}.openTelemetry: openTelemetry must have exactly one defined: endpoint, backendRef`],
    ],
    [
      backend('OpenTelemetry', { endpoint: 'http://otel:4317' }),
      [`${at}.openTelemetry.endpoint: must be in host:port format, not a URL`],
    ],
    [
      trace({
        backends: [],
        tags: [{ name: '', literal: 'x' }, { name: 'a' }, { name: 'b', literal: 'x', header: { name: 'y' } }],
        sampling: { overall: 101, client: '-0.1', random: 'some' },
      }),
      [
        'default.tags[0].name: must not be empty',
        'default.tags[1]: tag must have only one type defined: header, literal',
        'default.tags[2]: tag must have only one type defined: header, literal',
        'default.sampling.client: must be between 0 and 100',
        'default.sampling.random: string is not a number',
        'default.sampling.overall: must be between 0 and 100',
      ],
    ],
    [
      trace({ backends: [] }, { kind: 'MeshGateway', name: 'edge', tags: { a: 'b' } }),
      ['targetRef.tags: must not be set with kind MeshGateway'],
    ],
    [
      trace({ backends: [] }, { kind: 'Dataplane', sectionName: 'main' }),
      ['targetRef.sectionName: can only be used with inbound policies'],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('warns of a deprecated top only', async t => {
  t.same(warningsOf(TYPE, backend('OpenTelemetry', { endpoint: 'otel:4317' })), [])
  t.match(warningsOf(TYPE, trace({ backends: [] }, { kind: 'MeshSubset' })), [/MeshSubset .* is deprecated/])
})
