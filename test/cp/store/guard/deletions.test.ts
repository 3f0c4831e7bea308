/** What cannot be deleted, and what goes with what is. */
import t from 'tap'
import { mesh as meshKind } from '../../../../cp/kinds/mesh/mesh.ts'
import { dataplane as dataplaneKind } from '../../../../cp/kinds/proxy/dataplane.ts'
import { aDataplane, aDraft, aGuardedStore, aKey, aMesh, kindOf } from '../../../support/guarded-fixture.ts'

t.test('deletes what is there and says when nothing was', async t => {
  const { store, guarded } = aGuardedStore()
  await guarded.put(meshKind, aMesh('m1'))
  await guarded.put(dataplaneKind, aDataplane('a'))
  const insight = { ...aDraft('DataplaneInsight', 'a'), spec: {} }
  await store.commit([{ op: 'put', resource: insight }])
  t.match(await guarded.delete(aKey('Dataplane', 'a')), { ok: true, deleted: true })
  t.equal(await store.get(aKey('DataplaneInsight', 'a')), null, 'the insight goes with its Dataplane')
  t.equal(store.revision(), 4, 'in one commit')
  t.same(await guarded.delete(aKey('Dataplane', 'a')), { ok: true, deleted: false, changes: [] })
})

t.test('deletes a mesh with all that is in it, but not with Dataplanes', async t => {
  const { store, guarded } = aGuardedStore()
  for (const name of ['m1', 'm2']) {
    await guarded.put(meshKind, aMesh(name))
    await guarded.put(kindOf('Secret'), aDraft('Secret', 's', name))
    await guarded.put(dataplaneKind, aDataplane('a', {}, name))
  }
  const mesh = aKey('Mesh', 'm1', '')
  t.match(await guarded.delete(mesh), {
    ok: false,
    title: 'Could not delete a resource',
    violations: [
      { field: 'mesh', message: 'unable to delete mesh, there are still some dataplanes attached' },
    ],
  })
  await guarded.delete(aKey('Dataplane', 'a'))
  const before = store.revision()
  t.match(await guarded.delete(mesh), { ok: true, deleted: true })
  t.equal(store.revision(), before + 1)
  t.same(
    (await store.list('Secret')).map(one => one.mesh),
    ['m2'],
  )
  const unsafe = aGuardedStore({ store, unsafeDelete: true })
  t.match(await unsafe.guarded.delete(aKey('Mesh', 'm2', '')), { ok: true, deleted: true })
  t.same([...(await store.list('Secret')), ...(await store.list('Dataplane'))], [])
})

t.test('keeps a secret that the CA of its mesh needs', async t => {
  const { store, guarded } = aGuardedStore()
  const mtls = { enabledBackend: 'ca', backends: [{ name: 'ca', type: 'builtin' }] }
  await guarded.put(meshKind, aMesh('m1', { mtls }))
  for (const name of ['m1.ca-builtin-cert-ca', 'm1.ca-builtin-key-ca', 'm1.ca-builtin-key-other']) {
    await guarded.put(kindOf('Secret'), aDraft('Secret', name))
  }
  t.match(await guarded.delete(aKey('Secret', 'm1.ca-builtin-cert-ca')), {
    ok: false,
    violations: [
      {
        field: 'name',
        message:
          'The secret "m1.ca-builtin-cert-ca" that you are trying to remove is currently in use in Mesh "m1" in mTLS backend "ca". Please remove the reference from the "ca" backend before removing the secret.',
      },
    ],
  })
  t.match(await guarded.delete(aKey('Secret', 'm1.ca-builtin-key-ca')), { ok: false })
  t.match(await guarded.delete(aKey('Secret', 'm1.ca-builtin-key-other')), { ok: true })
  t.match(await guarded.delete(aKey('Mesh', 'm1', '')), { ok: true }, 'the mesh takes them along')
  t.same(await store.list('Secret'), [])
})
