/** Who is waited for after a write, and who has it. */
import t from 'tap'
import { type Applied, applied } from '../../../../cp/push/delivery/applied.ts'
import type { Commits } from '../../../../cp/push/delivery/parts.ts'
import { type FakeDaemon, type PushFixture, startPush } from '../../../support/push-fixture.ts'
import { aDataplane, aMesh, aPermission } from '../../../support/resources.ts'

const permission = (service: string, action: 'Allow' | 'Deny') =>
  aPermission(`for-${service}`, { kind: 'MeshService', name: service }, [[{ kind: 'Mesh' }, action]])

const SHORT_MS = 40

/** The last commit, or those given. */
function ask(
  { context, store }: PushFixture,
  timeoutMs = 30_000,
  commits: readonly Commits[] = [{ from: store.revision(), to: store.revision() }],
): Promise<Applied> {
  const version = { epoch: 1, revision: Math.max(...commits.map(({ to }) => to)) }
  return applied(context, {
    mesh: 'default',
    commits,
    version,
    timeoutMs,
    gone: new AbortController().signal,
  })
}

async function refuses(daemon: FakeDaemon): Promise<void> {
  const { version } = await daemon.hears('snapshot')
  daemon.says({ type: 'refuse', version, violations: [{ path: 'listener', message: 'port taken' }] })
}

const fresh = (name: string) => aDataplane(`${name}-1`, { service: name })

t.test('who is registered and was never connected has not got it', async t => {
  const push = await startPush(t)
  await push.put(fresh('web'))
  await push.put(permission('web', 'Allow'))
  t.match(await ask(push, SHORT_MS), {
    isComplete: false,
    total: 1,
    pending: [{ name: 'web-1', state: 'offline', reason: /^not connected; no earlier/ }],
  })
  const answer = ask(push)
  await push.live(fresh('web'))
  t.match(await answer, { isComplete: true, total: 1, acknowledged: 1 })
})

t.test('the first refusal ends the wait, whoever else is still waited for', async t => {
  const push = await startPush(t)
  await push.live(fresh('web'))
  const web2 = await push.live(aDataplane('web-2', { service: 'web' }))
  await push.put(permission('web', 'Allow'))
  const answer = ask(push)
  await refuses(web2)
  t.match(await answer, {
    isComplete: false,
    total: 2,
    acknowledged: 0,
    pending: [
      { name: 'web-2', state: 'refused', reason: 'listener: port taken' },
      { name: 'web-1', state: 'waiting' },
    ],
  })
})

t.test('a refusal is no end while a newer snapshot is on its way', async t => {
  const push = await startPush(t)
  const web = await push.live(fresh('web'))
  await push.put(permission('web', 'Deny'))
  const first = await web.hears('snapshot')
  await push.put(permission('web', 'Allow'))
  await push.context.scheduler.idle()
  web.says({ type: 'refuse', version: first.version, violations: [{ path: 'listener', message: 'taken' }] })
  const answer = ask(
    push,
    30_000,
    [first.version.revision].map(at => ({ from: at, to: at })),
  )
  await web.acknowledges()
  t.match(await answer, { isComplete: true, total: 1 })
})

t.test(
  'who is not touched never counts: not by coming back, not by refusing, not by what others write',
  async t => {
    const push = await startPush(t)
    const web = await push.live(fresh('web'))
    const db = await push.live(fresh('db'))
    await push.put(permission('web', 'Allow'))
    const first = push.store.revision()
    db.drop()
    // it comes back while nothing else was written, and refuses
    const again = push.daemon('db-1')
    again.hello({ incarnation: 2 })
    const early = ask(push, 30_000, [{ from: first, to: first }])
    await web.acknowledges()
    t.match(await early, { isComplete: true, total: 1, acknowledged: 1 })
    await refuses(again)
    t.match(await ask(push, 30_000, [{ from: first, to: first }]), { isComplete: true, total: 1 })
    await push.put(permission('db', 'Deny'))
    const foreign = push.store.revision()
    await refuses(again)
    await push.put(permission('web', 'Deny'))
    const last = push.store.revision()
    await web.acknowledges()
    const [one, two] = [
      { from: first, to: first },
      { from: last, to: last },
    ]
    t.match(await ask(push, 30_000, [one, two]), { isComplete: true, total: 1 })
    t.match(await ask(push, 30_000, [{ from: foreign, to: foreign }]), {
      total: 1,
      pending: [{ name: 'db-1' }],
    })
  },
)

t.test('a second change during the wait, which holds the first, is as good', async t => {
  const push = await startPush(t)
  const web = await push.live(fresh('web'))
  await push.put(permission('web', 'Allow'))
  const first = push.store.revision()
  const answer = ask(push)
  const { version } = await web.hears('snapshot')
  await push.put(aPermission('more', { kind: 'Mesh' }, [[{ kind: 'MeshService', name: 'db' }, 'Deny']]))
  await push.context.scheduler.idle()
  t.equal(version.revision, first)
  web.drop()
  await push.live(fresh('web'), { incarnation: 2 })
  t.match(await answer, { isComplete: true, total: 1, version: `1-${first}` })
})

t.test('turning mTLS off touches all of the mesh', async t => {
  const push = await startPush(t)
  const [web, db] = [await push.live(fresh('web')), await push.live(fresh('db'))]
  await push.put(aMesh('default', { mtls: false }))
  const answer = ask(push)
  await web.acknowledges()
  await db.acknowledges()
  t.match(await answer, { isComplete: true, total: 2, acknowledged: 2 })
})

t.test(
  'a Dataplane that is deleted, its daemon gone, is waited for no longer; nor those of a mesh',
  async t => {
    const push = await startPush(t)
    await push.put(fresh('web'))
    await push.put(permission('web', 'Allow'))
    const answer = ask(push)
    await push.context.scheduler.caughtUp()
    await push.store.commit([{ op: 'delete', key: { type: 'Dataplane', mesh: 'default', name: 'web-1' } }])
    t.match(await answer, { isComplete: true, total: 0 })
    await push.store.commit([{ op: 'delete', key: { type: 'Mesh', mesh: '', name: 'default' } }])
    t.match(await ask(push), { isComplete: true, total: 0 })
  },
)

t.test('what the feed has forgotten is known from the history; what that has not, counts all', async t => {
  const push = await startPush(t, { feed: { commits: 1 } })
  const web = await push.live(fresh('web'))
  const db = await push.live(fresh('db'))
  await push.put(permission('web', 'Deny'))
  await web.acknowledges()
  await push.put(permission('web', 'Allow'))
  const touched = push.store.revision()
  await web.acknowledges()
  await push.put(aMesh('other'))
  for (const daemon of [web, db]) {
    daemon.drop()
    await push.context.scheduler.idle()
  }
  const at = (revision: number) => ask(push, SHORT_MS, [{ from: revision, to: revision }])
  t.match(await at(touched), { isComplete: true, total: 1, acknowledged: 1 }, 'it told so before it went')
  const superseded = await at(touched - 1)
  t.match(superseded, { total: 2, acknowledged: 1, pending: [{ name: 'db-1' }] })
})
