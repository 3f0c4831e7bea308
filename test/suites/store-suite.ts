/**
 * What every store promises, as tests that each implementation runs: commits, conflicts, lists and the feed.
 */
import type { ResourceDraft } from '../../cp/kinds/kind.ts'
import type { Change, Store, Write } from '../../cp/store/store.ts'

/** The part of a tap test that the suite uses. */
type Test = import('tap').Test

/** A small Dataplane; `port` makes it differ. */
export function aDraft(name: string, port = 8080, mesh = 'default', type = 'Dataplane'): ResourceDraft {
  const spec = {
    networking: { address: '10.0.0.1', inbound: [{ port, tags: { 'kuma.io/service': 'web' } }] },
  }
  return { type, mesh, name, labels: { 'kuma.io/mesh': mesh }, spec }
}

export function put(name: string, port?: number, expectedRevision?: number): Write {
  return { op: 'put', resource: aDraft(name, port), expectedRevision }
}

export function remove(name: string, expectedRevision?: number): Write {
  return { op: 'delete', key: { type: 'Dataplane', mesh: 'default', name }, expectedRevision }
}

/** `open` gives a new, empty store whose clock is `nowMs`; the suite closes it. */
export function storeSuite(
  t: Test,
  open: (t: Test, options: { nowMs: () => number }) => Promise<Store>,
): void {
  const key = { type: 'Dataplane', mesh: 'default', name: 'a' }
  let clockMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  const fresh = (t: Test): Promise<Store> => open(t, { nowMs: () => clockMs })

  t.test('gives back what was put, with its revision and times', async t => {
    const store = await fresh(t)
    t.equal(store.revision(), 0)
    const [change] = await store.commit([put('a')])
    const stored = await store.get(key)
    t.same(stored, {
      ...aDraft('a'),
      creationTime: '2026-01-02T03:04:05.678Z',
      modificationTime: '2026-01-02T03:04:05.678Z',
      revision: 1,
    })
    t.same(change, { revision: 1, key, before: null, after: stored })
    t.equal(store.revision(), 1)
    t.equal(await store.get({ ...key, name: 'b' }), null)
    t.equal(await store.get({ ...key, mesh: 'other' }), null)
    await store.close()
  })

  t.test('keeps the time of creation and moves the time of modification', async t => {
    const store = await fresh(t)
    await store.commit([put('a', 1)])
    clockMs += 1000
    await store.commit([put('a', 2)])
    const stored = await store.get(key)
    t.match(stored, {
      creationTime: '2026-01-02T03:04:05.678Z',
      modificationTime: '2026-01-02T03:04:06.678Z',
      revision: 2,
    })
    await store.close()
  })

  t.test('makes no revision and no news of a put that changes nothing', async t => {
    const store = await fresh(t)
    await store.commit([put('a')])
    const heard: (readonly Change[])[] = []
    store.watch(store.revision(), changes => heard.push(changes))
    const reordered = {
      ...aDraft('a'),
      spec: {
        networking: { inbound: [{ tags: { 'kuma.io/service': 'web' }, port: 8080 }], address: '10.0.0.1' },
      },
    }
    t.same(await store.commit([{ op: 'put', resource: reordered, expectedRevision: 1 }]), [])
    t.same(await store.commit([remove('missing')]), [], 'nor of deleting what is not there')
    t.same(await store.commit([]), [])
    t.equal(store.revision(), 1)
    await store.commit([remove('a')])
    t.same(
      heard.map(changes => changes[0]?.revision),
      [2],
    )
    await store.close()
  })

  t.test('tells a change of labels from no change', async t => {
    const store = await fresh(t)
    await store.commit([put('a')])
    await store.commit([{ op: 'put', resource: { ...aDraft('a'), labels: { team: 'x' } } }])
    t.match(await store.get(key), { revision: 2, labels: { team: 'x' } })
    await store.close()
  })

  t.test('refuses a write whose expected revision is not the stored one', async t => {
    const store = await fresh(t)
    await store.commit([put('a', 1, 0)])
    await t.rejects(store.commit([put('a', 2, 0)]), { code: 'store.conflict', details: { key, actual: 1 } })
    await store.commit([put('a', 2, 1)])
    await t.rejects(store.commit([put('a', 3, 1)]), {
      code: 'store.conflict',
      details: { expected: 1, actual: 2 },
    })
    await t.rejects(store.commit([remove('a', 1)]), { code: 'store.conflict' })
    await t.rejects(store.commit([put('b', 1, 7)]), { code: 'store.conflict' })
    t.match(await store.get(key), { revision: 2 })
    await store.commit([remove('a', 2)])
    t.equal(await store.get(key), null)
    await store.close()
  })

  t.test('lets one of many writers with the same expected revision win', async t => {
    const store = await fresh(t)
    const writers = Array.from({ length: 20 }, (_, index) => store.commit([put('a', index + 1, 0)]))
    const results = await Promise.allSettled(writers)
    t.equal(results.filter(result => result.status === 'fulfilled').length, 1)
    t.equal(store.revision(), 1)
    await store.close()
  })

  t.test('commits all writes or none', async t => {
    const store = await fresh(t)
    await store.commit([put('a')])
    await t.rejects(store.commit([put('b'), put('c'), put('a', 9, 5)]), { code: 'store.conflict' })
    t.same(
      (await store.list('Dataplane')).map(one => one.name),
      ['a'],
    )
    const changes = await store.commit([put('b'), remove('a'), put('c')])
    t.same(
      changes.map(change => [change.revision, change.key.name, change.after === null]),
      [
        [2, 'b', false],
        [2, 'a', true],
        [2, 'c', false],
      ],
    )
    t.same(
      (await store.list('Dataplane')).map(one => [one.name, one.revision]),
      [
        ['b', 2],
        ['c', 2],
      ],
    )
    await store.close()
  })

  t.test('takes several writes of one resource in order, as one change', async t => {
    const store = await fresh(t)
    const changes = await store.commit([put('a', 1), put('a', 2)])
    t.same(changes.length, 1)
    t.match(changes[0]?.after?.spec, { networking: { inbound: [{ port: 2 }] } })
    t.same(await store.commit([put('b'), remove('b')]), [], 'made and deleted is no change')
    t.equal(store.revision(), 1)
    await store.close()
  })

  t.test('lists by mesh and name, and an old list stays as it was', async t => {
    const store = await fresh(t)
    const write = (mesh: string, name: string): Write => ({ op: 'put', resource: aDraft(name, 1, mesh) })
    await store.commit([write('m2', 'b'), write('m1', 'c'), write('m2', 'a'), write('m1', 'a-1')])
    const names = async (mesh?: string): Promise<string[]> =>
      (await store.list('Dataplane', mesh)).map(one => `${one.mesh}/${one.name}`)
    t.same(await names(), ['m1/a-1', 'm1/c', 'm2/a', 'm2/b'])
    const before = await store.list('Dataplane', 'm1')
    await store.commit([write('m1', 'b'), write('m1', 'z'), write('m1', 'a')])
    t.same(await names('m1'), ['m1/a', 'm1/a-1', 'm1/b', 'm1/c', 'm1/z'])
    await store.commit([{ op: 'delete', key: { type: 'Dataplane', mesh: 'm1', name: 'b' } }])
    t.same(await names('m1'), ['m1/a', 'm1/a-1', 'm1/c', 'm1/z'])
    t.same(await names('m3'), [])
    t.same(await store.list('Mesh'), [])
    t.same(
      before.map(one => one.name),
      ['a-1', 'c'],
    )
    await store.close()
  })

  t.test('does not change with the draft that it was given', async t => {
    const store = await fresh(t)
    const spec = { list: [1], gone: undefined }
    await store.commit([{ op: 'put', resource: { ...aDraft('a'), spec } }])
    spec.list.push(2)
    t.same((await store.get(key))?.spec, { list: [1] })
    await store.close()
  })

  t.test('tells watchers of each commit once, in order, also of those already made', async t => {
    const store = await fresh(t)
    for (let port = 1; port <= 3; port++) await store.commit([put('a', port)])
    const heard: number[] = []
    const stop = store.watch(1, changes => {
      heard.push(changes[0]?.revision ?? 0)
      t.ok(changes.every(change => change.before?.revision === change.revision - 1))
    })
    t.same(heard, [], 'not before watch() returns')
    await Promise.all([4, 5, 6].map(port => store.commit([put('a', port)])))
    t.same(heard, [2, 3, 4, 5, 6])
    stop()
    await store.commit([put('a', 7)])
    t.same(heard, [2, 3, 4, 5, 6])
    await store.close()
  })

  t.test('has told watchers, and shows the change, when a commit is answered', async t => {
    const store = await fresh(t)
    let heard = 0
    store.watch(0, () => heard++)
    await store.commit([put('a')])
    t.equal(heard, 1)
    await store.close()
  })

  t.test('says so when the feed does not reach that far, or never was there', async t => {
    const store = await fresh(t)
    await store.commit([put('a')])
    t.throws(() => store.watch(5, () => undefined), { code: 'store.feed-gone' })
    await store.close()
  })

  t.test('answers what waits before it closes, and then nothing', async t => {
    const store = await fresh(t)
    const last = store.commit([put('a')])
    const closing = store.close()
    t.equal((await last).length, 1)
    await closing
    await t.rejects(store.commit([put('b')]), { code: 'store.closed' })
    await t.rejects(store.get(key), { code: 'store.closed' })
    await t.rejects(store.list('Dataplane'), { code: 'store.closed' })
    t.throws(() => store.watch(1, () => undefined), { code: 'store.closed' })
    await store.close()
  })
}
