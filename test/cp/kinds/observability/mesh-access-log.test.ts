/** MeshAccessLog: backends and their sections, formats, attributes (kuma-api 4.12). */
import t from 'tap'
import { accepted, kindNamed } from '../../../support/bodies.ts'
import {
  from,
  rules,
  type SpecCase,
  specFaults,
  storedSpec,
  to,
  warningsOf,
} from '../../../support/policies.ts'

const TYPE = 'MeshAccessLog'
const GATEWAY = { kind: 'MeshGateway', name: 'edge' }
const log = (...backends: readonly object[]): object => ({ backends })
const file = { type: 'File', file: { path: '/tmp/access.log' } }
const tcp = (address: string): object => ({ type: 'Tcp', tcp: { address } })
const json = (...pairs: readonly (readonly [string, string])[]): object => ({
  type: 'Json',
  json: pairs.map(([key, value]) => ({ key, value })),
})
const formatted = (format: object): object => log({ type: 'File', file: { path: '/tmp/a', format } })
const otel = (fields: object): object => ({ type: 'OpenTelemetry', openTelemetry: fields })

t.test('stores what was written, and omitEmptyValues in each format', async t => {
  const everything = (added: object): object =>
    from(
      log(
        {
          type: 'File',
          file: { path: '/tmp/a', format: { type: 'Plain', plain: '[%START_TIME%]', ...added } },
        },
        {
          type: 'Tcp',
          tcp: {
            address: '127.0.0.1:5000',
            format: { ...json(['start', '%START_TIME%']), omitEmptyValues: true },
          },
        },
        otel({
          endpoint: 'otel-collector:4317',
          attributes: [{ key: 'mesh.name_1', value: '%KUMA_MESH%' }],
          body: { kvlistValue: { values: [{ key: 'mesh', value: { stringValue: '' } }] } },
        }),
        otel({ backendRef: { kind: 'MeshOpenTelemetryBackend', labels: { a: 'b' } }, body: 'text' }),
      ),
    )
  t.same(storedSpec(TYPE, everything({})), everything({ omitEmptyValues: false }))
})

t.test('takes the tops, destinations and lists of the matrix, and an empty list of backends', async t => {
  const cases = [
    to(log()),
    from(log(file), GATEWAY),
    to(log(file), GATEWAY),
    to(log(file), { kind: 'Dataplane' }, { kind: 'MeshHTTPRoute', name: 'r' }),
    rules(log(file), undefined, [{ sni: { type: 'Exact', value: 'a.b' } }]),
    { ...from(log(file)), ...to(log(file)) },
    ...[
      'ab:1',
      'localhost:8080',
      '1.2.3.4:99',
      '1.2.3.4',
      '[::1]:80',
      'logs.example.com',
      'http://logs.com',
    ].map(address => to(log(tcp(address)))),
  ]
  for (const spec of cases) t.same(storedSpec(TYPE, spec), spec, JSON.stringify(spec))
})

t.test('a backend without type gets that of its only section', async t => {
  const sections = [
    ['File', { file: { path: '/tmp/a' } }],
    ['Tcp', { tcp: { address: '127.0.0.1:5000' } }],
    ['OpenTelemetry', { openTelemetry: { endpoint: 'otel:4317' } }],
  ] as const
  for (const [type, section] of sections) {
    t.same(storedSpec(TYPE, to(log(section))), to(log({ type, ...section })))
  }
})

t.test("answers mistakes in Kuma's words", async t => {
  const at = 'to[0].default.backends[0]'
  const address = `${at}.tcp.address: tcp backend requires valid address`
  const name = 'must start with a lowercase letter, use only lowercase letters'
  const cases: readonly SpecCase[] = [
    [{}, [": at least one of 'from', 'to' or 'rules' has to be defined"]],
    [to(undefined), ['to[0].default.backends: must be defined']],
    [from({}), ['from[0].default.backends: must be defined']],
    [to(log({})), [`${at}.type: in body is required`]],
    [to(log({ file: { path: '/a' }, tcp: { address: 'ab:1' } })), [`${at}.type: in body is required`]],
    [to(log({ type: 'Zork' })), [`${at}.type: in body should be one of [Tcp File OpenTelemetry]`]],
    [to(log({ type: 'File', tcp: { address: 'ab:1' } })), [`${at}.file: must be defined`]],
    [to(log({ type: 'OpenTelemetry' })), [`${at}.openTelemetry: must be defined`]],
    ...['a:1', 'not_valid_url', 'with space:80', '', 'host:port', `a${'-a'.repeat(1000)}!:80`].map(
      (text): SpecCase => [to(log(tcp(text))), [address]],
    ),
    [
      to(log({ type: 'File', file: { path: 'log' } })),
      [`${at}.file.path: file backend requires a valid path`],
    ],
    [to(formatted({ type: 'Plain' })), [`${at}.file.format.plain: must be defined`]],
    [to(formatted({ type: 'Plain', plain: '' })), [`${at}.file.format.plain: must not be empty`]],
    [to(formatted({ type: 'Json' })), [`${at}.file.format.json: must be defined`]],
    [to(formatted(json())), [`${at}.file.format.json: must not be empty`]],
    [
      to(formatted(json(['', ''], ['"', 'x']))),
      [
        `${at}.file.format.json[0].key: key cannot be empty`,
        `${at}.file.format.json[0].value: value cannot be empty`,
        `${at}.file.format.json[1]: is not a valid JSON object`,
      ],
    ],
    [
      to(log(otel({}))),
      [`${at}.openTelemetry: openTelemetry must have exactly one defined: endpoint, backendRef`],
    ],
    [
      to(log(otel({ endpoint: 'x:1', backendRef: { kind: 'MeshOpenTelemetryBackend', name: 'x' } }))),
      [`${at}.openTelemetry: openTelemetry must have only one type defined: endpoint, backendRef`],
    ],
    [
      to(log(otel({ endpoint: 'http://otel:4317' }))),
      [`${at}.openTelemetry.endpoint: must be in host:port format, not a URL`],
    ],
    [
      to(log(otel({ backendRef: { kind: 'MeshOpenTelemetryBackend' } }))),
      [`${at}.openTelemetry.backendRef: backendRef must have exactly one defined: name, labels`],
    ],
    [
      to(log(otel({ backendRef: { kind: 'MeshOpenTelemetryBackend', name: 'x', labels: { a: 'b' } } }))),
      [`${at}.openTelemetry.backendRef: backendRef must have only one type defined: name, labels`],
    ],
    [
      to(log(otel({ backendRef: { kind: 'MeshService', name: 'x' } }))),
      [`${at}.openTelemetry.backendRef.kind: in body should be one of [MeshOpenTelemetryBackend]`],
    ],
    [
      to(log(otel({ endpoint: 'x:1', attributes: ['', '%A%', 'otel.x'].map(key => ({ key, value: '' })) }))),
      [
        `${at}.openTelemetry.attributes[0].key: must be defined`,
        `${at}.openTelemetry.attributes[1].key: must be a static OpenTelemetry attribute name; placeholders are only supported in values`,
        `${at}.openTelemetry.attributes[2].key: must not use the reserved OpenTelemetry prefix 'otel.'`,
      ],
    ],
    [
      to(log(otel({ endpoint: 'x:1', attributes: [{ key: 'a..b', value: '' }] }))),
      [
        `${at}.openTelemetry.attributes[0].key: ${name}, digits, '.' or '_', avoid consecutive delimiters, and end with a letter or digit`,
      ],
    ],
    [
      to(log(file), GATEWAY, { kind: 'MeshService', name: 'web' }),
      ["to[0].targetRef.kind: value 'MeshService' is not supported"],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('warns of from and of collectors named in the policy', async t => {
  const deprecated =
    'openTelemetry.endpoint is deprecated, use openTelemetry.backendRef with a MeshOpenTelemetryBackend resource instead'
  const inline = otel({ endpoint: 'otel:4317' })
  t.same(warningsOf(TYPE, from(log(inline, inline))), [
    "'from' field is deprecated, use 'rules' instead",
    deprecated,
  ])
  t.same(warningsOf(TYPE, rules(log(inline))), [deprecated])
  t.same(warningsOf(TYPE, to(log(otel({ backendRef: { kind: 'MeshOpenTelemetryBackend', name: 'x' } })))), [])
})

t.test('unknown fields inside a backend are named', async t => {
  const body = { spec: to(log({ ...file, stream: true })) }
  t.same(accepted(TYPE, body).unknownFields, ['spec.to[0].default.backends[0].stream'])
  t.same(kindNamed(TYPE).emptyStatus, {})
})
