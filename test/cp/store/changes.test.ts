/** The feed's ring: bounds, replay and listeners that misbehave. */
import t from 'tap'
import { ChangeFeed } from '../../../cp/store/changes.ts'
import type { Change } from '../../../cp/store/store.ts'

const change = (revision: number): Change => ({
  revision,
  key: { type: 'Mesh', mesh: '', name: 'm' },
  before: null,
  after: null,
})

t.test('replays as many commits as it was told to keep', async t => {
  const feed = new ChangeFeed(10, { commits: 3 })
  for (let revision = 11; revision <= 15; revision++) feed.publish(revision, [change(revision)])
  t.throws(() => feed.watch(11, () => undefined), { code: 'store.feed-gone', details: { oldest: 12 } })
  const heard: number[] = []
  feed.watch(12, changes => heard.push(changes[0]?.revision ?? 0))
  await Promise.resolve()
  t.same(heard, [13, 14, 15])
})

t.test('keeps the newest commit even when it alone is too large', async t => {
  const feed = new ChangeFeed(0, { changes: 2 })
  feed.publish(1, [change(1)])
  feed.publish(2, [change(2), change(2), change(2)])
  t.throws(() => feed.watch(0, () => undefined), { code: 'store.feed-gone' })
  let heard = 0
  feed.watch(1, changes => {
    heard = changes.length
  })
  await Promise.resolve()
  t.equal(heard, 3)
})

t.test('loses nothing for a watcher whose replay has not begun when the ring turns', async t => {
  const feed = new ChangeFeed(0, { commits: 2 })
  feed.publish(1, [change(1)])
  feed.publish(2, [change(2)])
  const heard: number[] = []
  feed.watch(0, changes => heard.push(changes[0]?.revision ?? 0))
  feed.publish(3, [change(3)])
  feed.publish(4, [change(4)])
  t.same(heard, [1, 2, 3, 4])
})

t.test('lets a listener end itself and others while it is called', async t => {
  const feed = new ChangeFeed(0)
  const heard: string[] = []
  const stopFirst = feed.watch(0, () => {
    heard.push('first')
    stopFirst()
    stopSecond()
  })
  const stopSecond = feed.watch(0, () => heard.push('second'))
  feed.publish(1, [change(1)])
  feed.publish(2, [change(2)])
  t.same(heard, ['first'])
})

t.test('goes on for the others when a listener throws, and does not hide the error', async t => {
  const feed = new ChangeFeed(0)
  const heard: number[] = []
  feed.watch(0, () => {
    throw new Error('a bug of the listener')
  })
  feed.watch(0, changes => heard.push(changes[0]?.revision ?? 0))
  const uncaught = new Promise(resolve => process.once('uncaughtException', resolve))
  feed.publish(1, [change(1)])
  t.same(heard, [1])
  t.match(await uncaught, { message: 'a bug of the listener' })
})
