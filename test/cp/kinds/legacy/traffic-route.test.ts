/** TrafficRoute: where calls go, balancers, sizes as text (kuma-api 4.10, 4.12); HTTP rules have a test of their own. */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { anyToAny, type FaultCase, OUTBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'TrafficRoute'
const destination = { 'kuma.io/service': 'redis' }
const conf = (fields: object): object => ({ ...anyToAny, conf: fields })
const balanced = (loadBalancer: object): object => conf({ destination, loadBalancer })

t.test("stores the default of Kuma 2.5's meshes", async t => {
  const route = conf({ loadBalancer: { roundRobin: {} }, destination: { 'kuma.io/service': '*' } })
  t.same(storedSpec(TYPE, route), route)
})

t.test('stores shares, with 0', async t => {
  const split = [
    { weight: 90, destination: { ...destination, version: '1.0' } },
    { weight: 0, destination: { ...destination, version: '2.0' } },
  ]
  t.same(storedSpec(TYPE, conf({ split })), conf({ split }))
  t.same(storedSpec(TYPE, conf({ destination, split: [] })), conf({ destination }))
})

t.test('stores balancers, sizes of rings as text', async t => {
  const ring = { hashFunction: 'MURMUR_HASH_2' }
  const cases = [
    [{ random: {} }, { random: {} }],
    [{ maglev: {} }, { maglev: {} }],
    [{ leastRequest: { choiceCount: 8 } }, { leastRequest: { choiceCount: 8 } }],
    [{ least_request: { choice_count: 0 } }, { leastRequest: {} }],
    [
      { ring_hash: { hash_function: 'XX_HASH', min_ring_size: 1024, maxRingSize: '18446744073709551615' } },
      { ringHash: { hashFunction: 'XX_HASH', minRingSize: '1024', maxRingSize: '18446744073709551615' } },
    ],
    [{ ringHash: { ...ring, minRingSize: 0, maxRingSize: '00' } }, { ringHash: ring }],
    [{}, {}],
  ] as const
  for (const [written, stored] of cases) t.same(storedSpec(TYPE, balanced(written)), balanced(stored))
})

t.test("answers mistakes in Kuma's words", async t => {
  const either = 'requires either "destination" or "split"'
  const both = '"split" cannot be defined at the same time as "destination"'
  const size = 'must be a whole number from 0 to 18446744073709551615'
  const cases: readonly FaultCase[] = [
    [anyToAny, ['conf: cannot be empty']],
    [conf({}), [`conf: ${either}`]],
    [conf({ split: [] }), [`conf: ${either}`]],
    [conf({ destination, split: [{ weight: 1, destination }] }), [`conf: ${both}`]],
    [
      conf({ destination: {} }),
      [
        'conf.destination: must have at least one tag',
        'conf.destination: mandatory tag "kuma.io/service" is missing',
      ],
    ],
    [
      conf({ split: [{ destination }, { weight: 0, destination: { version: '1' } }, {}] }),
      [
        'conf.split[0].weight: needs to be defined',
        'conf.split[1].destination: mandatory tag "kuma.io/service" is missing',
        'conf.split[2].weight: needs to be defined',
        'conf.split[2].destination: must have at least one tag',
        'conf.split[2].destination: mandatory tag "kuma.io/service" is missing',
        'conf.split: there must be at least one split entry with weight above 0',
      ],
    ],
    [
      balanced({ leastRequest: { choiceCount: 1 } }),
      ['conf.loadBalancer.leastRequest.choiceCount: value must be greater than or equal to 2'],
    ],
    ...[{}, { hashFunction: 'MD5' }].map(
      (ringHash): FaultCase => [
        balanced({ ringHash }),
        ['conf.loadBalancer.ringHash.hashFunction: must have a valid hash function'],
      ],
    ),
    ...[-1, 1.5, 'big', '18446744073709551616', true].map(
      (minRingSize): FaultCase => [
        balanced({ ringHash: { hashFunction: 'XX_HASH', minRingSize } }),
        [`conf.loadBalancer.ringHash.minRingSize: ${size}`],
      ],
    ),
    [
      balanced({ roundRobin: {}, maglev: {} }),
      ['conf.loadBalancer: only one of "maglev", "roundRobin" may be set'],
    ],
    ...OUTBOUND_FAULTS.map(([fields, found]): FaultCase => [{ ...fields, conf: { destination } }, found]),
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('acts', async t => {
  t.same(accepted(TYPE, conf({ destination })).unenforced, [])
})
