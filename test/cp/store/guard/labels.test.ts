/** The labels and tags that the control plane adds, and those that it refuses or keeps. */
import t from 'tap'
import type { Kind, ResourceDraft } from '../../../../cp/kinds/kind.ts'
import { mesh as meshKind } from '../../../../cp/kinds/mesh/mesh.ts'
import { dataplane as dataplaneKind } from '../../../../cp/kinds/proxy/dataplane.ts'
import { aDataplane, aDraft, aGuardedStore, aMesh, kindOf } from '../../../support/guarded-fixture.ts'

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

t.test('adds none to a resource that is stored without and sent as it is', async t => {
  const { store, guarded } = aGuardedStore()
  const key = aDraft('GlobalSecret', 's', '')
  await store.commit([{ op: 'put', resource: key }])
  t.match(await guarded.put(kindOf('GlobalSecret'), key), { ok: true, changes: [] })
  const labelled = await guarded.put(kindOf('GlobalSecret'), { ...key, labels: { team: 'x' } })
  t.match(labelled, { resource: { labels: { 'kuma.io/env': 'universal', team: 'x' } } })
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
  t.match(global, { ok: false, violations: [{ field: 'labels["kuma.io/origin"]' }] })
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

t.test('says which listeners of zones a Dataplane has', async t => {
  const { guarded } = aGuardedStore()
  await guarded.put(meshKind, aMesh('m1'))
  const listeners = [{ type: 'ZoneIngress' as const, address: '10.0.0.1', port: 10001 }]
  const spec = { networking: { address: '10.0.0.1', listeners } }
  t.match(await guarded.put(dataplaneKind, { ...aDataplane('a'), spec }), {
    resource: {
      labels: { 'kuma.io/listener-zoneingress': 'enabled', 'kuma.io/listener-zoneegress': undefined },
    },
  })
})
