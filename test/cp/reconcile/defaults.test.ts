/** What a fresh control plane starts with (decisions, "A new mesh"; kuma-api 5.7). */
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import { Tokens } from '../../../cp/auth/tokens.ts'
import { kinds } from '../../../cp/kinds/registry.ts'
import { showResource } from '../../../cp/kinds/show.ts'
import { readResource } from '../../../cp/kinds/validate.ts'
import { defaultPoliciesHook } from '../../../cp/reconcile/default-policies.ts'
import { createFirstResources, newMeshHook } from '../../../cp/reconcile/defaults.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import type { Store } from '../../../cp/store/store.ts'
import { aGuardedStore, kindOf } from '../../support/guarded-fixture.ts'

t.test('the mesh default has a CA and a permission for all, and no other policy', async t => {
  const store = await started()
  const inMesh = await Promise.all(
    kinds.filter(kind => kind.scope === 'Mesh').map(kind => store.list(kind.type, 'default')),
  )
  t.same(
    inMesh.flat().map(({ type, name }) => `${type} ${name}`),
    [
      'Secret dataplane-token-signing-key-default-1',
      'Secret default.ca-builtin-cert-ca-1',
      'Secret default.ca-builtin-key-ca-1',
      'MeshTrafficPermission allow-all-default',
    ],
  )
})

t.test('host names of this zone have two generators', async t => {
  const store = await started()
  const kind = kindOf('HostnameGenerator')
  const shown = (await store.list('HostnameGenerator')).map(resource => showResource(kind, resource))
  const labels = { 'kuma.io/origin': 'zone' }
  t.match(shown, [
    {
      name: 'local-mesh-external-service',
      kri: 'kri_hg____local-mesh-external-service_',
      spec: {
        selector: { meshExternalService: { matchLabels: labels } },
        template: '{{ .DisplayName }}.extsvc.mesh.local',
      },
    },
    {
      name: 'local-universal-mesh-service',
      spec: {
        selector: { meshService: { matchLabels: labels } },
        template: '{{ .DisplayName }}.svc.mesh.local',
      },
    },
  ])
  for (const one of shown) {
    t.same(one['labels'], labels)
    t.match(readResource(kind, one), { ok: true, unknownFields: [] }, 'can be applied again')
  }
})

t.test('settings leave out the mesh and the generators', async t => {
  const store = await started({ skipMeshCreation: true, skipHostnameGenerators: true })
  t.same(await store.list('Mesh'), [])
  t.same(await store.list('HostnameGenerator'), [])
})

t.test('what an operator deleted stays deleted', async t => {
  const store = await started()
  const { guarded } = aGuardedStore({ store })
  await guarded.delete({ type: 'Mesh', mesh: '', name: 'default' })
  for (const generator of await store.list('HostnameGenerator')) await guarded.delete(generator)
  await started({}, store)
  t.same(await store.list('Mesh'), [])
  t.same(await store.list('HostnameGenerator'), [])
})

t.test('what it made is applied as it is shown without a change', async t => {
  const store = await started()
  const { guarded } = aGuardedStore({ store })
  for (const kind of kinds.filter(one => !one.readOnly)) {
    for (const resource of await store.list(kind.type)) {
      const read = readResource(kind, JSON.parse(JSON.stringify(showResource(kind, resource))))
      if (!read.ok) throw new Error(read.detail)
      t.match(await guarded.put(kind, read.draft), { ok: true, changes: [] }, `${kind.type} ${resource.name}`)
    }
  }
})

async function started(
  options: { readonly skipMeshCreation?: boolean; readonly skipHostnameGenerators?: boolean } = {},
  store: Store = createMemoryStore(),
): Promise<Store> {
  const tokens = new Tokens(store)
  const { guarded } = aGuardedStore({ store, hooks: [newMeshHook(store, tokens), defaultPoliciesHook('z1')] })
  await createFirstResources({
    store,
    guarded,
    tokens,
    zone: 'z1',
    skipMeshCreation: false,
    skipHostnameGenerators: false,
    bootstrapAdminToken: false,
    log: silentLogger(),
    ...options,
  })
  return store
}
