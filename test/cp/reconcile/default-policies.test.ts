/** What a new mesh brings along (kuma-api 4.2, 5.7). */
import t from 'tap'
import { readResource } from '../../../cp/kinds/validate.ts'
import { defaultPolicies, defaultPoliciesHook } from '../../../cp/reconcile/default-policies.ts'
import type { GuardedStore } from '../../../cp/store/guarded-store.ts'
import type { Store } from '../../../cp/store/store.ts'
import { aGuardedStore, aMesh, kindOf } from '../../support/guarded-fixture.ts'

const TYPES = ['MeshTimeout', 'MeshCircuitBreaker', 'MeshRetry']
const NAMES = [
  'MeshTimeout mesh-gateways-timeout-all-demo',
  'MeshTimeout mesh-timeout-all-demo',
  'MeshCircuitBreaker mesh-circuit-breaker-all-demo',
  'MeshRetry mesh-retry-all-demo',
]

t.test('a new mesh has the four policies of Kuma, with computed labels', async t => {
  const { store } = await withMesh({})
  t.same(await policiesIn(store), NAMES)
  const retry = await store.get({ type: 'MeshRetry', mesh: 'demo', name: 'mesh-retry-all-demo' })
  t.same(retry?.labels, {
    'kuma.io/env': 'universal',
    'kuma.io/mesh': 'demo',
    'kuma.io/origin': 'zone',
    'kuma.io/zone': 'z1',
  })
})

t.test('they are in the form in which a PUT stores them', async t => {
  for (const { kind, resource } of defaultPolicies('demo', [])) {
    const { type, mesh, name, spec } = resource
    const read = readResource(kind, { type, mesh, name, spec })
    t.equal(JSON.stringify(read.ok && read.draft.spec), JSON.stringify(spec), name)
  }
})

t.test('what the mesh skips is left out', async t => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['*'], []],
    [['MeshTimeout', 'MeshRetry'], ['MeshCircuitBreaker mesh-circuit-breaker-all-demo']],
    [['TrafficRoute'], NAMES],
  ]
  for (const [skipped, expected] of cases) {
    const { store } = await withMesh({ skipCreatingInitialPolicies: [...skipped] })
    t.same(await policiesIn(store), expected, skipped.join())
  }
})

t.test('an update of the mesh does not bring a deleted policy back', async t => {
  const { store, guarded } = await withMesh({})
  await guarded.delete({ type: 'MeshRetry', mesh: 'demo', name: 'mesh-retry-all-demo' })
  await guarded.put(kindOf('Mesh'), aMesh('demo', { routing: {} }))
  t.same(await policiesIn(store), NAMES.slice(0, 3))
})

async function withMesh(
  spec: Parameters<typeof aMesh>[1],
): Promise<{ readonly store: Store; readonly guarded: GuardedStore }> {
  const fixture = aGuardedStore({ hooks: [defaultPoliciesHook('z1')] })
  await fixture.guarded.put(kindOf('Mesh'), aMesh('demo', spec))
  return fixture
}

async function policiesIn(store: Store): Promise<readonly string[]> {
  const lists = await Promise.all(TYPES.map(type => store.list(type, 'demo')))
  return lists.flat().map(({ type, name }) => `${type} ${name}`)
}
