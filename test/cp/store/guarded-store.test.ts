/** What every write of people and data planes goes through: mesh, constraints, CA, hooks, conflicts. */
import t from 'tap'
import type { Labels } from '../../../cp/kinds/kind.ts'
import { type MeshSpec, mesh as meshKind } from '../../../cp/kinds/mesh/mesh.ts'
import { dataplane as dataplaneKind } from '../../../cp/kinds/proxy/dataplane.ts'
import type { WriteHook } from '../../../cp/store/guarded-store.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import type { Store, Write } from '../../../cp/store/store.ts'
import { aDataplane, aDraft, aGuardedStore, aKey, aMesh } from '../../support/guarded-fixture.ts'

t.test('stores a resource and says whether it is new', async t => {
  const { store, guarded } = aGuardedStore()
  t.match(await guarded.put(meshKind, aMesh('m1')), {
    ok: true,
    created: true,
    resource: { name: 'm1', revision: 1 },
  })
  t.match(await guarded.put(dataplaneKind, aDataplane('a')), { ok: true, created: true })
  t.match(await guarded.put(dataplaneKind, aDataplane('a', { team: 'x' })), { ok: true, created: false })
  t.equal(store.revision(), 3)
  const same = await guarded.put(dataplaneKind, aDataplane('a', { team: 'x' }))
  t.match(same, { ok: true, created: false, resource: { revision: 3 } })
  t.equal(store.revision(), 3, 'what changes nothing makes no revision')
})

t.test('gives the warnings of the kind', async t => {
  const { guarded } = aGuardedStore()
  const result = await guarded.put(meshKind, aMesh('m1'))
  t.match(result, { ok: true, warnings: [/no mTLS/] })
})

t.test('refuses what belongs to a mesh that is not there', async t => {
  const { store, guarded } = aGuardedStore()
  await t.rejects(guarded.put(dataplaneKind, aDataplane('a')), {
    code: 'store.mesh-missing',
    details: { mesh: 'm1' },
  })
  t.equal(store.revision(), 0)
})

t.test('holds Dataplanes to the constraints of their mesh', async t => {
  const { store, guarded } = aGuardedStore()
  const requirements = [{ tags: { team: '*' } }]
  const restrictions = [{ tags: { team: 'x' } }]
  await guarded.put(
    meshKind,
    aMesh('m1', { constraints: { dataplaneProxy: { requirements, restrictions } } }),
  )
  t.match(await guarded.put(dataplaneKind, aDataplane('a')), {
    ok: false,
    title: 'Failed to create a resource',
    violations: [
      {
        field: 'networking.inbound[0].tags',
        message: /^dataplane cannot be a member of mesh "m1".*requirements/,
      },
    ],
  })
  t.match(await guarded.put(dataplaneKind, aDataplane('a', { team: 'x' })), {
    ok: false,
    violations: [{ message: /matches restricted tags/ }],
  })
  t.match(await guarded.put(dataplaneKind, aDataplane('a', { team: 'y' })), { ok: true })
  t.match(await guarded.put(dataplaneKind, aDataplane('a')), {
    ok: false,
    title: 'Failed to update a resource',
  })
  t.equal(store.revision(), 2)
})

t.test('does not change the CA of a mesh while mTLS is on', async t => {
  const { guarded } = aGuardedStore()
  const withBackend = (name: string): MeshSpec => ({
    mtls: { enabledBackend: name, backends: [{ name, type: 'builtin' }] },
  })
  await guarded.put(meshKind, aMesh('m1', withBackend('ca-1')))
  t.match(await guarded.put(meshKind, aMesh('m1', withBackend('ca-2'))), {
    ok: false,
    title: 'Failed to update a resource',
    violations: [{ field: 'mtls.enabledBackend', message: /^Changing CA/ }],
  })
  t.match(await guarded.put(meshKind, aMesh('m1')), { ok: true })
  t.match(await guarded.put(meshKind, aMesh('m1', withBackend('ca-2'))), { ok: true })
})

t.test('commits what hooks add with the resource, or nothing', async t => {
  const seen: unknown[] = []
  const addSecret: WriteHook = async (draft, before, read) => {
    seen.push([draft.name, before?.revision ?? null, (await read.list('Secret')).length])
    if (draft.type !== 'Mesh' || before !== null) return []
    return [{ op: 'put', resource: aDraft('Secret', 'key', draft.name), expectedRevision: 0 }]
  }
  const { store, guarded } = aGuardedStore({ hooks: [addSecret] })
  await guarded.put(meshKind, aMesh('m1'))
  t.equal((await store.get(aKey('Secret', 'key')))?.revision, 1)
  await guarded.put(meshKind, { ...aMesh('m1'), labels: { a: 'b' } })
  t.same(seen, [
    ['m1', null, 0],
    ['m1', 1, 1],
  ])
  const fail: WriteHook = async () => {
    throw new Error('no key')
  }
  const failing = aGuardedStore({ hooks: [fail] })
  await t.rejects(failing.guarded.put(meshKind, aMesh('m1')), { message: 'no key' })
  t.equal(failing.store.revision(), 0)
})

t.test('tells a caller who named a revision of the conflict, and settles others itself', async t => {
  const inner = createMemoryStore()
  let interfere = true
  const store: Store = {
    ...inner,
    async commit(writes: readonly Write[]) {
      if (interfere) {
        interfere = false
        await inner.commit([{ op: 'put', resource: { ...aMesh('m1'), labels: { by: 'another' } } }])
      }
      return inner.commit(writes)
    },
  }
  const { guarded } = aGuardedStore({ store })
  t.match(await guarded.put(meshKind, aMesh('m1')), { ok: true, created: false, resource: { revision: 2 } })
  await t.rejects(guarded.put(meshKind, { ...aMesh('m1'), labels: { a: 'b' } }, { expectedRevision: 1 }), {
    code: 'store.conflict',
  })
  await t.rejects(guarded.delete(aKey('Mesh', 'm1', ''), { expectedRevision: 1 }), {
    code: 'store.conflict',
  })
  t.match(await guarded.delete(aKey('Mesh', 'm1', ''), { expectedRevision: 2 }), { deleted: true })
})

t.test('asks for the right to replace what is there at the commit, not what was there before', async t => {
  const inner = createMemoryStore()
  await inner.commit([{ op: 'put', resource: { ...aMesh('m1'), labels: { owner: 'ann' } } }])
  let interfere = true
  const store: Store = {
    ...inner,
    async commit(writes: readonly Write[]) {
      if (interfere)
        await inner.commit([{ op: 'put', resource: { ...aMesh('m1'), labels: { owner: 'bob' } } }])
      interfere = false
      return inner.commit(writes)
    },
  }
  const { guarded } = aGuardedStore({ store })
  const seen: unknown[] = []
  const permit = (before: { readonly labels: Labels } | null): void => {
    seen.push(before?.labels['owner'])
    if (before?.labels['owner'] !== 'ann') throw new Error('not yours')
  }
  const writes: readonly (() => Promise<unknown>)[] = [
    () => guarded.put(meshKind, { ...aMesh('m1'), labels: { owner: 'ann' } }, { permit }),
    () => guarded.delete(aKey('Mesh', 'm1', ''), { permit }),
    () => guarded.put(meshKind, aMesh('m1'), { permit, isDryRun: true }),
  ]
  for (const write of writes) await t.rejects(write(), { message: 'not yours' })
  t.same(seen, ['ann', 'bob', 'bob', 'bob'])
  t.match(await store.get(aKey('Mesh', 'm1', '')), { labels: { owner: 'bob' } })
})

t.test('leaves no Dataplane in a mesh that is deleted at the same moment', async t => {
  for (let round = 0; round < 20; round++) {
    const { store, guarded } = aGuardedStore()
    await guarded.put(meshKind, aMesh('m1'))
    const writes: Promise<unknown>[] = Array.from({ length: 5 }, (_, index) =>
      guarded.put(dataplaneKind, aDataplane(`dp-${index}`)),
    )
    const at = round % 6
    writes.splice(at, 0, guarded.delete(aKey('Mesh', 'm1', '')))
    await Promise.allSettled(writes)
    const hasMesh = (await store.get(aKey('Mesh', 'm1', ''))) !== null
    const count = (await store.list('Dataplane')).length
    t.ok(hasMesh ? count === 5 : count === 0, `mesh ${hasMesh ? 'stays' : 'goes'}, ${count} Dataplanes`)
  }
})
