/** MeshHealthCheck: ranges, base64, at least one probe (kuma-api 4.12). */
import t from 'tap'
import { type SpecCase, specFaults, storedSpec, to } from '../../../support/policies.ts'

const TYPE = 'MeshHealthCheck'

t.test('stores what was written, with durations as Go prints them', async t => {
  const everything = (interval: string): object =>
    to({
      interval,
      unhealthyInterval: interval,
      timeout: '2s',
      unhealthyThreshold: 3,
      healthyThreshold: 1,
      initialJitter: '5s',
      intervalJitter: '6s',
      intervalJitterPercent: 10,
      healthyPanicThreshold: 60,
      failTrafficOnPanic: true,
      noTrafficInterval: '10s',
      eventLogPath: '/tmp/health-check.log',
      alwaysLogHealthCheckFailures: true,
      reuseConnection: false,
      tcp: { disabled: true, send: 'Zm9v', receive: ['YmFy', 'YmF6'] },
      http: {
        disabled: false,
        path: '/health',
        expectedStatuses: [200, 201],
        requestHeadersToAdd: {
          set: [{ name: 'x-some-header', value: 'value' }],
          add: [{ name: 'x-other', value: '' }],
        },
      },
      grpc: { disabled: true, serviceName: 'x', authority: 'y' },
    })
  t.same(storedSpec(TYPE, everything('60s')), everything('1m0s'))
  for (const spec of [{}, to({ http: {} }), to({ tcp: {} }, { kind: 'MeshGateway', name: 'g' })]) {
    t.same(storedSpec(TYPE, spec), spec, 'accepted although one might not expect it')
  }
})

t.test("answers mistakes in Kuma's words", async t => {
  const conf = 'to[0].default'
  const zero = 'must be greater than zero when defined'
  const cases: readonly SpecCase[] = [
    [to({}), [`${conf}: must have at least one defined: http, tcp, grpc`]],
    [to(undefined), [`${conf}: must have at least one defined: http, tcp, grpc`]],
    [
      to({
        interval: '0s',
        timeout: '-1s',
        unhealthyThreshold: 0,
        healthyThreshold: -1,
        initialJitter: '0s',
        intervalJitter: '0s',
        noTrafficInterval: '0s',
        intervalJitterPercent: 101,
        healthyPanicThreshold: 'most',
        eventLogPath: 'log',
        tcp: {},
      }),
      [
        ...['interval', 'timeout', 'initialJitter', 'intervalJitter', 'noTrafficInterval'],
        ...['unhealthyThreshold', 'healthyThreshold'],
      ]
        .map(name => `${conf}.${name}: ${zero}`)
        .concat([
          `${conf}.intervalJitterPercent: must be in inclusive range [0, 100]`,
          `${conf}.healthyPanicThreshold: string must be a valid number`,
          `${conf}.eventLogPath: must be a valid path when defined`,
        ]),
    ],
    [
      to({ http: { path: '', expectedStatuses: [200, 99, 600] } }),
      [
        `${conf}.http.path: must be defined`,
        `${conf}.http.expectedStatuses[1]: must be in inclusive range [100, 599]`,
        `${conf}.http.expectedStatuses[2]: must be in inclusive range [100, 599]`,
      ],
    ],
    [
      to({ http: { requestHeadersToAdd: {} } }),
      [`${conf}.http.requestHeadersToAdd: must have at least one defined: set, add`],
    ],
    [to({ tcp: { send: 'Zm9' } }), [`${conf}.tcp.send: illegal base64 data at input byte 3`]],
    [
      to({ tcp: {} }, { kind: 'MeshHTTPRoute', name: 'r' }),
      ["targetRef.kind: value 'MeshHTTPRoute' is not supported"],
    ],
  ]
  for (const [spec, expected] of cases) t.same(specFaults(TYPE, spec), expected, JSON.stringify(spec))
})
