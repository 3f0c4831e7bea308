/** TrafficPermission: any tags on both sides, and a word that it decides nothing (kuma-api 4.10). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { anyToAny, INBOUND_FAULTS, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'TrafficPermission'

t.test('takes any tags on both sides and stores them as they are', async t => {
  t.same(storedSpec(TYPE, anyToAny), anyToAny, "the default of Kuma 2.5's meshes")
  const byTags = {
    sources: [{ match: { team: 'a' } }, { match: { 'kuma.io/service': 'web' } }],
    destinations: [{ match: { env: '*', 'kuma.io/zone': 'eu' } }],
  }
  t.same(storedSpec(TYPE, byTags), byTags)
})

t.test("refuses selectors without tags in Kuma's words", async t => {
  for (const [fields, expected] of INBOUND_FAULTS) {
    t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
  }
})

t.test('is enforced', async t => {
  t.same(accepted(TYPE, anyToAny).unenforced, [])
})
