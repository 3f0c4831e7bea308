/** Whatever step of a first start, a fold or a restore is the last before a crash, the next start finds everything. */
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { backupStore, restoreStore } from '../../../cp/store/backup.ts'
import { peekCheckpoint } from '../../../cp/store/checkpoint.ts'
import { type JsonStore, openJsonStore } from '../../../cp/store/json-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { put } from '../../suites/store-suite.ts'

const open = (dir: string): Promise<JsonStore> => openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })

/** Writes one more commit after the check, so that what was left over would be in the way. */
async function contentOf(dir: string): Promise<readonly [number, readonly string[]]> {
  const store = await open(dir)
  const found = [store.revision(), (await store.list('Dataplane')).map(one => one.name)] as const
  await store.commit([put('next')])
  await store.fold()
  await store.close()
  const again = await open(dir)
  if (again.revision() !== found[0] + 1) throw new Error(`revision ${again.revision()} after ${found[0]}`)
  await again.close()
  return found
}

/** A folder with the files of `from` that are named, and of `over` those named there. */
async function mixed(
  dir: string,
  ...parts: readonly (readonly [string, readonly string[]])[]
): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir)
  for (const [from, names] of parts)
    for (const name of names) await cp(join(from, name), join(dir, name), { recursive: true })
}

t.test('a fold that stops after any of its steps', async t => {
  const root = t.testdir()
  const [before, after, dir] = [join(root, 'before'), join(root, 'after'), join(root, 'dir')]
  const store = await open(before)
  await store.commit([put('a')])
  await store.fold()
  await store.commit([put('b')])
  await store.fold()
  await store.commit([put('c')])
  await store.close()
  await cp(before, after, { recursive: true })
  const folded = await open(after)
  await folded.fold()
  await folded.close()
  const old = await readdir(before)
  t.same(old.sort(), [
    'checkpoint.json',
    'checkpoint.json.1',
    'history',
    'journal-2.jsonl',
    'journal-3.jsonl',
  ])
  const steps: Record<string, readonly (readonly [string, readonly string[]])[]> = {
    'before it': [[before, old]],
    'segment begun': [
      [before, old],
      [after, ['journal-4.jsonl']],
    ],
    'previous kept': [
      [before, old.filter(name => name !== 'checkpoint.json.1')],
      [after, ['journal-4.jsonl', 'checkpoint.json.1']],
    ],
    'checkpoint in place': [
      [before, ['journal-2.jsonl', 'journal-3.jsonl']],
      [after, ['journal-4.jsonl', 'checkpoint.json.1', 'checkpoint.json']],
    ],
    'old segments removed': [[after, await readdir(after)]],
  }
  for (const [step, parts] of Object.entries(steps)) {
    await mixed(dir, ...parts)
    t.same(await contentOf(dir), [3, ['a', 'b', 'c']], step)
  }
})

t.test('a first start that stops after any of its steps', async t => {
  const root = t.testdir()
  const [whole, dir] = [join(root, 'whole'), join(root, 'dir')]
  await (await open(whole)).close()
  await backupStore({ dir: whole, out: join(root, 'unused.json') })
  // what the first step writes is a checkpoint without a journal, as a backup is
  await mkdir(join(root, 'first'))
  await cp(join(root, 'unused.json'), join(root, 'first', 'checkpoint.json'))
  t.match(await peekCheckpoint(join(root, 'first', 'checkpoint.json')), { hasJournal: false, revision: 0 })
  await mixed(dir, [join(root, 'first'), ['checkpoint.json']])
  t.same(await contentOf(dir), [0, []], 'checkpoint written')
  await mixed(dir, [join(root, 'first'), ['checkpoint.json']], [whole, ['journal-1.jsonl']])
  await (await open(dir)).close()
  t.match(await peekCheckpoint(join(dir, 'checkpoint.json')), { hasJournal: true })
  await rm(join(dir, 'journal-1.jsonl'))
  await t.rejects(open(dir), { code: 'store.damaged' }, 'from then on the journal is missed')
})

t.test('a restore that stops after any of its steps', async t => {
  const root = t.testdir()
  const [before, after, dir] = [join(root, 'before'), join(root, 'after'), join(root, 'dir')]
  const out = join(root, 'backup.json')
  const store = await open(before)
  await store.commit([put('a')])
  await backupStore({ dir: before, out })
  await store.fold()
  await store.commit([put('b')])
  await store.close()
  await cp(before, after, { recursive: true })
  await restoreStore({ dir: after, from: out })
  const old = await readdir(before)
  await mixed(dir, [before, old], [after, ['checkpoint.json']])
  t.same(await contentOf(dir), [1, ['a']], 'new checkpoint in place, old files not yet removed')
  await mixed(dir, [after, ['checkpoint.json']])
  t.same(await contentOf(dir), [1, ['a']], 'old files removed')
})
