/** TrafficLog: selectors of calls, and a backend that may be left out (kuma-api 4.10). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'
import { anyToAny, OUTBOUND_FAULTS, storedSpec, webToBackend } from '../../../support/legacy.ts'

const TYPE = 'TrafficLog'

t.test('stores a backend, and an empty conf as it is', async t => {
  for (const conf of [{ backend: 'logstash' }, {}]) {
    t.same(storedSpec(TYPE, { ...webToBackend, conf }), { ...webToBackend, conf })
  }
  t.same(storedSpec(TYPE, anyToAny), anyToAny)
  t.same(storedSpec(TYPE, { ...anyToAny, conf: { backend: '' } }), { ...anyToAny, conf: {} })
})

t.test("refuses wrong selectors and types in Kuma's words", async t => {
  for (const [fields, expected] of OUTBOUND_FAULTS) {
    t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
  }
  t.same(faults(TYPE, { ...anyToAny, conf: { backend: 1 } }), [
    'conf.backend: must be a string, not a number',
  ])
})

t.test('says that no log is written, and may be stored without more', async t => {
  t.match(accepted(TYPE, anyToAny).unenforced, [{ field: '', refusesTraffic: false }])
})
