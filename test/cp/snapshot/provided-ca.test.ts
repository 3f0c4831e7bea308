/** Data planes are told of a provided CA, and of a new one as soon as both of its secrets are there. */
import t from 'tap'
import type { Trust } from '#contract/identity.ts'
import { MeshAuthority } from '../../../cp/ca/mesh-authority.ts'
import type { ResourceDraft } from '../../../cp/kinds/kind.ts'
import type { ProxySnapshot } from '../../../cp/snapshot/builder.ts'
import { Scheduler } from '../../../cp/snapshot/scheduler.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { caSecrets, makeOperatorCa, providedMesh } from '../../support/provided-ca.ts'
import { aDataplane } from '../../support/resources.ts'

t.test('a change of the secrets becomes a new snapshot, half of a change does not', async t => {
  const store = createMemoryStore()
  const put = (...drafts: readonly ResourceDraft[]) =>
    store.commit(drafts.map(resource => ({ op: 'put', resource })))
  const [old, next] = [makeOperatorCa({ name: 'Old' }), makeOperatorCa({ sort: 'rsa', name: 'New' })]
  await put(providedMesh(), ...caSecrets(old), aDataplane('web-1'))
  const sent: (ProxySnapshot | null)[] = []
  const scheduler = new Scheduler({
    store,
    ca: new MeshAuthority(store),
    log: silentLogger(),
    onSnapshot: (_mesh, _name, snapshot) => void sent.push(snapshot),
  })
  await scheduler.start()
  t.teardown(() => scheduler.stop())
  t.same(rootsIn(scheduler.connect('default', 'web-1')), [old.chainPem])

  const [cert, key] = caSecrets(next)
  await put(cert)
  await scheduler.caughtUp()
  t.same(sent, [], 'the halves do not fit')
  await put(key)
  await scheduler.caughtUp()
  t.same(sent.map(rootsIn), [[next.chainPem]])
  await put({ ...cert, name: 'other' })
  await scheduler.caughtUp()
  t.equal(sent.length, 1, 'other secrets touch nobody')
})

function rootsIn(snapshot: ProxySnapshot | null): readonly string[] {
  return (JSON.parse(snapshot?.sections.get('trust/default')?.json ?? '{"roots":[]}') as Trust).roots
}
