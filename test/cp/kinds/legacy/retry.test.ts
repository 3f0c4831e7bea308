/** Retry: sections by protocol, conditions by name or number, wrappers that keep 0 out (kuma-api 4.10, 4.12). */
import t from 'tap'
import { accepted, faults, read } from '../../../support/bodies.ts'
import { anyToAny, type FaultCase, OUTBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'Retry'
const conf = (fields: object): object => ({ ...anyToAny, conf: fields })

t.test("stores the default of Kuma 2.5's meshes", async t => {
  const backOff = { baseInterval: '25ms', maxInterval: '250ms' }
  const shown = { baseInterval: '0.025s', maxInterval: '0.250s' }
  const common = { numRetries: 5, perTryTimeout: '16s' }
  t.same(
    storedSpec(
      TYPE,
      conf({
        http: { ...common, backOff },
        tcp: { maxConnectAttempts: 5 },
        grpc: { ...common, backOff },
      }),
    ),
    conf({
      http: { ...common, backOff: shown },
      tcp: { maxConnectAttempts: 5 },
      grpc: { ...common, backOff: shown },
    }),
  )
})

t.test('takes numbers of enums, texts of numbers and snake case', async t => {
  const cases = [
    [
      { http: { retry_on: [0, 'reset', 9], retriable_methods: ['GET', 2], num_retries: '3' } },
      {
        http: {
          retryOn: ['all_5xx', 'reset', 'http3_post_connect_failure'],
          retriableMethods: ['GET', 'DELETE'],
          numRetries: 3,
        },
      },
    ],
    [
      { http: { retryOn: ['retriable_status_codes'], retriableStatusCodes: [500, '504'] } },
      { http: { retryOn: ['retriable_status_codes'], retriableStatusCodes: [500, 504] } },
    ],
    [
      {
        grpc: {
          retryOn: ['cancelled', 'deadline_exceeded', 'internal', 'resource_exhausted', 'unavailable'],
        },
      },
      {
        grpc: {
          retryOn: ['cancelled', 'deadline_exceeded', 'internal', 'resource_exhausted', 'unavailable'],
        },
      },
    ],
    [{ tcp: { max_connect_attempts: 1 } }, { tcp: { maxConnectAttempts: 1 } }],
    [{ http: { numRetries: 1, retryOn: [] } }, { http: { numRetries: 1 } }],
  ] as const
  for (const [written, stored] of cases) t.same(storedSpec(TYPE, conf(written)), conf(stored))
})

t.test("answers mistakes in Kuma's words", async t => {
  const above0 = 'has to be greater than 0 when defined'
  const cases: readonly FaultCase[] = [
    [anyToAny, ['conf: has to be defined']],
    [conf({}), ['conf: missing protocol [grpc|http|tcp] configuration']],
    [
      conf({ http: {}, grpc: { retryOn: [] }, tcp: {} }),
      [
        'conf.http: field cannot be empty',
        'conf.grpc: field cannot be empty',
        'conf.tcp.maxConnectAttempts: has to be greater than 0',
      ],
    ],
    [
      conf({ http: { numRetries: 0, perTryTimeout: '0s', backOff: {} } }),
      [
        `conf.http.numRetries: ${above0}`,
        `conf.http.perTryTimeout: ${above0}`,
        'conf.http.backOff.baseInterval: has to be defined',
      ],
    ],
    [
      conf({ grpc: { numRetries: 0, backOff: { baseInterval: '0s', maxInterval: '0s' } } }),
      [
        `conf.grpc.numRetries: ${above0}`,
        'conf.grpc.backOff.baseInterval: has to be greater than 0',
        `conf.grpc.backOff.maxInterval: ${above0}`,
      ],
    ],
    [
      conf({ http: { retriableMethods: ['GET', 'NONE'], retryOn: ['reset', 'retriable_status_codes'] } }),
      [
        'conf.http.retriableMethods[1]: field cannot be empty',
        'conf.http.retryOn[1]: retriableStatusCodes cannot be empty when this option is specified',
      ],
    ],
    [
      conf({ grpc: { retryOn: ['internal', 'cancelled', 'internal', 'cancelled', 'internal'] } }),
      [
        'conf.grpc.retryOn: repeated value "cancelled" at indexes [1, 3]',
        'conf.grpc.retryOn: repeated value "internal" at indexes [0, 2, 4]',
      ],
    ],
    [
      conf({ http: { numRetries: -1 }, tcp: { maxConnectAttempts: 4294967296 } }),
      ['http.numRetries', 'tcp.maxConnectAttempts'].map(
        field => `conf.${field}: must be a whole number from 0 to 4294967295`,
      ),
    ],
    ...OUTBOUND_FAULTS.map(
      ([fields, found]): FaultCase => [{ ...fields, conf: { tcp: { maxConnectAttempts: 1 } } }, found],
    ),
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test("an unknown condition is a fault of the parser, with Kuma's name of the enum", async t => {
  const cases = [
    [{ http: { retryOn: ['5xx'] } }, '5xx', 'HttpRetryOn'],
    [{ http: { retriableMethods: ['get'] } }, 'get', 'HttpMethod'],
    [{ grpc: { retryOn: ['unknown'] } }, 'unknown', 'Retry.Conf.Grpc.RetryOn'],
  ] as const
  for (const [fields, value, name] of cases) {
    const text = `unknown value ${JSON.stringify(JSON.stringify(value))} for enum kuma.mesh.v1alpha1.${name}`
    t.match(read(TYPE, conf(fields)), {
      title: 'Bad Request',
      detail: `invalid Retry object: ${JSON.stringify(text)}`,
    })
  }
})

t.test('is enforced', async t => {
  t.same(accepted(TYPE, conf({ tcp: { maxConnectAttempts: 1 } })).unenforced, [])
})
