/** What every write of people and data planes goes through: mesh, labels, zone, constraints, deletions, hooks. */
import t from 'tap'
import type { Kind, ResourceDraft, ResourceKey } from '../../../cp/kinds/kind.ts'
import { type MeshSpec, mesh as meshKind } from '../../../cp/kinds/mesh/mesh.ts'
import { type DataplaneSpec, dataplane as dataplaneKind } from '../../../cp/kinds/proxy/dataplane.ts'
import { kinds } from '../../../cp/kinds/registry.ts'
import { createGuardedStore, type GuardedStore, type WriteHook } from '../../../cp/store/guarded-store.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import type { Store, Write } from '../../../cp/store/store.ts'
import { silentLogger } from '../../../dp/base/log.ts'

interface Fixture {
  readonly store: Store
  readonly guarded: GuardedStore
}

function aGuardedStore(options: { hooks?: readonly WriteHook[]; unsafeDelete?: boolean } = {}): Fixture {
  const store = createMemoryStore()
  const { hooks = [], unsafeDelete = false } = options
  return {
    store,
    guarded: createGuardedStore({ store, zone: 'z1', hooks, unsafeDelete, log: silentLogger() }),
  }
}

function aMesh(name: string, spec: MeshSpec = {}): ResourceDraft<MeshSpec> {
  return { type: 'Mesh', mesh: '', name, labels: {}, spec }
}

function aDataplane(
  name: string,
  tags: Record<string, string> = {},
  mesh = 'm1',
): ResourceDraft<DataplaneSpec> {
  const inbound = [{ port: 80, tags: { 'kuma.io/service': 'web', ...tags } }]
  return { type: 'Dataplane', mesh, name, labels: {}, spec: { networking: { address: '10.0.0.1', inbound } } }
}

function kindOf(type: string): Kind {
  const kind = kinds.find(one => one.type === type)
  if (kind === undefined) throw new Error(`there is no kind ${type}`)
  return kind
}

function aDraft(type: string, name: string, mesh = 'm1', labels: Record<string, string> = {}): ResourceDraft {
  return { type, mesh, name, labels, spec: { data: 'eA==' } }
}

const keyOf = (type: string, name: string, mesh = 'm1'): ResourceKey => ({ type, mesh, name })

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

t.test('adds labels by kind, sorted, and keeps those that were sent', async t => {
  const { guarded } = aGuardedStore()
  const labelsOf = async (kind: Kind, draft: ResourceDraft): Promise<unknown> => {
    const result = await guarded.put(kind, draft)
    return result.ok ? Object.entries(result.resource.labels) : result
  }
  t.same(await labelsOf(meshKind, { ...aMesh('m1'), labels: { team: 'x' } }), [['team', 'x']])
  t.same(await labelsOf(kindOf('Secret'), aDraft('Secret', 's', 'm1', { zzz: '1', 'kuma.io/env': 'mine' })), [
    ['kuma.io/env', 'mine'],
    ['kuma.io/mesh', 'm1'],
    ['kuma.io/origin', 'zone'],
    ['kuma.io/zone', 'z1'],
    ['zzz', '1'],
  ])
  t.same(await labelsOf(kindOf('GlobalSecret'), aDraft('GlobalSecret', 's', '')), [
    ['kuma.io/env', 'universal'],
    ['kuma.io/origin', 'zone'],
    ['kuma.io/zone', 'z1'],
  ])
  t.same(await labelsOf(dataplaneKind, { ...aDataplane('a'), labels: { 'kuma.io/proxy-type': 'gateway' } }), [
    ['kuma.io/env', 'universal'],
    ['kuma.io/mesh', 'm1'],
    ['kuma.io/origin', 'zone'],
    ['kuma.io/proxy-type', 'sidecar'],
    ['kuma.io/zone', 'z1'],
  ])
  const networking = {
    address: '10.0.0.1',
    gateway: { type: 'BUILTIN', tags: { 'kuma.io/service': 'gw' } },
  } as const
  const gateway = await guarded.put(dataplaneKind, { ...aDataplane('gw'), spec: { networking } })
  t.match(gateway, {
    resource: {
      labels: { 'kuma.io/proxy-type': 'gateway' },
      spec: { networking: { gateway: { tags: { 'kuma.io/service': 'gw', 'kuma.io/zone': 'z1' } } } },
    },
  })
})

t.test('refuses labels that say something else, all at once', async t => {
  const { store, guarded } = aGuardedStore()
  await guarded.put(meshKind, aMesh('m1'))
  const labels = {
    'kuma.io/mesh': 'm2',
    'kuma.io/origin': 'foo',
    'kuma.io/zone': 'z2',
    'kuma.io/workload': 'A',
  }
  const result = await guarded.put(dataplaneKind, { ...aDataplane('a'), labels })
  t.match(result, {
    ok: false,
    title: 'Could not process a resource',
    violations: [
      {
        field: 'labels["kuma.io/mesh"]',
        message: 'kuma.io/mesh label must not differ from mesh set on resource',
      },
      { field: 'labels["kuma.io/origin"]', message: 'unknown resource origin "foo"' },
      { field: 'labels["kuma.io/zone"]', message: 'kuma.io/zone label should have z1 value' },
      { field: 'labels["kuma.io/workload"]', message: /^a DNS-1035 label must consist of/ },
    ],
  })
  const global = await guarded.put(dataplaneKind, {
    ...aDataplane('a'),
    labels: { 'kuma.io/origin': 'global' },
  })
  t.match(global, { ok: false, violations: [{ message: /no global/ }] })
  t.equal(store.revision(), 1)
})

t.test('keeps labels that cannot change', async t => {
  const { guarded } = aGuardedStore()
  await guarded.put(meshKind, aMesh('m1'))
  const put = (labels: Record<string, string>) => guarded.put(dataplaneKind, { ...aDataplane('a'), labels })
  await put({ 'kuma.io/display-name': 'shown' })
  const field = 'labels["kuma.io/display-name"]'
  const title = 'Could not update a resource'
  t.match(await put({}), {
    ok: false,
    title,
    violations: [{ field, message: 'is immutable, cannot be removed (was "shown")' }],
  })
  t.match(await put({ 'kuma.io/display-name': 'b' }), {
    ok: false,
    title,
    violations: [{ field, message: 'is immutable, cannot be changed from "shown" to "b"' }],
  })
  t.match(await put({ 'kuma.io/display-name': 'shown', team: 'x' }), { ok: true })
})

t.test('puts the zone on every inbound, whatever was sent', async t => {
  const { guarded } = aGuardedStore()
  await guarded.put(meshKind, aMesh('m1'))
  const draft = aDataplane('a', { 'kuma.io/zone': 'elsewhere' })
  t.match(await guarded.put(dataplaneKind, draft), {
    resource: {
      spec: { networking: { inbound: [{ tags: { 'kuma.io/service': 'web', 'kuma.io/zone': 'z1' } }] } },
    },
  })
  t.equal(draft.spec.networking?.inbound?.[0]?.tags?.['kuma.io/zone'], 'elsewhere', 'the draft is left alone')
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

t.test('deletes what is there and says when nothing was', async t => {
  const { store, guarded } = aGuardedStore()
  await guarded.put(meshKind, aMesh('m1'))
  await guarded.put(dataplaneKind, aDataplane('a'))
  const insight = { ...aDraft('DataplaneInsight', 'a'), spec: {} }
  await store.commit([{ op: 'put', resource: insight }])
  t.same(await guarded.delete(keyOf('Dataplane', 'a')), { ok: true, deleted: true })
  t.equal(await store.get(keyOf('DataplaneInsight', 'a')), null, 'the insight goes with its Dataplane')
  t.equal(store.revision(), 4, 'in one commit')
  t.same(await guarded.delete(keyOf('Dataplane', 'a')), { ok: true, deleted: false })
})

t.test('deletes a mesh with all that is in it, but not with Dataplanes', async t => {
  const { store, guarded } = aGuardedStore()
  for (const name of ['m1', 'm2']) {
    await guarded.put(meshKind, aMesh(name))
    await guarded.put(kindOf('Secret'), aDraft('Secret', 's', name))
    await guarded.put(dataplaneKind, aDataplane('a', {}, name))
  }
  const mesh = keyOf('Mesh', 'm1', '')
  t.match(await guarded.delete(mesh), {
    ok: false,
    title: 'Could not delete a resource',
    violations: [
      { field: 'mesh', message: 'unable to delete mesh, there are still some dataplanes attached' },
    ],
  })
  await guarded.delete(keyOf('Dataplane', 'a'))
  const before = store.revision()
  t.match(await guarded.delete(mesh), { ok: true, deleted: true })
  t.equal(store.revision(), before + 1)
  t.same(
    (await store.list('Secret')).map(one => one.mesh),
    ['m2'],
  )
  const unsafe = createGuardedStore({ store, zone: 'z1', hooks: [], log: silentLogger(), unsafeDelete: true })
  t.match(await unsafe.delete(keyOf('Mesh', 'm2', '')), { ok: true, deleted: true })
  t.same([...(await store.list('Secret')), ...(await store.list('Dataplane'))], [])
})

t.test('keeps a secret that the CA of its mesh needs', async t => {
  const { store, guarded } = aGuardedStore()
  const mtls = { enabledBackend: 'ca', backends: [{ name: 'ca', type: 'builtin' }] }
  await guarded.put(meshKind, aMesh('m1', { mtls }))
  for (const name of ['m1.ca-builtin-cert-ca', 'm1.ca-builtin-key-ca', 'm1.ca-builtin-key-other']) {
    await guarded.put(kindOf('Secret'), aDraft('Secret', name))
  }
  t.match(await guarded.delete(keyOf('Secret', 'm1.ca-builtin-cert-ca')), {
    ok: false,
    violations: [
      {
        field: 'name',
        message:
          'The secret "m1.ca-builtin-cert-ca" that you are trying to remove is currently in use in Mesh "m1" in mTLS backend "ca". Please remove the reference from the "ca" backend before removing the secret.',
      },
    ],
  })
  t.match(await guarded.delete(keyOf('Secret', 'm1.ca-builtin-key-ca')), { ok: false })
  t.match(await guarded.delete(keyOf('Secret', 'm1.ca-builtin-key-other')), { ok: true })
  t.match(await guarded.delete(keyOf('Mesh', 'm1', '')), { ok: true }, 'the mesh takes them along')
  t.same(await store.list('Secret'), [])
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
  t.equal((await store.get(keyOf('Secret', 'key')))?.revision, 1)
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
  const guarded = createGuardedStore({ store, zone: 'z1', hooks: [], log: silentLogger() })
  t.match(await guarded.put(meshKind, aMesh('m1')), { ok: true, created: false, resource: { revision: 2 } })
  await t.rejects(guarded.put(meshKind, { ...aMesh('m1'), labels: { a: 'b' } }, { expectedRevision: 1 }), {
    code: 'store.conflict',
  })
  await t.rejects(guarded.delete(keyOf('Mesh', 'm1', ''), { expectedRevision: 1 }), {
    code: 'store.conflict',
  })
  t.match(await guarded.delete(keyOf('Mesh', 'm1', ''), { expectedRevision: 2 }), { deleted: true })
})

t.test('leaves no Dataplane in a mesh that is deleted at the same moment', async t => {
  for (let round = 0; round < 20; round++) {
    const { store, guarded } = aGuardedStore()
    await guarded.put(meshKind, aMesh('m1'))
    const writes: Promise<unknown>[] = Array.from({ length: 5 }, (_, index) =>
      guarded.put(dataplaneKind, aDataplane(`dp-${index}`)),
    )
    const at = round % 6
    writes.splice(at, 0, guarded.delete(keyOf('Mesh', 'm1', '')))
    await Promise.allSettled(writes)
    const hasMesh = (await store.get(keyOf('Mesh', 'm1', ''))) !== null
    const count = (await store.list('Dataplane')).length
    t.ok(hasMesh ? count === 5 : count === 0, `mesh ${hasMesh ? 'stays' : 'goes'}, ${count} Dataplanes`)
  }
})
