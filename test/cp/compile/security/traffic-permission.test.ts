/** Promises of cp/compile/security/traffic-permission.ts, seen in the compiled inbound. */
import t from 'tap'
import type { InboundListener, PermissionRule } from '#contract/listener.ts'
import { compile } from '../../../../cp/compile/compile.ts'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { MeshIndex } from '../../../../cp/snapshot/mesh-view.ts'
import { aDataplane, aMesh, aPermission } from '../../../support/resources.ts'

const web = { kind: 'MeshService', name: 'web' } as const
const everybody = { kind: 'Mesh' } as const

t.test('without a policy everybody is denied', async t => {
  t.same(rules([]), [])
})

t.test('every targetRef kind of from becomes the names that a client must hold', async t => {
  t.same(
    rules([
      aPermission('p', undefined, [
        [everybody, 'Deny'],
        [web, 'Allow'],
        [{ kind: 'MeshSubset', tags: { team: 'a', env: 'prod' } }, 'AllowWithShadowDeny'],
        [{ kind: 'MeshServiceSubset', name: 'job', tags: { v: '1' } }, 'Allow'],
      ]),
    ]),
    [
      {
        principals: ['kuma://v/1', 'spiffe://default/job'],
        action: 'allow',
        policy: 'MeshTrafficPermission/p',
      },
      {
        principals: ['kuma://env/prod', 'kuma://team/a'],
        action: 'shadow-deny',
        policy: 'MeshTrafficPermission/p',
      },
      { principals: ['spiffe://default/web'], action: 'allow', policy: 'MeshTrafficPermission/p' },
      { principals: [], action: 'deny', policy: 'MeshTrafficPermission/p' },
    ],
  )
})

t.test('the more specific policy decides first', async t => {
  const result = rules([
    aPermission('narrow', { kind: 'MeshService', name: 'api' }, [[web, 'Deny']]),
    aPermission('wide', undefined, [[everybody, 'Allow']]),
  ])
  t.same(
    result.map(rule => `${rule.policy} ${rule.action}`),
    ['MeshTrafficPermission/narrow deny', 'MeshTrafficPermission/wide allow'],
  )
})

t.test('of two equal policies the name that sorts first decides', async t => {
  const result = rules([
    aPermission('aaa', undefined, [[everybody, 'Deny']]),
    aPermission('bbb', undefined, [[everybody, 'Allow']]),
  ])
  t.same(result, [{ principals: [], action: 'deny', policy: 'MeshTrafficPermission/aaa' }])
})

t.test('rules behind one for everybody are left out', async t => {
  t.equal(
    rules([
      aPermission('p', undefined, [
        [web, 'Deny'],
        [everybody, 'Allow'],
      ]),
    ]).length,
    1,
  )
})

t.test('a policy acts only on the inbounds that it selects', async t => {
  const allow = [[everybody, 'Allow']] as const
  t.equal(rules([aPermission('p', { kind: 'MeshService', name: 'other' }, allow)]).length, 0)
  t.equal(rules([aPermission('p', { kind: 'MeshSubset', tags: { version: 'v1' } }, allow)]).length, 1)
  t.equal(rules([aPermission('p', { kind: 'MeshSubset', tags: { version: 'v2' } }, allow)]).length, 0)
  t.equal(
    rules([aPermission('p', { kind: 'MeshServiceSubset', name: 'api', tags: { version: 'v1' } }, allow)])
      .length,
    1,
  )
  t.equal(rules([aPermission('p', { kind: 'Dataplane', labels: { app: 'api' } }, allow)]).length, 1)
  t.equal(rules([aPermission('p', { kind: 'Dataplane', labels: { app: 'web' } }, allow)]).length, 0)
  t.equal(
    rules([aPermission('p', { kind: 'Dataplane', name: 'api-1', sectionName: 'main' }, allow)]).length,
    1,
  )
  t.equal(
    rules([aPermission('p', { kind: 'Dataplane', name: 'api-1', sectionName: '8080' }, allow)]).length,
    1,
  )
  t.equal(rules([aPermission('p', { kind: 'Dataplane', sectionName: 'admin' }, allow)]).length, 0)
  t.equal(rules([aPermission('p', { kind: 'Mesh', proxyTypes: ['Gateway'] }, allow)]).length, 0)
})

t.test('a shadow policy does not act', async t => {
  t.equal(
    rules([aPermission('p', undefined, [[everybody, 'Allow']], { 'kuma.io/effect': 'shadow' })]).length,
    0,
  )
})

t.test('a mesh without mTLS has no permissions', async t => {
  t.equal(listener([aPermission('p', undefined, [[everybody, 'Deny']])], false).tls, null)
})

function rules(policies: readonly Resource[]): readonly PermissionRule[] {
  return listener(policies, true).tls?.permission.rules ?? []
}

function listener(policies: readonly Resource[], mtls: boolean): InboundListener {
  const view = new MeshIndex(aMesh('default', { mtls }))
  const api = aDataplane('api-1', {
    service: 'api',
    tags: { version: 'v1' },
    labels: { app: 'api' },
    section: 'main',
  })
  for (const one of [api, ...policies]) view.change(one, one)
  return compile(view, api).get('listener/192.168.0.1:8080') as InboundListener
}
