/** The JSON store keeps the promises of every store, and keeps them over restarts, folds and failed disks. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type JsonStore, type JsonStoreOptions, openJsonStore } from '../../../cp/store/json-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { put, remove, storeSuite } from '../../suites/store-suite.ts'

function open(dir: string, options: Partial<JsonStoreOptions> = {}): Promise<JsonStore> {
  return openJsonStore({ dir, log: silentLogger(), keepBackups: 0, ...options })
}

async function ports(store: JsonStore): Promise<Record<string, unknown>> {
  const all = await store.list('Dataplane')
  return Object.fromEntries(all.map(one => [one.name, JSON.stringify(one.spec).match(/"port":(\d+)/)?.[1]]))
}

storeSuite(t, (t, options) => open(t.testdir(), options))

t.test('finds everything again after a restart, with times, revisions and epoch', async t => {
  const dir = join(t.testdir(), 'made', 'on', 'the', 'way')
  const first = await open(dir)
  await first.commit([put('a', 1), put('b', 2)])
  await first.commit([put('a', 3)])
  await first.commit([remove('b')])
  const before = await first.list('Dataplane')
  const { epoch } = first
  t.ok(epoch > 1_700_000_000, 'the epoch of a new store is later than that of one that was lost')
  await first.close()
  const second = await open(dir)
  t.same(await second.list('Dataplane'), before)
  t.equal(second.revision(), 3)
  t.equal(second.epoch, epoch)
  await second.commit([put('c')])
  t.equal(second.revision(), 4)
  await second.close()
})

t.test('replays to watchers what was committed before the restart', async t => {
  const dir = t.testdir()
  const first = await open(dir)
  for (let port = 1; port <= 3; port++) await first.commit([put('a', port)])
  await first.close()
  const second = await open(dir)
  const heard: unknown[] = []
  second.watch(1, changes => heard.push(...changes.map(one => [one.revision, one.before?.revision])))
  await second.commit([put('a', 4)])
  t.same(heard, [
    [2, 1],
    [3, 2],
    [4, 3],
  ])
  await second.close()
})

t.test('keeps its files for its own user', async t => {
  const dir = join(t.testdir(), 'store')
  await mkdir(dir, { mode: 0o755 })
  await chmod(dir, 0o755)
  const store = await open(dir, { keepBackups: 1 })
  await store.commit([put('a')])
  await store.fold()
  t.equal((await stat(dir)).mode & 0o777, 0o700)
  const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  t.ok(names.length >= 4)
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name)
    t.equal((await stat(path)).mode & 0o777, 0o600, path)
  }
  await store.close()
})

t.test('folds the journal into a checkpoint that people can read', async t => {
  const dir = t.testdir()
  const store = await open(dir)
  for (let port = 1; port <= 100; port++) await store.commit([put('a', port), put(`b-${port}`)])
  t.ok(store.figures().journalBytes > 10_000)
  await store.fold()
  t.equal(store.figures().journalBytes, 0)
  await store.commit([put('c')])
  const text = await readFile(join(dir, 'checkpoint.json'), 'utf8')
  const parsed: unknown = JSON.parse(text)
  t.match(parsed, { format: 'vmesh-store', version: 1, revision: 100, epoch: store.epoch })
  t.equal(text.split('\n').filter(line => line.startsWith('{"type":"Dataplane"')).length, 101, 'one a line')
  await store.close()
  const again = await open(dir)
  t.equal((await again.list('Dataplane')).length, 102)
  t.match(await ports(again), { a: '100', c: '8080' })
  t.equal(again.revision(), 101)
  await again.close()
})

t.test('loses nothing that is written while it folds', async t => {
  const dir = t.testdir()
  const store = await open(dir)
  await store.commit(Array.from({ length: 3000 }, (_, index) => put(`dp-${index}`)))
  const folding = store.fold()
  const writes: Promise<unknown>[] = []
  for (let port = 1; port <= 50; port++) writes.push(store.commit([put('a', port), remove(`dp-${port}`)]))
  await Promise.all([folding, ...writes])
  await store.commit([put('last', 1)])
  await store.close()
  const again = await open(dir)
  t.equal(again.revision(), 52)
  t.equal((await again.list('Dataplane')).length, 2952)
  t.match(await ports(again), { a: '50', last: '1' })
  await again.close()
})

t.test('folds by itself when the journal is large', async t => {
  const dir = t.testdir()
  const store = await open(dir, { foldAtBytes: 20_000 })
  for (let port = 1; store.figures().folds < 3 && port < 2000; port++) await store.commit([put('a', port)])
  t.equal(store.figures().folds, 3)
  const segments = (await readdir(dir)).filter(name => name.startsWith('journal-'))
  t.ok(segments.length <= 3, `old segments are removed: ${segments.join(' ')}`)
  await store.close()
})

t.test('folds by itself when it is at rest', async t => {
  const dir = t.testdir()
  const lines: string[] = []
  let seen = (): void => undefined
  const folded = new Promise<void>(resolve => {
    seen = resolve
  })
  const log = {
    info: () => undefined,
    warn: (_: unknown, text: string) => lines.push(text),
    debug: () => seen(),
  }
  // the store calls nothing else of its logger
  const store = await open(dir, { restMs: 20, foldAtRestBytes: 100, log: Object.assign(silentLogger(), log) })
  await store.commit([put('a')])
  // the store's own timer does not keep a process alive
  const alive = setInterval(() => undefined, 1000)
  await folded
  clearInterval(alive)
  t.same(lines, [])
  t.equal(store.figures().folds, 1)
  await store.close()
})

t.test('makes automatic copies, and not more than it should keep', async t => {
  const dir = t.testdir()
  let nowMs = Date.now()
  const store = await open(dir, { keepBackups: 2, backupEveryMs: 3600_000, nowMs: () => nowMs })
  const copies = async (): Promise<string[]> => (await readdir(join(dir, 'backups'))).sort()
  await store.fold()
  await store.fold()
  const first = await copies()
  t.equal(first.length, 1, 'one is enough for an hour')
  for (let hour = 0; hour < 3; hour++) {
    nowMs += 7200_000
    await store.fold()
  }
  const last = await copies()
  t.equal(last.length, 2)
  t.notOk(last.includes(first[0] ?? ''), 'the oldest went')
  await store.close()
})

t.test('refuses a second control plane and names the first', async t => {
  const dir = t.testdir()
  const store = await open(dir)
  await t.rejects(open(join(dir, '..', dir.split('/').at(-1) ?? '', '.')), {
    code: 'store.locked',
    message: new RegExp(`process ${process.pid}`),
    details: { pid: process.pid },
  })
  await store.close()
  await (await open(dir)).close()
})

t.test('gives the lock back when it cannot start', async t => {
  const dir = t.testdir({ 'checkpoint.json': 'not a checkpoint' })
  await t.rejects(open(dir), { code: 'store.damaged' })
  await t.rejects(open(dir), { code: 'store.damaged' })
})

t.test('drops a write that a crash cut off, and goes on', async t => {
  const dir = t.testdir()
  const first = await open(dir)
  await first.commit([put('a', 1)])
  await first.commit([put('a', 2)])
  await first.close()
  const path = join(dir, 'journal-1.jsonl')
  const whole = await readFile(path)
  const lastLine = whole.lastIndexOf(10, whole.byteLength - 2) + 1
  // at the boundary itself nothing is torn: that file ends with revision 1
  for (let end = lastLine; end < whole.byteLength; end += 7) {
    await writeFile(path, whole.subarray(0, end))
    const store = await open(dir)
    t.equal(store.revision(), 1, `cut at ${end}`)
    await store.commit([put('b')])
    await store.close()
    const again = await open(dir)
    t.same(Object.keys(await ports(again)), ['a', 'b'])
    await again.close()
  }
})

t.test('drops blocks that a power cut left empty', async t => {
  const dir = t.testdir()
  const first = await open(dir)
  await first.commit([put('a', 1)])
  await first.close()
  const path = join(dir, 'journal-1.jsonl')
  await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(700)]))
  const store = await open(dir)
  t.equal(store.revision(), 1)
  await store.close()
})

t.test('removes what a crash left lying about', async t => {
  const dir = t.testdir()
  const first = await open(dir)
  await first.commit([put('a')])
  await first.fold()
  await first.fold()
  await first.close()
  await writeFile(join(dir, '.checkpoint.json.next.00ff00ff00ff.tmp'), 'half')
  await writeFile(join(dir, 'checkpoint.json.next'), 'whole, not in place')
  await writeFile(join(dir, 'journal-1.jsonl'), 'of long ago')
  const again = await open(dir)
  t.same((await readdir(dir)).sort(), [
    'checkpoint.json',
    'checkpoint.json.1',
    'history',
    'journal-2.jsonl',
    'journal-3.jsonl',
  ])
  t.equal(again.revision(), 1)
  await again.close()
})
