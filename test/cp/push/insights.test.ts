/** Promises of cp/push/insights.ts, cleanup.ts and returning.ts: what is known of data planes, and what comes of it. */
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import { type CleanupOptions, removeAbandoned } from '../../../cp/push/cleanup.ts'
import { Insights } from '../../../cp/push/insights.ts'
import { awaitReturns } from '../../../cp/push/returning.ts'
import { newSubscription, type Subscription } from '../../../cp/push/subscription.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import type { Store } from '../../../cp/store/store.ts'
import { deletions, documentOf, type PushFixture, startPush } from '../../support/push-fixture.ts'
import { aDataplane } from '../../support/resources.ts'

type Test = import('tap').Test

const API = aDataplane('api-1', { service: 'api' })
const BY_DAEMON = { 'vmesh.io/registered-by': 'data-plane' }

t.test('what is written is read again by the next process', async t => {
  const { store, insights } = await started(t)
  const subscription = aSubscription()
  const state = insights.open('default', 'api-1', subscription)
  state.certificate = { notAfterMs: 9_000, issuedAtMs: 1_000, regenerations: 3, backend: 'ca-1' }
  subscription.acknowledged = 2
  subscription.refusal = '1.2: listener/x: in use'
  await insights.flush()
  const next = new Insights({ store, log: silentLogger(), flushMs: 60_000 })
  t.teardown(() => next.stop())
  t.same(await next.start(), [state])
})

t.test('nothing new is written when nothing changed', async t => {
  const { store, insights } = await started(t)
  insights.open('default', 'api-1', aSubscription())
  await insights.flush()
  const revision = store.revision()
  await insights.flush()
  t.equal(store.revision(), revision)
})

t.test('what a disk did not take is written when it takes again', async t => {
  const { store, insights, disk } = await started(t)
  const state = insights.open('default', 'api-1', aSubscription())
  disk.isFull = true
  await insights.flush()
  disk.isFull = false
  await insights.flush()
  t.same(await kept(store), [state.name])
})

t.test('what is known of a Dataplane goes with it, also while it is being written', async t => {
  const { store, insights } = await started(t)
  const subscription = aSubscription()
  insights.open('default', 'api-1', subscription)
  const flushed = insights.flush()
  await store.commit([{ op: 'delete', key: { type: 'Dataplane', mesh: 'default', name: 'api-1' } }])
  await flushed
  t.same(await kept(store), [])
  t.equal(insights.get('default', 'api-1'), undefined)
  // its session ends after it
  insights.touch({ mesh: 'default', name: 'api-1', subscriptions: [subscription], certificate: null })
  await insights.flush()
  t.same(await kept(store), [])
  t.same([...insights.all()], [])
})

t.test('a status that cannot be read is no reason to stop', async t => {
  const store = createMemoryStore()
  const insights = new Insights({ store, log: silentLogger(), flushMs: 60_000 })
  t.teardown(() => insights.stop())
  const spec = { subscriptions: [{ id: 'x', connectTime: 'yesterday', disconnectTime: '' }], mTLS: {} }
  await store.commit([
    { op: 'put', resource: { type: 'DataplaneInsight', mesh: 'default', name: 'api-1', labels: {}, spec } },
  ])
  const [state] = await insights.start()
  if (state === undefined) throw new Error('nothing was read')
  insights.touch(state)
  t.match(insights.spec('default', 'api-1'), { subscriptions: [{ connectTime: /^1970/ }] })
})

t.test('the stop of the control plane is no end of its data planes; theirs is', async t => {
  const { live, context } = await startPush(t)
  const stays = await live(API)
  const goes = await live(aDataplane('web-1'), { instance: 'vm-2' })
  stays.session.close()
  stays.drop()
  goes.drop()
  t.equal(context.insights.get('default', 'api-1')?.subscriptions.at(-1)?.disconnectTimeMs, null)
  t.not(context.insights.get('default', 'web-1')?.subscriptions.at(-1)?.disconnectTimeMs, null)
})

t.test(
  'after a restart: who was gone is not listed, who stays away is lost, who comes back is in',
  async t => {
    const fixture = await startPush(t)
    const service = { service: 'api' }
    const names = ['gone-1', 'away-1', 'back-1', 'back-2', 'back-3', 'unwritten-1', 'operator-1'] as const
    for (const name of names) {
      const labels = name === 'operator-1' ? {} : BY_DAEMON
      await fixture.put(aDataplane(name, { ...service, labels }))
    }
    const known = (['gone-1', 'away-1', 'back-1', 'back-2', 'back-3'] as const).map(name =>
      fixture.context.insights.open('default', name, aSubscription(name === 'gone-1' ? 5_000 : null)),
    )
    await returning(t, fixture, known, 60_000)
    t.same(
      fixture.serving('api'),
      names.filter(name => name !== 'gone-1').toSorted(),
      'all have time to come back',
    )
    for (const name of ['back-1', 'back-2', 'back-3'])
      await fixture.live(aDataplane(name, service), { instance: name })
    await returning(t, fixture, known.slice(1), 0)
    while (fixture.serving('api').length > 4) await new Promise(resolve => setTimeout(resolve, 5))
    t.same(fixture.serving('api'), ['back-1', 'back-2', 'back-3', 'operator-1'])
    t.type(
      fixture.context.insights.get('default', 'unwritten-1')?.subscriptions.at(-1)?.disconnectTimeMs,
      'number',
    )
  },
)

t.test(
  'an abandoned Dataplane is deleted when it is old, unless an operator made it or its daemon is back',
  async t => {
    const fixture = await startPush(t)
    const { context, put, has } = fixture
    for (const [name, labels] of [
      ['back-1', BY_DAEMON],
      ['old-1', BY_DAEMON],
      ['young-1', BY_DAEMON],
      ['operator-1', {}],
    ] as const) {
      await put(aDataplane(name, { labels }))
      context.insights.open('default', name, aSubscription(name === 'young-1' ? 90_000 : 5_000))
    }
    const deleted = deletions(t, fixture)
    const back = fixture.daemon('back-1')
    back.hello({ dataplane: documentOf(aDataplane('back-1')) })
    await removeAbandoned(cleanup(fixture, 50_000), 100_000)
    t.same(await Promise.all(['old-1', 'young-1', 'operator-1', 'back-1'].map(name => has(name))), [
      false,
      true,
      true,
      true,
    ])
    await back.hears('welcome')
    t.same(deleted, ['old-1'])
  },
)

function cleanup({ store, context }: PushFixture, ageMs: number): CleanupOptions {
  const { insights, sessions, turns } = context
  return { store, insights, sessions, turns, ageMs, log: silentLogger(), remove: context.removeDataplane }
}

async function returning(
  t: Test,
  { store, context }: PushFixture,
  known: Parameters<typeof awaitReturns>[0]['known'],
  returnMs: number,
): Promise<void> {
  const { scheduler, sessions, insights, controlPlane } = context
  t.teardown(await awaitReturns({ store, scheduler, sessions, insights, known, controlPlane, returnMs }))
}

function aSubscription(endedMs: number | null = null): Subscription {
  const of = { controlPlane: 'cp-0', dpVersion: '1', address: '192.168.0.1', appliedVersion: '1.2' }
  return { ...newSubscription(of, 1_000), disconnectTimeMs: endedMs }
}

async function kept(store: Store): Promise<readonly string[]> {
  return (await store.list('DataplaneInsight')).map(({ name }) => name)
}

async function started(t: Test) {
  const store = createMemoryStore()
  const disk = { isFull: false }
  const mayFail: Store = {
    ...store,
    commit: writes => (disk.isFull ? Promise.reject(new Error('disk full')) : store.commit(writes)),
  }
  await store.commit([{ op: 'put', resource: API }])
  const insights = new Insights({ store: mayFail, log: silentLogger(), flushMs: 60_000 })
  await insights.start()
  t.teardown(() => insights.stop())
  return { store, insights, disk }
}
