/** Backups are whole while the control plane writes; restores check first, keep what was there and raise the epoch. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t from 'tap'
import { backupStore, restoreStore } from '../../../cp/store/backup.ts'
import { type JsonStore, openJsonStore } from '../../../cp/store/json-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { put, remove } from '../../suites/store-suite.ts'

const open = (dir: string): Promise<JsonStore> =>
  openJsonStore({ dir, log: silentLogger(), foldAtBytes: 30_000, keepBackups: 0 })

async function names(store: JsonStore): Promise<readonly string[]> {
  return (await store.list('Dataplane')).map(one => one.name)
}

t.test(
  'brings back what the backup held, with a higher epoch, and keeps the files that were there',
  async t => {
    const dir = join(t.testdir(), 'store')
    const out = join(dir, '..', 'backup.json')
    const first = await open(dir)
    await first.commit([put('a', 1), put('b', 2)])
    await first.commit([remove('b'), put('c', 3)])
    const saved = await first.list('Dataplane')
    const made = await backupStore({ dir, out })
    t.same(made, { file: out, epoch: first.epoch, revision: 2, resources: 2 })
    t.equal((await stat(out)).mode & 0o777, 0o600)
    await first.commit([put('later')])
    await first.close()

    const restored = await restoreStore({ dir, from: out })
    t.match(restored, { revision: 2, resources: 2, lost: null })
    t.ok(restored.epoch > first.epoch)
    t.match(await readdir(restored.kept ?? ''), ['checkpoint.json', 'journal-1.jsonl'])
    const second = await open(dir)
    t.equal(second.epoch, restored.epoch)
    t.equal(second.revision(), 2)
    t.same(await second.list('Dataplane'), saved)
    await second.commit([put('d')])
    await second.close()
    const third = await open(dir)
    t.same(await names(third), ['a', 'c', 'd'])
    await third.close()
  },
)

t.test('makes the folder of a backup where it is not there', async t => {
  const dir = join(t.testdir(), 'store')
  const store = await open(dir)
  await store.commit([put('a')])
  await store.close()
  const folder = join(dir, '..', 'not', 'mounted')
  const { file } = await backupStore({ dir, out: folder })
  t.match(file, new RegExp(`^${folder}/vmesh-store-[^/]+-r1\\.json$`))
  t.same(await readdir(folder), [basename(file)])
  const named = join(dir, '..', 'other', 'b.json')
  t.equal((await backupStore({ dir, out: named })).file, named)
  t.match(await readFile(named, 'utf8'), /"name":"a"/)
})

t.test('never gives the same epoch twice, also when the clock goes back', async t => {
  const dir = join(t.testdir(), 'store')
  const out = join(dir, '..', 'backup.json')
  const store = await open(dir)
  await store.commit([put('a')])
  await backupStore({ dir, out })
  await store.close()
  let last = store.epoch
  for (const nowMs of [0, 0, 1000]) {
    const { epoch } = await restoreStore({ dir, from: out, nowMs: () => nowMs + Math.random() * 1000 })
    t.equal(epoch, last + 1)
    last = epoch
  }
})

t.test('restores onto a machine that had no store', async t => {
  const dir = join(t.testdir(), 'store')
  const out = join(dir, '..', 'backup.json')
  const store = await open(dir)
  await store.commit([put('a')])
  await backupStore({ dir, out })
  await store.close()
  const elsewhere = join(dir, '..', 'new', 'store')
  const restored = await restoreStore({ dir: elsewhere, from: out, nowMs: () => 0 })
  t.equal(restored.epoch, store.epoch + 1, 'higher than the one that the data planes know')
  t.equal(restored.kept, null)
  const again = await open(elsewhere)
  t.same(await names(again), ['a'])
  await again.close()
})

t.test('makes whole backups while the control plane writes and folds', async t => {
  const dir = join(t.testdir(), 'store')
  const outs = join(dir, '..', 'out')
  await mkdir(outs)
  const store = await open(dir)
  let isDone = false
  let acknowledged = 0
  const writer = async (): Promise<void> => {
    for (let port = 1; !isDone; port++) {
      // both or neither
      const [change] = await store.commit([put('left', port), put('right', port)])
      acknowledged = change?.revision ?? 0
    }
  }
  const writing = writer()
  let copies = 0
  // on a busy machine the first folds take a while
  for (; copies < 25 || store.figures().folds < 2; copies++) {
    const known = acknowledged
    const made = await backupStore({ dir, out: outs })
    t.ok(made.revision >= known, 'holds all that was acknowledged when it began')
    const text = await readFile(made.file, 'utf8')
    const ports = [...text.matchAll(/"port":(\d+)/g)].map(match => match[1])
    if (known > 0) t.equal(ports[0], ports[1], `both of a commit at ${made.revision}`)
  }
  isDone = true
  await writing
  await store.close()
  t.equal((await readdir(outs)).length, copies)
})

t.test('refuses a restore while the control plane runs', async t => {
  const dir = join(t.testdir(), 'store')
  const store = await open(dir)
  const { file } = await backupStore({ dir, out: join(dir, '..', 'b.json') })
  await t.rejects(restoreStore({ dir, from: file }), { code: 'store.locked' })
  await store.commit([put('a')])
  await store.close()
})

t.test('checks a backup in full before it touches the store', async t => {
  const dir = join(t.testdir(), 'store')
  const out = join(dir, '..', 'backup.json')
  const store = await open(dir)
  await store.commit([put('a'), put('b')])
  await backupStore({ dir, out })
  await store.close()
  const whole = await readFile(out, 'utf8')
  const before = (await readdir(dir)).sort()
  const bad: Record<string, RegExp> = {
    [whole.slice(0, -30)]: /the end of the file is missing/,
    [whole.replace('10.0.0.1', '10.0.0.2')]: /checksum/,
    [whole.replace('"name":"b"', '"name":"b')]: /\(line 5\)/,
    '': /the end of the file is missing/,
    'type: Mesh': /the end of the file is missing/,
  }
  for (const [text, message] of Object.entries(bad)) {
    await writeFile(out, text)
    await t.rejects(restoreStore({ dir, from: out }), { code: 'store.bad-backup', message })
  }
  await t.rejects(restoreStore({ dir, from: `${out}.missing` }), {
    code: 'store.bad-backup',
    message: /no such file/,
  })
  await writeFile(out, whole.replace('"version":1', '"version":7'))
  await t.rejects(restoreStore({ dir, from: out }), { code: 'store.newer-format' })
  t.same((await readdir(dir)).sort(), before)
  const again = await open(dir)
  t.same(await names(again), ['a', 'b'])
  await again.close()
})

t.test('makes no backup of nothing, of damage, or over the store itself', async t => {
  const dir = join(t.testdir({ empty: {} }), 'store')
  const out = join(dir, '..', 'backup.json')
  await t.rejects(backupStore({ dir: join(dir, '..', 'empty'), out }), { code: 'store.bad-backup' })
  await t.rejects(backupStore({ dir, out }), { code: 'store.unreadable' })
  const store = await open(dir)
  await store.commit([put('a')])
  await t.rejects(backupStore({ dir, out: join(dir, 'checkpoint.json') }), { code: 'store.bad-backup' })
  await t.rejects(backupStore({ dir, out: '/dev/null/x/y' }), { code: 'store.unreadable' })
  await store.close()
  await writeFile(join(dir, 'checkpoint.json'), 'x')
  await t.rejects(backupStore({ dir, out }), { code: 'store.damaged' })
  t.notOk((await readdir(join(dir, '..'))).includes('backup.json'))
})
