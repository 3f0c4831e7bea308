/** Promises of cp/kinds/schema/unknown-fields.ts, as readers of resources see them. */
import t from 'tap'
import { readResource } from '../../../../cp/kinds/validate.ts'
import { kindNamed } from '../../../support/bodies.ts'

t.test('guesses what a misspelt field was to be, from those that may stand there', async t => {
  const faultsOf = (type: string, body: object) => {
    const result = readResource(kindNamed(type), body)
    return result.ok ? result.warnings : result.violations.map(({ field, message }) => `${field}: ${message}`)
  }
  const named = { type: 'MeshTimeout', mesh: 'default', name: 'mt' }
  const to = [{ targetRef: { kind: 'Mesh' }, default: { requestTimout: '1s', idleTimeout: '1s' } }]
  t.ok(
    faultsOf('MeshTimeout', { ...named, spec: { targetReff: { kind: 'Mesh' }, to } }).includes(
      'unknown field spec.targetReff is ignored; did you mean targetRef?',
    ),
  )
  t.ok(
    faultsOf('Dataplane', {
      type: 'Dataplane',
      mesh: 'default',
      name: 'd',
      networking: { adress: '1.2.3.4' },
    }).includes('networking.adress: there is no such field; did you mean address?'),
  )
})
