/** Timeout: durations as they are written and as they are shown, sections that must not be empty (kuma-api 4.10). */
import t from 'tap'
import { accepted, faults, read } from '../../../support/bodies.ts'
import { anyToAny, type FaultCase, OUTBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'Timeout'
const conf = (fields: object): object => ({ ...anyToAny, conf: fields })

t.test('takes Go durations and shows them as protobuf does', async t => {
  const cases = [
    [
      // the default of Kuma 2.5's meshes
      {
        connectTimeout: '5s',
        tcp: { idleTimeout: '1h' },
        http: { requestTimeout: '15s', idleTimeout: '1h', streamIdleTimeout: '30m' },
      },
      {
        connectTimeout: '5s',
        tcp: { idleTimeout: '3600s' },
        http: { requestTimeout: '15s', idleTimeout: '3600s', streamIdleTimeout: '1800s' },
      },
    ],
    [
      { connect_timeout: '500ms', http: { request_timeout: '1m30s', max_stream_duration: '0s' } },
      { connectTimeout: '0.500s', http: { requestTimeout: '90s', maxStreamDuration: '0s' } },
    ],
    [
      { grpc: { streamIdleTimeout: '25ms', maxStreamDuration: '1us' } },
      { grpc: { streamIdleTimeout: '0.025s', maxStreamDuration: '0.000001s' } },
    ],
    [{}, {}],
    [{ connectTimeout: '-1s' }, { connectTimeout: '-1s' }],
  ] as const
  for (const [written, stored] of cases) t.same(storedSpec(TYPE, conf(written)), conf(stored))
})

t.test("answers mistakes in Kuma's words", async t => {
  const empty = 'at least one timeout in section has to be defined'
  const above0 = 'has to be greater than 0 when defined'
  const cases: readonly FaultCase[] = [
    [anyToAny, ['conf: has to be defined']],
    [
      conf({ tcp: {}, http: { streamIdleTimeout: '1s' }, grpc: {} }),
      [`conf.tcp: ${empty}`, `conf.http: ${empty}`, `conf.grpc: ${empty}`],
    ],
    [
      conf({ tcp: { idleTimeout: '0s' }, http: { requestTimeout: '0s', idleTimeout: '-1s' } }),
      [
        'conf.tcp.idleTimeout: has to be greater than 0',
        `conf.http.requestTimeout: ${above0}`,
        `conf.http.idleTimeout: ${above0}`,
      ],
    ],
    [
      conf({ grpc: { streamIdleTimeout: '0', maxStreamDuration: '0h' } }),
      [`conf.grpc.streamIdleTimeout: ${above0}`, `conf.grpc.maxStreamDuration: ${above0}`],
    ],
    [conf({ connectTimeout: '1d' }), ['conf.connectTimeout: time: unknown unit "d" in duration "1d"']],
    [conf({ connectTimeout: 5 }), ['conf.connectTimeout: must be a string, not a number']],
    ...OUTBOUND_FAULTS.map(([fields, found]): FaultCase => [{ ...fields, conf: {} }, found]),
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('a duration that cannot be read is a fault of the parser', async t => {
  t.match(read(TYPE, conf({ connectTimeout: '1d' })), {
    title: 'Bad Request',
    detail: 'invalid Timeout object: "time: unknown unit \\"d\\" in duration \\"1d\\""',
  })
})

t.test('is enforced, and names fields that do not exist', async t => {
  const { unenforced, unknownFields } = accepted(TYPE, conf({ http: { requestTimeout: '1s', retries: 1 } }))
  t.same(unenforced, [])
  t.same(unknownFields, ['conf.http.retries'])
})
