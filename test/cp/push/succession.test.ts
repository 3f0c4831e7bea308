/**
 * Promises of cp/push about one name and those who hold it one after the other: whatever the predecessor still does, its
 * successor keeps name, registration and place in rotation.
 */
import t from 'tap'
import { atRest, deletions, documentOf, startPush } from '../../support/push-fixture.ts'
import { aDataplane } from '../../support/resources.ts'

const API = aDataplane('api-1', { service: 'api' })
const NEXT = aDataplane('api-1', { service: 'api', port: 2_222 })

t.test('what a replaced daemon says does not touch its successor', async t => {
  const fixture = await startPush(t)
  const old = await fixture.live(API)
  await fixture.live(aDataplane('api-2', { service: 'api' }), { instance: 'vm-2' })
  await fixture.live(API, { incarnation: 2 })
  t.match(await old.hears('reject'), { code: 'push.replaced' })
  old.says({ type: 'leave' })
  old.drop()
  await atRest()
  t.same(fixture.serving('api'), ['api-1', 'api-2'])
  t.ok(await fixture.has('api-1'))
})

t.test('a goodbye that waits when the successor comes does not take it out of rotation', async t => {
  const fixture = await startPush(t)
  await fixture.live(aDataplane('api-2', { service: 'api' }), { instance: 'vm-2' })
  const old = await fixture.live(API)
  const signing = Promise.withResolvers<void>()
  fixture.signing = signing.promise
  // frames behind a signing request wait for it
  old.says({ type: 'issue', id: 1, csr: 'none' })
  old.says({ type: 'leave' })
  await fixture.live(API, { incarnation: 2 })
  signing.resolve()
  await atRest()
  t.same(fixture.serving('api'), ['api-1', 'api-2'])
})

t.test(
  'a daemon killed while it left frees its name at once, and takes nothing from the next one later',
  async t => {
    const fixture = await startPush(t)
    const caller = fixture.daemon('web-1')
    const web = aDataplane('web-1', { calls: ['api'] })
    caller.hello({ dataplane: documentOf(web), instance: 'vm-3' })
    await caller.hears('snapshot')
    const old = await fixture.live(API)
    // the caller does not acknowledge: the goodbye takes its time
    old.says({ type: 'leave' })
    await atRest()
    old.drop()
    await atRest()
    await fixture.live(API, { instance: 'vm-2' })
    // now the goodbye comes to its end
    caller.drop()
    await atRest()
    t.ok(await fixture.has('api-1'))
    t.same(fixture.serving('api'), ['api-1'])
  },
)

t.test('a removal under way when the successor comes ends before its registration begins', async t => {
  const fixture = await startPush(t)
  const old = await fixture.live(API)
  old.says({ type: 'leave' })
  await old.hears('left')
  const slow = Promise.withResolvers<void>()
  fixture.gate = slow.promise
  old.drop()
  await atRest()
  // what comes later would overtake it on the disk
  fixture.gate = Promise.resolve()
  const successor = fixture.daemon('api-1')
  successor.hello({ dataplane: documentOf(API), incarnation: 2 })
  await atRest()
  slow.resolve()
  await successor.acknowledges()
  await atRest()
  t.ok(await fixture.has('api-1'))
  t.equal(successor.isClosing, false)
})

t.test('a removal that has not begun when the successor comes does not happen', async t => {
  const fixture = await startPush(t)
  const deleted = deletions(t, fixture)
  const old = await fixture.live(API)
  old.says({ type: 'leave' })
  await old.hears('left')
  const other = Promise.withResolvers<void>()
  const turn = fixture.context.turns.take('default', 'api-1', () => other.promise)
  old.drop()
  const successor = fixture.daemon('api-1')
  successor.hello({ dataplane: documentOf(API), incarnation: 2 })
  await atRest()
  other.resolve()
  await turn
  await successor.acknowledges()
  t.same(deleted, [])
})

t.test('a predecessor that still registers does not overwrite what its successor registers', async t => {
  const fixture = await startPush(t)
  const slow = Promise.withResolvers<void>()
  fixture.gate = slow.promise
  const old = fixture.daemon('api-1')
  old.hello({ dataplane: documentOf(API) })
  await atRest()
  fixture.gate = Promise.resolve()
  const successor = fixture.daemon('api-1')
  successor.hello({ dataplane: documentOf(NEXT), incarnation: 2 })
  await atRest()
  slow.resolve()
  await successor.hears('snapshot')
  await atRest()
  const stored = await fixture.store.get({ type: 'Dataplane', mesh: 'default', name: 'api-1' })
  t.match(stored, { spec: { networking: { inbound: [{ port: 2_222 }] } } })
  t.match(await old.hears('reject'), { code: 'push.replaced' })
  t.equal(fixture.context.insights.get('default', 'api-1')?.subscriptions.length, 1)
  t.notOk(old.frames.some(({ type }) => type === 'welcome'))
})

t.test('who is replaced before it could register writes nothing and counts as no session', async t => {
  const fixture = await startPush(t)
  const ports: unknown[] = []
  t.teardown(
    fixture.store.watch(fixture.store.revision(), changes => {
      for (const { after } of changes) ports.push(JSON.stringify(after?.spec).match(/"port":(\d+)/)?.[1])
    }),
  )
  const other = Promise.withResolvers<void>()
  const turn = fixture.context.turns.take('default', 'api-1', () => other.promise)
  fixture.daemon('api-1').hello({ dataplane: documentOf(API) })
  await atRest()
  const successor = fixture.daemon('api-1')
  successor.hello({ dataplane: documentOf(NEXT), incarnation: 2 })
  other.resolve()
  await turn
  await successor.acknowledges()
  t.same(ports, ['2222'])
  t.equal(fixture.context.insights.get('default', 'api-1')?.subscriptions.length, 1)
})
