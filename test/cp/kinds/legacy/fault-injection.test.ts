/** FaultInjection: destinations of HTTP, at least one fault, each with its share (kuma-api 4.10, 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { type FaultCase, INBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'FaultInjection'
const sources = [{ match: { 'kuma.io/service': 'frontend', version: '0.1' } }]
const to = (protocol: object): object[] => [{ match: { 'kuma.io/service': 'backend', ...protocol } }]
const directions = { sources, destinations: to({ 'kuma.io/protocol': 'http' }) }
const conf = (fields: object): object => ({ ...directions, conf: fields })
const abort = { httpStatus: 500, percentage: 50 }

t.test('stores faults, with shares of 0', async t => {
  const cases = [
    [
      {
        abort,
        delay: { percentage: 50.5, value: '500ms' },
        responseBandwidth: { limit: '50 mbps', percentage: 0 },
      },
      {
        abort,
        delay: { percentage: 50.5, value: '0.500s' },
        responseBandwidth: { limit: '50 mbps', percentage: 0 },
      },
    ],
    [
      { response_bandwidth: { limit: '10kbps', percentage: '12.5' }, delay: {} },
      { responseBandwidth: { limit: '10kbps', percentage: 12.5 }, delay: {} },
    ],
    [{ abort: { http_status: '503', percentage: 100 } }, { abort: { httpStatus: 503, percentage: 100 } }],
  ] as const
  for (const [written, stored] of cases) t.same(storedSpec(TYPE, conf(written)), conf(stored))
})

t.test('destinations need a protocol of HTTP', async t => {
  for (const protocol of ['http', 'http2', 'grpc']) {
    const destinations = to({ 'kuma.io/protocol': protocol })
    t.same(faults(TYPE, { sources, destinations, conf: { abort } }), [], protocol)
  }
  t.same(faults(TYPE, { sources, destinations: to({}), conf: { abort } }), [
    'destinations[0].match: protocol must be specified',
  ])
  t.same(faults(TYPE, { sources, destinations: to({ 'kuma.io/protocol': 'tcp' }), conf: { abort } }), [
    'destinations[0].match["kuma.io/protocol"]: must be one of the [http, http2, grpc]',
  ])
})

t.test("answers mistakes in Kuma's words", async t => {
  const none = 'conf: must have at least one of the faults configured'
  const range = 'has to be in [0.0 - 100.0] range'
  const cases: readonly FaultCase[] = [
    [directions, [none]],
    [conf({}), [none]],
    [conf({ delay: {}, abort: {}, responseBandwidth: {} }), [none]],
    [
      conf({ delay: { value: '1s' }, abort: { percentage: 101 }, responseBandwidth: { percentage: -0.1 } }),
      [
        'conf.delay.percentage: cannot be empty',
        `conf.abort.percentage: ${range}`,
        'conf.abort.httpStatus: cannot be empty',
        `conf.responseBandwidth.percentage: ${range}`,
        'conf.responseBandwidth.limit: cannot be empty',
      ],
    ],
    [conf({ delay: { percentage: 1 } }), ['conf.delay.value: cannot be empty']],
    ...[0, 99, 306, 509, 600].map(
      (httpStatus): FaultCase => [
        conf({ abort: { httpStatus, percentage: 1 } }),
        ['conf.abort.httpStatus: http status code is incorrect'],
      ],
    ),
    ...['', 'mbps', '50', '50 bps', '50 Mbps', '50 mbps!', '1.5mbps'].map(
      (limit): FaultCase => [
        conf({ responseBandwidth: { limit, percentage: 1 } }),
        ['conf.responseBandwidth.limit: has to be in kbps/mbps/gbps units'],
      ],
    ),
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
  for (const [fields, expected] of INBOUND_FAULTS) {
    const found = faults(TYPE, { ...fields, conf: { abort } })
    t.same(
      found.filter(fault => !fault.endsWith('protocol must be specified')),
      expected,
      JSON.stringify(fields),
    )
  }
})

t.test('is enforced', async t => {
  t.same(accepted(TYPE, conf({ abort })).unenforced, [])
})
