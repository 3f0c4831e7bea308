/** TrafficTrace: one list of selectors, and a backend that may be left out (kuma-api 4.10). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { type FaultCase, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'TrafficTrace'
const all = { selectors: [{ match: { 'kuma.io/service': '*' } }] }

t.test('stores selectors and backend', async t => {
  const byTag = { selectors: [{ match: { env: 'test' } }], conf: { backend: 'jaeger' } }
  t.same(storedSpec(TYPE, byTag), byTag)
  t.same(storedSpec(TYPE, { ...all, conf: {} }), { ...all, conf: {} })
  t.same(storedSpec(TYPE, all), all)
})

t.test("refuses wrong selectors in Kuma's words", async t => {
  const cases: readonly FaultCase[] = [
    [{}, ['selectors: must have at least one element']],
    [
      { selectors: [{ match: {} }, {}] },
      ['0', '1'].map(i => `selectors[${i}].match: must have at least one tag`),
    ],
    [{ selectors: [{ match: { a: '' } }] }, ['selectors[0].match["a"]: tag value must be non-empty']],
    [{ ...all, conf: 'jaeger' }, ['conf: must be an object, not a string']],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('says that no traces are sent', async t => {
  t.match(accepted(TYPE, all).unenforced, [
    { field: '', message: 'no traces are sent', refusesTraffic: false },
  ])
})
