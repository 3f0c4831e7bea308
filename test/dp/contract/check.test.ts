/** Promises of dp/contract: what is checked, what "unchanged" means. */
import t from 'tap'
import { checkSections } from '#contract/check.ts'
import { canonicalJson, digestOf } from '#contract/digest.ts'
import { sectionsOf } from '../../support/sections.ts'

t.test('takes a sound snapshot as it is', async t => {
  const result = checkSections(sectionsOf())
  t.equal(result.ok, true)
  if (!result.ok) return
  t.equal(result.sections.identity?.backend, 'ca-1')
  t.same([...result.sections.listeners.keys()].sort(), ['127.0.0.1:10001', '192.168.0.1:8080'])
  t.equal(result.sections.clusters.get('api')?.endpoints.length, 2)
})

t.test('names the place of every fault at once', async t => {
  const raw = sectionsOf()
  const result = checkSections({
    ...raw,
    'listener/192.168.0.1:8080': { ...raw['listener/192.168.0.1:8080'], port: 70_000, protocol: 'smtp' },
    'cluster/api': { ...raw['cluster/api'], endpoints: [{ address: 1, port: 80 }] },
    'moon/full': {},
  })
  t.equal(result.ok, false)
  if (result.ok) return
  t.same(result.violations.map(violation => violation.path).sort(), [
    'cluster/api.endpoints[0].address',
    'listener/192.168.0.1:8080.port',
    'listener/192.168.0.1:8080.protocol',
    'moon/full',
  ])
})

t.test('refuses an unknown action of a permission: too old to enforce it', async t => {
  const raw = sectionsOf()
  const listener = raw['listener/192.168.0.1:8080']
  const rules = [{ principals: [], action: 'ask-somebody', policy: 'p' }]
  const result = checkSections({
    ...raw,
    'listener/192.168.0.1:8080': { ...listener, tls: { trustDomain: 'default', permission: { rules } } },
  })
  t.match(result, {
    ok: false,
    violations: [{ path: 'listener/192.168.0.1:8080.tls.permission.rules[0].action' }],
  })
})

t.test('refuses references to what is not there', async t => {
  const raw = sectionsOf()
  const { 'cluster/api': _, 'trust/default': __, ...rest } = raw
  const result = checkSections(rest)
  t.match(result, {
    ok: false,
    violations: [
      { path: 'listener/192.168.0.1:8080.tls.trustDomain' },
      { path: 'listener/127.0.0.1:10001.cluster' },
    ],
  })
})

t.test('ignores members it does not know, so that newer control planes can add some', async t => {
  const raw = sectionsOf()
  t.equal(checkSections({ ...raw, 'cluster/api': { ...raw['cluster/api'], colour: 'blue' } }).ok, true)
})

t.test('digests do not depend on the order of keys', async t => {
  t.equal(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined }), '{"b":[1,{"c":"x","d":null}]}')
  t.equal(digestOf(canonicalJson({ a: 1, b: 2 })), digestOf(canonicalJson({ b: 2, a: 1 })))
  t.not(digestOf(canonicalJson({ a: 1 })), digestOf(canonicalJson({ a: 2 })))
})
