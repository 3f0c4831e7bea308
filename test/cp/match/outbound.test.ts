/** Promises of cp/match/outbound.ts: what holds for a destination, by tags and by resource. */
import t from 'tap'
import type { Resource } from '../../../cp/kinds/kind.ts'
import type { TargetRef } from '../../../cp/kinds/target-ref.ts'
import { inPrecedence } from '../../../cp/match/order.ts'
import {
  destinationRules,
  ruleForDestination,
  ruleForService,
  toItems,
  toRules,
} from '../../../cp/match/outbound.ts'
import { resolve } from '../../../cp/match/references.ts'
import { matchesHash } from '../../../cp/match/route-matches.ts'
import { confFor } from '../../../cp/match/subset.ts'
import { MeshIndex } from '../../../cp/snapshot/mesh-view.ts'
import { aMesh, resource } from '../../support/resources.ts'

type Item = readonly [TargetRef, object]

function policy(name: string, items: readonly Item[], targetRef?: TargetRef): Resource {
  const to = items.map(([ref, conf]) => ({ targetRef: ref, default: conf }))
  return resource('MeshTimeout', 'default', name, { ...(targetRef === undefined ? {} : { targetRef }), to })
}

const service = (name: string, labels = {}): Resource =>
  resource('MeshService', 'default', name, { ports: [{ port: 80, name: 'http' }, { port: 90 }] }, labels)

function viewOf(...resources: readonly Resource[]): MeshIndex {
  const view = new MeshIndex(aMesh())
  for (const one of resources) view.change(one, one)
  return view
}

const MESH: TargetRef = { kind: 'Mesh' }
const backend: TargetRef = { kind: 'MeshService', name: 'backend' }

t.test('of two policies of one kind the smaller name wins; a stronger kind wins over it', async t => {
  const view = viewOf()
  const found = (...policies: Resource[]): unknown =>
    ruleForService(toRules(view, inPrecedence(policies)), 'backend')?.conf
  const a = policy('aaa', [[MESH, { requestTimeout: '1s' }]])
  const b = policy('bbb', [[MESH, { requestTimeout: '2s' }]])
  const strong = policy('zzz', [[MESH, { requestTimeout: '3s' }]], { kind: 'MeshService', name: 'web' })
  t.same(found(a, b), { requestTimeout: '1s' })
  t.same(found(a, b, strong), { requestTimeout: '3s' })
  t.equal(found(), undefined)
})

t.test('what is merged for enforcement is what the rules show', async t => {
  const view = viewOf()
  const policies = inPrecedence([
    policy('all', [[MESH, { connectionTimeout: '5s', http: { requestTimeout: '15s' } }]]),
    policy('b', [[backend, { http: { requestTimeout: '2s' } }]]),
  ])
  const items = toItems(view, policies)
  for (const name of ['backend', 'other']) {
    t.same(
      confFor(items, { 'kuma.io/service': name }),
      ruleForService(toRules(view, policies), name)?.conf,
      name,
    )
  }
})

t.test('a resource takes what is said of its port, of itself, and of the mesh', async t => {
  const view = viewOf(service('backend'), service('db', { tier: 'data' }))
  const section: TargetRef = { ...backend, sectionName: '80' }
  const rules = destinationRules(
    view,
    inPrecedence([
      policy('m', [
        [section, { c: 'port' }],
        [backend, { b: 'service', c: 'service' }],
        [MESH, { a: 'mesh', b: 'mesh', c: 'mesh' }],
        [{ kind: 'MeshService', labels: { tier: 'data' } }, { b: 'data' }],
        [{ kind: 'MeshService', name: 'none' }, { b: 'lost' }],
      ]),
    ]),
  )
  const conf = (ref: object): unknown => {
    const [destination] = resolve(view, { kind: 'MeshService', ...ref })
    return destination === undefined ? undefined : ruleForDestination(rules, destination)?.conf
  }
  t.same(conf({ name: 'backend', port: 80 }), { a: 'mesh', b: 'service', c: 'port' })
  t.same(conf({ name: 'backend', port: 90 }), { a: 'mesh', b: 'service', c: 'service' })
  t.same(conf({ name: 'db' }), { a: 'mesh', b: 'data', c: 'mesh' })
  t.equal(conf({ name: 'backend', port: 91 }), undefined, 'there is no such port')
  const names = rules.map(rule => [rule.resource.type, rule.resource.name, rule.section])
  t.same(names, [
    ['Mesh', 'default', ''],
    ['MeshService', 'backend', ''],
    ['MeshService', 'db', ''],
    ['MeshService', 'backend', 'http'],
  ])
})

t.test('without a rule for it a destination has that of the mesh, or none', async t => {
  const view = viewOf(service('backend'))
  const [destination] = resolve(view, { kind: 'MeshService', name: 'backend' })
  if (destination === undefined) throw new Error('not resolved')
  const ofMesh = destinationRules(view, [policy('m', [[MESH, { a: 1 }]])])
  t.same(ruleForDestination(ofMesh, destination)?.conf, { a: 1 })
  t.equal(ruleForDestination([], destination), undefined)
})

t.test('a policy for a route holds for the calls that its rules match', async t => {
  const matches = [{ path: { type: 'Exact', value: '/' } }]
  const route = resource('MeshHTTPRoute', 'default', 'r', {
    to: [{ targetRef: backend, rules: [{ matches, default: {} }] }],
  })
  const top: TargetRef = { kind: 'MeshHTTPRoute', name: 'r' }
  const items = toItems(viewOf(route), [policy('m', [[MESH, { a: 1 }]], top)])
  const tags = { 'kuma.io/service': 'backend', '__rule-matches-hash__': matchesHash(matches) }
  t.same(
    items.map(item => item.tags),
    [tags],
  )
  t.same(confFor(items, tags), { a: 1 })
  t.equal(confFor(items, { 'kuma.io/service': 'backend' }), undefined)
})

t.test('a policy for a route says nothing about other destinations', async t => {
  const route = resource('MeshHTTPRoute', 'default', 'r', {
    to: [{ targetRef: backend, rules: [{ matches: [{}], default: {} }] }],
  })
  const view = viewOf(route, service('backend'))
  const rules = destinationRules(
    view,
    inPrecedence([
      policy('all', [[MESH, { a: 1, b: 1 }]]),
      policy('r', [[MESH, { a: 2 }]], { kind: 'MeshHTTPRoute', name: 'r' }),
    ]),
  )
  t.same(
    rules.map(({ resource: { type, name }, conf }) => [type, name, conf]),
    [
      ['Mesh', 'default', { a: 1, b: 1 }],
      ['MeshHTTPRoute', 'r', { a: 2, b: 1 }],
    ],
  )
})
