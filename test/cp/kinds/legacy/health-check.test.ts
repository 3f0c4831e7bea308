/** HealthCheck: four fields that must be there, one kind of probe, bytes and wrappers (kuma-api 4.10, 4.12). */
import t from 'tap'
import { nameByArgument } from '../../../../cp/kinds/names/kind-names.ts'
import { kindByPath } from '../../../../cp/kinds/registry.ts'
import { accepted, faults } from '../../../support/bodies.ts'
import { anyToAny, type FaultCase, OUTBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'HealthCheck'
const minimum = { interval: '10s', timeout: '2s', unhealthyThreshold: 3, healthyThreshold: 1 }
const conf = (fields: object): object => ({ ...anyToAny, conf: { ...minimum, ...fields } })

t.test('stores everything as protobuf shows it', async t => {
  const everything = {
    initialJitter: '5s',
    intervalJitter: '6s',
    intervalJitterPercent: 10,
    healthyPanicThreshold: 33.3,
    failTrafficOnPanic: true,
    noTrafficInterval: '10s',
    eventLogPath: '/tmp/health-check.log',
    alwaysLogHealthCheckFailures: true,
    reuseConnection: false,
    http: {
      path: '/health',
      requestHeadersToAdd: [
        { append: false, header: { key: 'Content-Type', value: 'application/json' } },
        { header: { key: 'Accept' } },
      ],
      expectedStatuses: [200, 201],
    },
  }
  t.same(storedSpec(TYPE, conf(everything)), conf(everything))
  const tcp = { tcp: { send: 'Zm9v', receive: ['YmFy', 'YmF6'] } }
  t.same(storedSpec(TYPE, conf(tcp)), conf(tcp))
})

t.test('keeps zeros of wrappers, drops other zeros, and takes both spellings', async t => {
  const cases = [
    [
      { healthyPanicThreshold: 0, failTrafficOnPanic: false },
      { healthyPanicThreshold: 0, failTrafficOnPanic: false },
    ],
    [{ intervalJitterPercent: 0, eventLogPath: '' }, {}],
    [{ tcp: {} }, { tcp: {} }],
    [{ tcp: { send: '', receive: [] } }, { tcp: { send: '' } }],
    [
      { unhealthy_threshold: '5', no_traffic_interval: '1m' },
      { unhealthyThreshold: 5, noTrafficInterval: '60s' },
    ],
    [
      {
        http: {
          path: '/',
          request_headers_to_add: [{ header: { key: 'a', value: '' } }],
          expected_statuses: ['204'],
        },
      },
      { http: { path: '/', requestHeadersToAdd: [{ header: { key: 'a' } }], expectedStatuses: [204] } },
    ],
  ] as const
  for (const [written, stored] of cases)
    t.same(storedSpec(TYPE, conf(written)), conf(stored), JSON.stringify(written))
})

t.test("answers mistakes in Kuma's words", async t => {
  const positive = 'must have a positive value'
  const required = ['interval', 'timeout', 'unhealthyThreshold', 'healthyThreshold']
  const cases: readonly FaultCase[] = [
    [anyToAny, ['conf: has to be defined']],
    [{ ...anyToAny, conf: {} }, required.map(field => `conf.${field}: ${positive}`)],
    [
      conf({ interval: '0s', timeout: '-1s', unhealthyThreshold: 0, healthyThreshold: 0 }),
      required.map(field => `conf.${field}: ${positive}`),
    ],
    [
      conf({ initialJitter: '0s', intervalJitter: '0s', noTrafficInterval: '0s' }),
      ['initialJitter', 'intervalJitter', 'noTrafficInterval'].map(field => `conf.${field}: ${positive}`),
    ],
    [conf({ healthyPanicThreshold: 101 }), ['conf.healthyPanicThreshold: must be in range [0.0 - 100.0]']],
    [conf({ healthyPanicThreshold: -1 }), ['conf.healthyPanicThreshold: must be in range [0.0 - 100.0]']],
    [
      conf({ tcp: {}, http: {} }),
      [
        'conf.http.path: has to be defined and cannot be empty',
        'conf: http and tcp cannot be defined at the same time',
      ],
    ],
    [
      conf({
        http: { path: '/', expectedStatuses: [99, 200, 600], requestHeadersToAdd: [{}, { header: {} }] },
      }),
      [
        'conf.http.expectedStatuses[0]: must be in range [100, 600)',
        'conf.http.expectedStatuses[2]: must be in range [100, 600)',
        'conf.http.requestHeadersToAdd[0].header: has to be defined',
        'conf.http.requestHeadersToAdd[1].header.key: cannot be empty',
      ],
    ],
    [
      conf({ tcp: { send: 'a', receive: ['YmFy', '?'] } }),
      [
        'conf.tcp.send: illegal base64 data at input byte 1',
        'conf.tcp.receive[1]: illegal base64 data at input byte 0',
      ],
    ],
    ...OUTBOUND_FAULTS.map(([fields, found]): FaultCase => [{ ...fields, conf: minimum }, found]),
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('kumactl names it without a dash, the API with one', async t => {
  for (const word of ['healthcheck', 'healthchecks', 'health-check'])
    t.equal(nameByArgument(word)?.type, TYPE)
  t.equal(kindByPath('health-checks')?.type, TYPE)
  t.equal(kindByPath('healthchecks'), undefined)
})

t.test('is enforced', async t => {
  t.same(accepted(TYPE, conf({})).unenforced, [])
})
