/**
 * What the API accepts, data planes can run: each field of the policies for calls that hold out, at the ends of its range. One
 * policy whose snapshot is refused would keep every data plane of the mesh on its last one.
 */
import t from 'tap'
import { fieldsOf } from '../../../../cp/kinds/describe.ts'
import { kindNamed } from '../../../support/bodies.ts'
import { changedAt, stepsTo, valueAt } from '../../../support/places.ts'
import { actingUnder, readPolicy } from '../../../support/policed-mesh.ts'
import { WHOLE_POLICIES } from './whole-policies.ts'

const NUMBERS = [
  -1,
  0,
  1,
  99,
  100,
  600,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  0.001,
  99.999,
]
const TEXTS = [
  '',
  '0s',
  '1ns',
  '1ms',
  '-1s',
  '596h31m23.648s',
  '2562047h',
  '0',
  '100',
  '99.99',
  '0.001',
  '101',
  '-1',
]
const RATES = ['0kbps', '1kbps', '99999999999gbps', '18446744073709551616Gbps']

for (const [type, { confs, lists }] of Object.entries(WHOLE_POLICIES)) {
  t.test(type, async t => {
    const fields = fieldsOf(kindNamed(type)).map(({ path }) => path)
    for (const list of lists) {
      const prefix = list === 'conf' ? 'conf.' : `spec.${list}[].default.`
      const below = fields.filter(path => path.startsWith(prefix)).map(path => path.slice(prefix.length))
      const refused: string[] = []
      let accepted = 0
      for (const conf of confs) {
        for (const path of below) {
          const steps = stepsTo(conf, path)
          if (steps === undefined) continue
          for (const value of extremesFor(valueAt(conf, steps))) {
            const changed = changedAt(conf, steps, value)
            if (!readPolicy(type, list, changed).ok) continue
            accepted++
            const fault = faultOf(() => actingUnder(type, list, changed))
            if (fault !== '') refused.push(`${path} = ${JSON.stringify(value)}: ${fault}`)
          }
        }
      }
      t.same(refused, [], list)
      t.ok(accepted > 0, 'some are accepted')
    }
  })
}

function extremesFor(value: unknown): readonly unknown[] {
  if (typeof value === 'number') return NUMBERS
  if (Array.isArray(value)) return [[]]
  if (typeof value !== 'string') return []
  return /bps$/.test(value) ? RATES : [...TEXTS, ...NUMBERS]
}

function faultOf(run: () => unknown): string {
  try {
    run()
    return ''
  } catch (error) {
    return String(error).replace(/\s+/g, ' ').slice(0, 300)
  }
}
