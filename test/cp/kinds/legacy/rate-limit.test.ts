/** RateLimit: what must be there, wrappers that keep their zero, and a word that nothing is limited (kuma-api 4.10). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { anyToAny, type FaultCase, INBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'RateLimit'
const limit = { requests: 5, interval: '10s' }
const http = (fields: object): object => ({ ...anyToAny, conf: { http: { ...limit, ...fields } } })

t.test('stores limits and answers', async t => {
  const onRateLimit = {
    status: 423,
    headers: [
      { key: 'x-kuma-rate-limited', value: 'true', append: true },
      { key: 'x-other', value: '1', append: false },
    ],
  }
  t.same(storedSpec(TYPE, http({ onRateLimit })), http({ onRateLimit }))
  t.same(storedSpec(TYPE, http({ interval: '1m30s' })), http({ interval: '90s' }))
  t.same(
    storedSpec(TYPE, http({ requests: '7', on_rate_limit: { headers: [] } })),
    http({ requests: 7, onRateLimit: {} }),
  )
  t.same(storedSpec(TYPE, { ...anyToAny, conf: {} }), { ...anyToAny, conf: {} })
})

t.test("answers mistakes in Kuma's words", async t => {
  const header = (i: number): string => `conf.http.onRateLimit.header["${i}"]`
  const cases: readonly FaultCase[] = [
    [anyToAny, ['conf: must have conf']],
    [
      { ...anyToAny, conf: { http: {} } },
      ['conf.http.requests: requests must be set', 'conf.http.interval: interval must be set'],
    ],
    [
      http({ requests: 0, interval: '0s' }),
      ['conf.http.requests: requests must be set', 'conf.http.interval: must have a positive value'],
    ],
    [
      http({
        onRateLimit: { status: 600, headers: [{ key: 'a', value: 'b' }, { key: 'a' }, { value: '' }] },
      }),
      [
        'conf.http.onRateLimit.status: must be in range [100, 600)',
        `${header(1)}: value must be set`,
        `${header(2)}: key must be set`,
        `${header(2)}: value must be set`,
      ],
    ],
    [
      http({ onRateLimit: { headers: [{ key: 'a b', value: 'c\nd' }] } }),
      [
        `${header(0)}.key: must consist of letters, digits and !#$%&'*+-.^_\`|~`,
        `${header(0)}.value: must not contain control characters`,
      ],
    ],
    [http({ requests: -5 }), ['conf.http.requests: must be a whole number from 0 to 4294967295']],
    ...INBOUND_FAULTS.map(([fields, found]): FaultCase => [{ ...fields, conf: { http: limit } }, found]),
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('is enforced', async t => {
  t.same(accepted(TYPE, http({})).unenforced, [])
})
