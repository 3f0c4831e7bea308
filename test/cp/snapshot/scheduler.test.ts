/** Promises of cp/snapshot/scheduler.ts: who gets a snapshot when, and never one that nobody could run. */
import t from 'tap'
import { createLogger } from '#base/log.ts'
import type { Cluster } from '#contract/cluster.ts'
import type { Trust } from '#contract/identity.ts'
import { BuiltinAuthority, builtinCaSecrets } from '../../../cp/ca/builtin.ts'
import type { CertificateAuthority } from '../../../cp/ca/ca.ts'
import type { ResourceDraft } from '../../../cp/kinds/kind.ts'
import type { ProxySnapshot } from '../../../cp/snapshot/builder.ts'
import { Scheduler } from '../../../cp/snapshot/scheduler.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { aDataplane, aMesh, aPermission } from '../../support/resources.ts'

type Test = import('tap').Test

const WEB = aDataplane('web-1', { calls: ['api'] })
const CA = await builtinCaSecrets('default', 'ca-1', undefined)

t.test('where nothing changes for a data plane, nothing is sent to it', async t => {
  const one = await scheduling(t, [aMesh(), ...CA, WEB, aDataplane('job-1', { calls: ['db'] })])
  one.scheduler.connect('default', 'web-1')
  one.scheduler.connect('default', 'job-1')
  await one.scheduler.idle()
  await one.put(aDataplane('db-1', { service: 'db' }))
  t.same(one.sentTo(), ['job-1'])
  await one.put(aDataplane('db-1', { service: 'db' }))
  t.same(one.sentTo(), ['job-1'], 'written again as it was')
})

t.test('changes that come together are one snapshot', async t => {
  const one = await scheduling(t, [aMesh(), ...CA, WEB])
  one.scheduler.connect('default', 'web-1')
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => one.commit(aDataplane(`api-${i}`, { service: 'api' }))),
  )
  await one.scheduler.idle()
  t.equal(one.sent.length, 1)
})

t.test('a snapshot waits for the roots of a new mesh: nobody gets one without', async t => {
  const gate = Promise.withResolvers<void>()
  const one = await scheduling(t, [], { rootsWait: () => gate.promise })
  await one.put(aMesh(), ...CA, WEB)
  t.equal(one.scheduler.connect('default', 'web-1'), null)
  await one.put(aDataplane('api-1', { service: 'api' }))
  t.same(one.sent, [])
  gate.resolve()
  await one.next()
  t.equal(one.roots('web-1').length, 1)
})

t.test('mTLS is switched on and off under a connected data plane, each with its roots', async t => {
  let wait = Promise.resolve()
  const one = await scheduling(t, [aMesh('default', { mtls: false }), WEB], { rootsWait: () => wait })
  const first = one.scheduler.connect('default', 'web-1')
  t.notOk(first?.sections.has('trust/default'))
  const gate = Promise.withResolvers<void>()
  wait = gate.promise
  await one.put(aMesh(), ...CA)
  t.same(one.sent, [], 'the roots are not read yet')
  gate.resolve()
  await one.next()
  t.equal(one.roots('web-1').length, 1)
  t.not(one.last('web-1').identity, null)
  await one.put(aMesh('default', { mtls: false }))
  t.notOk(one.last('web-1').sections.has('trust/default'))
  t.equal(one.last('web-1').identity, null)
})

t.test(
  'a new CA reaches everybody; one that cannot be read leaves the old one in force, and says so',
  async t => {
    const one = await scheduling(t, [aMesh(), ...CA, WEB])
    const before = one.rootsIn(one.scheduler.connect('default', 'web-1'))
    const [cert, key] = await builtinCaSecrets('default', 'ca-1', undefined)
    if (cert === undefined || key === undefined) throw new Error('a CA is two secrets')
    await one.put({ ...cert, spec: { data: Buffer.from('PEM').toString('base64') } })
    t.same(one.sent, [])
    t.match(one.log(), /cannot read the roots of the mesh/)
    await one.put(cert, key)
    t.notSame(one.roots('web-1'), before)
  },
)

t.test('a deleted Dataplane and a deleted mesh end the snapshots of their data planes', async t => {
  const one = await scheduling(t, [aMesh(), ...CA, WEB, aDataplane('job-1')])
  one.scheduler.connect('default', 'web-1')
  one.scheduler.connect('default', 'job-1')
  await one.remove('Dataplane', 'default', 'web-1')
  t.same(one.sent.at(-1), ['web-1', null])
  await one.remove('Mesh', '', 'default')
  t.same(one.sent.at(-1), ['job-1', null])
})

t.test('two meshes that call a service of one name without instances have a cluster each', async t => {
  const other = { ...aMesh('other'), name: 'other' }
  const otherCa = await builtinCaSecrets('other', 'ca-1', undefined)
  const one = await scheduling(t, [aMesh(), ...CA, other, ...otherCa, WEB, { ...WEB, mesh: 'other' }])
  for (const mesh of ['default', 'other']) {
    const section = one.scheduler.connect(mesh, 'web-1')?.sections.get('cluster/api')
    t.equal((JSON.parse(section?.json ?? '{}') as Cluster).tls?.trustDomain, mesh)
  }
})

t.test('a data plane that cannot be compiled holds up no other, and the process lives', async t => {
  const one = await scheduling(t, [aMesh(), ...CA, WEB, aDataplane('bad-1')], {
    onSnapshot: name => {
      if (name === 'bad-1') throw new Error('no luck')
    },
  })
  one.scheduler.connect('default', 'bad-1')
  one.scheduler.connect('default', 'web-1')
  await one.put(aPermission('none', undefined, [[{ kind: 'Mesh' }, 'Deny']]))
  t.ok(one.sentTo().includes('web-1'))
  t.match(one.log(), /cannot make the snapshot of a data plane/)
  await one.put(aPermission('none', undefined, [[{ kind: 'Mesh' }, 'Allow']]))
  t.equal(one.sentTo().filter(name => name === 'web-1').length, 2)
})

t.test('a mesh with many changes does not keep another one waiting', async t => {
  const many = Array.from({ length: 300 }, (_, i) => aDataplane(`web-${i}`, { calls: ['api'] }))
  const otherCa = await builtinCaSecrets('other', 'ca-1', undefined)
  const small = { ...aDataplane('job-1', { calls: ['db'] }), mesh: 'other' }
  const one = await scheduling(t, [aMesh(), ...CA, aMesh('other'), ...otherCa, ...many, small], {
    onSnapshot: () => {
      const until = performance.now() + 1
      while (performance.now() < until);
    },
  })
  for (const { name } of many) one.scheduler.connect('default', name)
  one.scheduler.connect('other', 'job-1')
  await one.scheduler.idle()
  await one.commit(aDataplane('api-1', { service: 'api' }))
  await one.commit({ ...aDataplane('db-1', { service: 'db' }), mesh: 'other' })
  await one.scheduler.idle()
  t.equal(one.sent.length, 301)
  t.ok(one.sentTo().indexOf('job-1') < 100, `its turn came as number ${one.sentTo().indexOf('job-1')}`)
})

t.test('after its end nobody waits for it', async t => {
  const one = await scheduling(t, [aMesh(), ...CA, WEB])
  one.scheduler.connect('default', 'web-1')
  await one.commit(aDataplane('api-1', { service: 'api' }))
  const idle = one.scheduler.idle()
  one.scheduler.stop()
  await idle
  t.same(one.sent, [])
})

async function scheduling(
  t: Test,
  resources: readonly ResourceDraft[],
  options: { readonly rootsWait?: () => Promise<void>; readonly onSnapshot?: (name: string) => void } = {},
) {
  const store = createMemoryStore()
  const commit = async (...written: readonly ResourceDraft[]): Promise<void> => {
    await store.commit(written.map(resource => ({ op: 'put', resource })))
  }
  if (resources.length > 0) await commit(...resources)
  const builtin = new BuiltinAuthority(store)
  const ca: CertificateAuthority = {
    issue: request => builtin.issue(request),
    roots: async (mesh, backend) => {
      await options.rootsWait?.()
      return builtin.roots(mesh, backend)
    },
  }
  const sent: [name: string, snapshot: ProxySnapshot | null][] = []
  const lines: string[] = []
  let wake = (): void => {}
  const scheduler = new Scheduler({
    store,
    ca,
    log: createLogger({ level: 'debug', name: 'test', to: { write: line => void lines.push(line) } }),
    onSnapshot: (_mesh, name, snapshot) => {
      sent.push([name, snapshot])
      wake()
      options.onSnapshot?.(name)
    },
  })
  await scheduler.start()
  t.teardown(() => scheduler.stop())
  const rootsIn = (snapshot: ProxySnapshot | null): readonly string[] =>
    (JSON.parse(snapshot?.sections.get('trust/default')?.json ?? '{"roots":[]}') as Trust).roots
  const last = (name: string): ProxySnapshot => {
    const found = sent.findLast(([to]) => to === name)?.[1]
    if (found === undefined || found === null) throw new Error(`${name} got nothing`)
    return found
  }
  /** What follows from a commit takes some turns of the event loop: roots are read first. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
    await scheduler.idle()
  }
  return {
    scheduler,
    sent,
    sentTo: () => sent.map(([name]) => name),
    last,
    rootsIn,
    roots: (name: string) => rootsIn(last(name)),
    log: () => lines.join(''),
    commit,
    put: async (...written: readonly ResourceDraft[]) => {
      await commit(...written)
      await settle()
    },
    remove: async (type: string, mesh: string, name: string) => {
      await store.commit([{ op: 'delete', key: { type, mesh, name } }])
      await settle()
    },
    next: () =>
      new Promise<void>(resolve => {
        wake = resolve
      }),
  }
}
