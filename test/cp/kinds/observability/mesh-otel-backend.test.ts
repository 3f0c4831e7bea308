/** MeshOpenTelemetryBackend: what may be written and what is read back (kuma-api 4.12, 4.13). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshOpenTelemetryBackend'

t.test("refuses in Kuma's words", async t => {
  const endpoint = 'spec.endpoint'
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ endpoint: { address: '' } }, [`${endpoint}.address: must not be empty`]],
    [
      { endpoint: { address: 'http://otel:4317', port: 70_000 } },
      [
        `${endpoint}.address: address has to be a valid IP or hostname`,
        `${endpoint}.port: port must be a valid (1-65535)`,
      ],
    ],
    [{ endpoint: { port: 0 } }, [`${endpoint}.port: port must be a valid (1-65535)`]],
    [{ endpoint: { path: '/otlp' } }, [`${endpoint}.path: must not be set when protocol is grpc`]],
    [
      { protocol: 'grpc', endpoint: { path: '/otlp' } },
      [`${endpoint}.path: must not be set when protocol is grpc`],
    ],
    [
      { protocol: 'http', endpoint: { path: 'otlp?x#y' } },
      [`${endpoint}.path: must start with /`, `${endpoint}.path: must not contain query or fragment`],
    ],
    [{ protocol: 'udp' }, ['spec.protocol: in body should be one of [grpc http]']],
    [
      { env: { mode: 'Sometimes', precedence: 'Last', allowSignalOverrides: 'yes' } },
      [
        'spec.env.mode: in body should be one of [Disabled Optional Required]',
        'spec.env.precedence: in body should be one of [ExplicitFirst EnvFirst]',
        'spec.env.allowSignalOverrides: in body must be of type boolean: "string"',
      ],
    ],
  ]
  for (const [spec, expected] of cases) t.same(faults(TYPE, { spec }), expected, JSON.stringify(spec))
})

t.test('PUT adds who wins over the environment, and nothing else', async t => {
  const cases: readonly (readonly [object, object])[] = [
    [{}, {}],
    [{ env: {} }, { env: { mode: 'Optional', precedence: 'EnvFirst' } }],
    [{ endpoint: { address: 'otel.internal' } }, { endpoint: { address: 'otel.internal' } }],
    [
      { protocol: 'http', endpoint: { address: '10.0.0.1', port: 4318, path: '/otlp' } },
      { protocol: 'http', endpoint: { address: '10.0.0.1', port: 4318, path: '/otlp' } },
    ],
  ]
  for (const [written, stored] of cases) t.same(accepted(TYPE, { spec: written }).draft.spec, stored)
})
