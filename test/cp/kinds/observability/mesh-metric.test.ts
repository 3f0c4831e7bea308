/** MeshMetric: defaults that are stored, selections of metrics, collectors (kuma-api 4.12). */
import t from 'tap'
import { kindNamed } from '../../../support/bodies.ts'
import { type SpecCase, specFaults, storedSpec, warningsOf } from '../../../support/policies.ts'

const TYPE = 'MeshMetric'
const metric = (fields: object, targetRef?: object): object => ({
  ...(targetRef === undefined ? {} : { targetRef }),
  default: fields,
})
const prometheus = (fields: object): object =>
  metric({ backends: [{ type: 'Prometheus', prometheus: fields }] })
const otel = (fields: object): object =>
  metric({ backends: [{ type: 'OpenTelemetry', openTelemetry: fields }] })

t.test('stores the defaults of Prometheus and of applications, and no others', async t => {
  const cases = [
    [prometheus({}), prometheus({ port: 5670, path: '/metrics' })],
    [prometheus({ tls: {} }), prometheus({ port: 5670, path: '/metrics', tls: { mode: 'Disabled' } })],
    [metric({ applications: [{ port: 80 }] }), metric({ applications: [{ port: 80, path: '/metrics' }] })],
    [metric({ sidecar: {} }), metric({ sidecar: {} })],
    [otel({ endpoint: 'otel:4317' }), otel({ endpoint: 'otel:4317' })],
    [
      otel({ endpoint: 'otel:4317', refreshInterval: '90s' }),
      otel({ endpoint: 'otel:4317', refreshInterval: '1m30s' }),
    ],
    [{}, {}],
  ] as const
  for (const [written, stored] of cases) t.same(storedSpec(TYPE, written), stored, JSON.stringify(written))
})

t.test('stores what was written', async t => {
  const spec = metric(
    {
      sidecar: {
        profiles: {
          appendProfiles: [{ name: 'All' }, { name: 'Basic' }, { name: 'None' }],
          exclude: [
            { type: 'Regex', match: 'my_match.*' },
            { type: 'Exact', match: 'x' },
          ],
          include: [
            { type: 'Prefix', match: 'my_' },
            { type: 'Contains', match: '(' },
          ],
        },
        includeUnused: true,
      },
      applications: [{ name: 'backend', path: '/', address: '127.0.0.1', port: 8888 }],
      backends: [
        {
          type: 'Prometheus',
          prometheus: { clientId: 'main', port: 5671, path: '/m', tls: { mode: 'ProvidedTLS' } },
        },
        {
          type: 'OpenTelemetry',
          openTelemetry: { backendRef: { kind: 'MeshOpenTelemetryBackend', labels: { a: 'b' } } },
        },
      ],
    },
    { kind: 'MeshGateway', name: 'edge', tags: { port: '80' } },
  )
  t.same(storedSpec(TYPE, spec), spec)
  t.same(kindNamed(TYPE).emptyStatus, {})
})

t.test("answers mistakes in Kuma's words, odd paths included", async t => {
  const at = 'default.backends.backend[0]'
  const port = 'port must be a valid (1-65535)'
  const select = (list: string, type: string, match: string): object =>
    metric({ sidecar: { profiles: { [list]: [{ type, match }] } } })
  const cases: readonly SpecCase[] = [
    [metric({ backends: [{ type: 'Prometheus' }] }), [`${at}.prometheus: must be defined`]],
    [
      metric({ backends: [{ type: 'OpenTelemetry', prometheus: {} }] }),
      [`${at}.openTelemetry: must be defined`],
    ],
    [metric({ backends: [{ prometheus: {} }] }), ['default.backends[0].type: in body is required']],
    [prometheus({ port: 95_599 }), [`${at}.port: ${port}`]],
    [
      prometheus({ tls: { mode: 'On' } }),
      [
        'default.backends[0].prometheus.tls.mode: in body should be one of [Disabled ProvidedTLS ActiveMTLSBackend]',
      ],
    ],
    [metric({ applications: [{ port: 80 }, { port: 0 }] }), [`default.applications.application[1]: ${port}`]],
    [metric({ applications: [{}] }), ['default.applications[0].port: in body is required']],
    [select('exclude', 'Regex', '())(!('), ['default.sidecar.profiles.exclude[0].match: invalid regex']],
    [select('include', 'Regex', '(?=x)'), ['default.sidecar.profiles.include[0].match: invalid regex']],
    [
      select('include', 'prefix', 'x'),
      [
        'default.sidecar.profiles.include[0].type: in body should be one of [Prefix Regex Exact Contains]; did you mean Prefix?',
      ],
    ],
    [
      metric({ sidecar: { profiles: { appendProfiles: [{ name: 'all' }] } } }),
      [
        'default.sidecar.profiles.appendProfiles[0].name: in body should be one of [All Basic None]; did you mean All?',
      ],
    ],
    [otel({ endpoint: 'asdasd123' }), [`${at}.openTelemetry.endpoint: must be a valid url`]],
    [
      otel({ endpoint: 'http://otel:4317' }),
      [`${at}.openTelemetry.endpoint: must be in host:port format, not a URL`],
    ],
    [
      otel({ refreshInterval: '1s' }),
      [`${at}.openTelemetry: openTelemetry must have exactly one defined: endpoint, backendRef`],
    ],
    [
      metric({}, { kind: 'MeshHTTPRoute', name: 'r' }),
      ["targetRef.kind: value 'MeshHTTPRoute' is not supported"],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})

t.test('warns of a collector named in the policy', async t => {
  t.same(warningsOf(TYPE, otel({ endpoint: 'otel:4317' })), [
    'openTelemetry.endpoint is deprecated, use openTelemetry.backendRef with a MeshOpenTelemetryBackend resource instead',
  ])
  t.same(warningsOf(TYPE, prometheus({})), [])
})
