/** The first rule that matches decides; none denies. */
import t from 'tap'
import { decide } from '../../../dp/listener/permission.ts'
import { aRule } from '../../support/snapshots.ts'

const WEB = ['spiffe://default/web', 'kuma://version/1']

t.test('decides by the first rule whose principals the client all holds', async t => {
  const cases = [
    ['deny', []],
    ['allow', [aRule('allow')]],
    ['allow', [aRule('allow', 'spiffe://default/web')]],
    ['deny', [aRule('allow', 'spiffe://default/we')]],
    ['deny', [aRule('allow', 'spiffe://default/web', 'kuma://version/2')]],
    ['allow', [aRule('allow', 'spiffe://default/web', 'kuma://version/1')]],
    ['deny', [aRule('deny', 'spiffe://default/web'), aRule('allow')]],
    ['allow', [aRule('deny', 'spiffe://default/api'), aRule('allow')]],
    ['shadow-deny', [aRule('shadow-deny'), aRule('deny')]],
  ] as const
  for (const [expected, rules] of cases)
    t.equal(decide({ rules }, WEB).action, expected, JSON.stringify(rules))
})
