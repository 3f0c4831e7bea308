/** Promises of cp/kinds/schema/unknown-fields.ts, as readers of resources see them. */
import t from 'tap'
import { readResource } from '../../../../cp/kinds/validate.ts'
import { kindNamed } from '../../../support/bodies.ts'

const faultsOf = (type: string, body: object): readonly string[] => {
  const result = readResource(kindNamed(type), body)
  return result.ok ? result.warnings : result.violations.map(({ field, message }) => `${field}: ${message}`)
}

t.test('guesses what a misspelt field was to be, from those that may stand there', async t => {
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

const policy = (spec: object) => ({ type: 'MeshTrafficPermission', mesh: 'default', name: 'p', spec })

t.test('faults that only follow from a misspelt field are not told, those beside it are', async t => {
  const item = (action: string) => [{ targetRef: { kind: 'Mesh' }, default: { action } }]
  const misspelt = 'spec.form: there is no such field; did you mean from?'
  t.same(faultsOf('MeshTrafficPermission', policy({ form: item('Allow') })), [misspelt])
  t.same(faultsOf('MeshTrafficPermission', policy({ targetRef: { kind: 'Zork' }, form: item('Allow') })), [
    'spec.targetRef.kind: in body should be one of [Mesh MeshSubset MeshGateway MeshService MeshExternalService MeshMultiZoneService MeshServiceSubset MeshHTTPRoute Dataplane]',
    misspelt,
  ])
  t.match(
    faultsOf('MeshTrafficPermission', policy({ form: item('Allow'), zork: 1 })).join('\n'),
    /spec\.form: .*\nspec\.zork: there is no such field$/,
  )
})

t.test('a field that belongs one level deeper is shown its place', async t => {
  const timeout = (conf: object) => ({
    type: 'MeshTimeout',
    mesh: 'default',
    name: 'p',
    spec: { to: [{ targetRef: { kind: 'Mesh' }, default: conf }] },
  })
  const at = 'spec.to[0].default'
  t.same(faultsOf('MeshTimeout', timeout({ requestTimout: '3s' })), [
    `${at}.requestTimout: there is no such field; did you mean http.requestTimeout?`,
  ])
  t.same(
    faultsOf('MeshTimeout', timeout({ requestTimout: '3s', http: { requestTimeout: 'x' } })).length,
    2,
    'what is there already is not overwritten by a guess',
  )
})

t.test('a resource in the form of Kubernetes is told so, and nothing else', async t => {
  const body = { apiVersion: 'kuma.io/v1alpha1', kind: 'MeshTimeout', metadata: { name: 'x' }, spec: {} }
  const [only = '', ...others] = faultsOf('MeshTimeout', body)
  t.match(only, /^: this is the Kubernetes form \(apiVersion, kind, metadata\); give the Universal form/)
  t.same(others, [])
})

t.test('guesses what a misspelt value of an enum was to be, behind the words of Kuma', async t => {
  const from = [{ targetRef: { kind: 'MeshServce', name: 'a' }, default: { action: 'Alow' } }]
  const [kind = '', action = ''] = faultsOf('MeshTrafficPermission', policy({ from }))
  t.match(kind, /kind: in body should be one of \[.*\]; did you mean MeshService\?$/)
  t.match(action, /should be one of \[Allow Deny AllowWithShadowDeny\]; did you mean Allow\?$/)
  t.same(
    faultsOf('Mesh', { type: 'Mesh', name: 'm', meshServices: { mode: 'Exclusve' } }).map(one =>
      one.replace(/^.*; /, ''),
    ),
    ['did you mean Exclusive?'],
  )
})

t.test('guesses misspelt tags of Kuma, where they are missing and where nobody misses them', async t => {
  const dataplane = (tags: object) => ({
    type: 'Dataplane',
    mesh: 'default',
    name: 'd',
    networking: { address: '1.2.3.4', inbound: [{ port: 1, tags }] },
  })
  const place = 'networking.inbound[0].tags'
  t.same(faultsOf('Dataplane', dataplane({ 'kuma.io/servce': 'web' })), [
    `${place}["kuma.io/service"]: tag has to exist; kuma.io/servce is there, did you mean kuma.io/service?`,
  ])
  const good = { 'kuma.io/service': 'web', 'kuma.io/version': '1', 'my.org/servce': 'x' }
  t.same(faultsOf('Dataplane', dataplane(good)), [])
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  t.match(faultsOf('Dataplane', { ...dataplane(good), deep }), ['unknown field deep is ignored'])
  t.same(faultsOf('Dataplane', dataplane({ ...good, 'kuma.io/protcol': 'http' })), [
    `${place}: kuma.io/protcol means nothing; did you mean kuma.io/protocol?`,
  ])
})
