/** The past of resources: durable with the commit, bounded, and never in the way of the state. */
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { keyOf, type ResourceKey } from '../../../cp/kinds/kind.ts'
import { kinds } from '../../../cp/kinds/registry.ts'
import { backupStore, restoreStore } from '../../../cp/store/backup.ts'
import type { HistorySettings } from '../../../cp/store/history/history-files.ts'
import { hasHistory, type Revision } from '../../../cp/store/history.ts'
import { frame, segmentName } from '../../../cp/store/journal.ts'
import { type JsonStore, openJsonStore } from '../../../cp/store/json-store.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { secretDraft, secretKey } from '../../../cp/store/secrets.ts'
import type { Store } from '../../../cp/store/store.ts'
import { createLogger, silentLogger } from '../../../dp/base/log.ts'
import { aDraft, put, remove } from '../../suites/store-suite.ts'

type Test = import('tap').Test

const ALICE = { author: 'alice' }

function open(dir: string, history?: HistorySettings, lines?: string[]): Promise<JsonStore> {
  const to = { write: (line: string) => void lines?.push(line) }
  const log = lines === undefined ? silentLogger() : createLogger({ level: 'warn', name: 'test', to })
  return openJsonStore({ dir, log, keepBackups: 0, ...(history === undefined ? {} : { history }) })
}

function key(name: string): ResourceKey {
  return keyOf(aDraft(name))
}

function brief(revisions: readonly Revision[]): readonly string[] {
  return revisions.map(one => `${one.revision} ${one.action} ${one.author}`)
}

async function filesOf(dir: string): Promise<readonly string[]> {
  return (await readdir(join(dir, 'history'))).map(name => join(dir, 'history', name))
}

const stores: Readonly<Record<string, (t: Test) => Promise<Store>>> = {
  'in memory': async () => createMemoryStore(),
  'on disk': async t => open(t.testdir()),
}

for (const [where, make] of Object.entries(stores)) {
  t.test(`tells who made, changed, restored and deleted a resource, ${where}`, async t => {
    const store = await make(t)
    await store.commit([put('a', 1)], ALICE)
    await store.commit([put('a', 2), put('b', 1)], { author: 'dataplane:a' })
    await store.commit([put('a', 1)], { author: 'bob', restoredFrom: 1 })
    await store.commit([remove('a')])
    const found = await store.history(key('a'))
    t.same(brief(found), [
      '4 deleted mesh-system:control-plane',
      '3 restored bob',
      '2 updated dataplane:a',
      '1 created alice',
    ])
    t.equal(found[1]?.restoredFrom, 1)
    t.equal(found[0]?.resource, null)
    t.same(found[1]?.resource?.spec, found[3]?.resource?.spec)
    t.ok(found.every(one => Math.abs(Date.parse(one.time) - Date.now()) < 60_000))
    t.same(brief(await store.history(key('b'))), ['2 created dataplane:a'])
    t.same(await store.history(key('never')), [])
    await store.close()
  })

  t.test(`keeps no values of secrets and nothing of status, ${where}`, async t => {
    const store = await make(t)
    const secret = secretKey('m1', 'pin')
    await store.commit(
      [{ op: 'put', resource: { ...secretDraft(secret, 'hidden'), labels: { team: 'x' } } }],
      ALICE,
    )
    const insight = { type: 'DataplaneInsight', mesh: 'm1', name: 'a' }
    await store.commit([{ op: 'put', resource: { ...insight, labels: {}, spec: {} } }], ALICE)
    const [found] = await store.history(secret)
    t.match(found, { author: 'alice', resource: { labels: { team: 'x' } } })
    t.same(found?.resource?.spec, {})
    t.same(await store.history(insight), [])
    await store.close()
  })
}

t.test('survives folds and restarts, and keeps no secret on disk', async t => {
  const dir = t.testdir()
  const secret = secretKey('m1', 'pin')
  const value = secretDraft(secret, 'a value to be found')
  for (let round = 1; round <= 4; round++) {
    const store = await open(dir)
    await store.commit(
      [put('a', round), { op: 'put', resource: { ...value, labels: { round: `${round}` } } }],
      ALICE,
    )
    await store.fold()
    await store.close()
  }
  const store = await open(dir)
  const expected = ['4 updated alice', '3 updated alice', '2 updated alice', '1 created alice']
  t.same(brief(await store.history(key('a'))), expected)
  t.same(brief(await store.history(secret)), expected)
  await store.close()
  const texts = await Promise.all((await filesOf(dir)).map(path => readFile(path, 'utf8')))
  t.ok(texts.some(text => text.includes('"name":"pin"')))
  t.notOk(texts.some(text => text.includes(JSON.stringify(value.spec).slice(1, -1))))
})

t.test('kinds that are written through the API have a history, others have none', async t => {
  for (const { type, readOnly } of kinds) t.equal(hasHistory(type), !readOnly, type)
})

t.test('shows only as many revisions as are set', async t => {
  const store = await open(t.testdir(), { revisionsPerResource: 3, maxBytes: 1_000_000 })
  for (let port = 1; port <= 5; port++) await store.commit([put('a', port)], ALICE)
  t.same(brief(await store.history(key('a'))), ['5 updated alice', '4 updated alice', '3 updated alice'])
  await store.close()
})

t.test('stays under its size on disk, and keeps the newest of what exists', async t => {
  const dir = t.testdir()
  const maxBytes = 64 * 1024
  const store = await open(dir, { revisionsPerResource: 20, maxBytes })
  await store.commit([put('old', 1), put('gone', 1)], ALICE)
  await store.commit([remove('gone')], ALICE)
  for (let port = 1; port <= 300; port++) {
    await store.commit(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(name => put(name, port)),
      ALICE,
    )
    if (port % 50 === 0) await store.fold()
  }
  await store.fold()
  await store.fold()
  const sizes = await Promise.all((await filesOf(dir)).map(async path => (await stat(path)).size))
  t.ok(sizes.reduce((sum, size) => sum + size, 0) < maxBytes)
  t.same(brief(await store.history(key('old'))), ['1 created alice'])
  t.equal((await store.history(key('a')))[0]?.revision, store.revision())
  await store.close()
})

t.test('a store of an older program opens, and its history begins with what it holds', async t => {
  const dir = t.testdir()
  const first = await open(dir)
  await first.commit([put('a', 1)])
  await first.fold()
  await first.commit([put('a', 2)])
  await first.close()
  await rm(join(dir, 'history'), { recursive: true })
  for (const name of await readdir(dir)) {
    if (name.startsWith('journal-')) await withoutOrigins(join(dir, name))
  }
  const store = await open(dir)
  await store.commit([put('a', 3)], ALICE)
  t.same(brief(await store.history(key('a'))), ['3 updated alice', '2 updated unknown'])
  await store.close()
  const again = await open(dir)
  t.same(brief(await again.history(key('a'))), ['3 updated alice', '2 updated unknown'])
  await again.close()
})

t.test('damage costs the damaged revisions alone, and is told', async t => {
  const dir = t.testdir()
  const first = await open(dir)
  for (let port = 1; port <= 3; port++) await first.commit([put('a', port)], ALICE)
  await first.fold()
  await first.fold()
  await first.close()
  const [path = ''] = (await filesOf(dir)).filter(one => !one.endsWith('tmp'))
  const text = await readFile(path, 'utf8')
  await writeFile(path, `${text.replace('"port":2', '"port":7')}rubbish\n{"sum":`)
  const lines: string[] = []
  const store = await open(dir, undefined, lines)
  t.same(brief(await store.history(key('a'))), ['3 updated alice', '1 created alice'])
  t.match(lines[0], 'a history file is damaged')
  await store.commit([put('a', 4)], ALICE)
  await store.fold()
  await store.fold()
  t.same(brief(await store.history(key('a'))), ['4 updated alice', '3 updated alice', '1 created alice'])
  await store.close()
})

t.test('a history that cannot be written keeps nothing else from working', async t => {
  const dir = t.testdir({ history: 'not a folder' })
  const lines: string[] = []
  const store = await open(dir, undefined, lines)
  for (let port = 1; port <= 12; port++) {
    await store.commit([put('a', port)], ALICE)
    await store.fold()
  }
  t.match(lines.join(''), 'the history cannot be read or written')
  t.equal((await store.history(key('a')))[0]?.revision, 12)
  await store.close()
  const segments = (await readdir(dir)).filter(name => name.startsWith('journal-'))
  t.ok(segments.length < 12, 'segments that wait for it are bounded')
})

t.test('a segment that a crash left behind is taken over, once', async t => {
  const dir = t.testdir()
  const first = await open(dir)
  await first.commit([put('a', 1)], ALICE)
  await first.fold()
  const left = join(dir, segmentName(1))
  const kept = `${dir}-kept`
  t.teardown(() => rm(kept, { force: true }))
  await cp(left, kept)
  await first.fold()
  await first.close()
  await cp(kept, left)
  const store = await open(dir)
  t.notOk((await readdir(dir)).includes(segmentName(1)))
  t.same(brief(await store.history(key('a'))), ['1 created alice'])
  await store.close()
})

t.test('a restore keeps the history, also of what was written after the copy', async t => {
  const dir = t.testdir()
  const out = `${dir}-backup.json`
  t.teardown(() => rm(out, { force: true }))
  const first = await open(dir)
  await first.commit([put('a', 1)], ALICE)
  await backupStore({ dir, out })
  await first.commit([put('a', 2)], ALICE)
  await first.close()
  t.match(await restoreStore({ dir, from: out }), { revision: 1, historyFaults: [] })
  const store = await open(dir)
  await store.commit([put('a', 3)], { author: 'bob' })
  t.same(brief(await store.history(key('a'))), ['2 updated bob', '2 updated alice', '1 created alice'])
  const [newest, lost] = await store.history(key('a'))
  t.ok((newest?.epoch ?? 0) > (lost?.epoch ?? 0), 'their versions differ')
  await store.close()
})

/** As they were before records said who and when. */
async function withoutOrigins(path: string): Promise<void> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  const older = lines.map(line => {
    const { rec } = JSON.parse(line) as { rec: Record<string, unknown> }
    const { author: _author, time: _time, ...rest } = rec
    return frame(JSON.stringify(rest), 0)
  })
  await writeFile(path, Buffer.concat(older))
}
