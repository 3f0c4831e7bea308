/** A full disk: the write is refused with what to do, nothing else is harmed, and it works again when there is room. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { backupStore, restoreStore } from '../../../cp/store/backup.ts'
import { readSegment } from '../../../cp/store/journal.ts'
import { openJsonStore } from '../../../cp/store/json-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { aDraft, put } from '../../suites/store-suite.ts'

type Test = import('tap').Test

/** A disk of 256 KiB, or the reason why there is none. */
async function smallDisk(t: Test): Promise<{ readonly path: string } | { readonly whyNot: string }> {
  if (process.getuid?.() !== 0) return { whyNot: 'mounting a small disk needs root' }
  const path = await mkdtemp(join(tmpdir(), 'vmesh-small-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'vmesh-test', path])
  t.teardown(async () => {
    spawnSync('umount', ['-l', path])
    await rm(path, { recursive: true })
  })
  if (mounted.status !== 0) {
    return { whyNot: `mount refused: ${String(mounted.stderr ?? mounted.error).trim()}` }
  }
  return { path }
}

async function fill(path: string): Promise<void> {
  for (let bytes = 256 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    await writeFile(path, Buffer.alloc(bytes, 1), { flag: 'a' }).catch(() => undefined)
  }
}

/** Larger than what is left in the last page of the journal. */
const aLargePut = (name: string) =>
  ({ op: 'put', resource: { ...aDraft(name), spec: { text: 'x'.repeat(9000) } } }) as const

t.test('refuses what it cannot store, keeps what it has and goes on when there is room', async t => {
  const disk = await smallDisk(t)
  if ('whyNot' in disk) return void t.pass('not shown', { skip: disk.whyNot })
  const dir = join(disk.path, 'store')
  const ballast = join(disk.path, 'ballast')
  const store = await openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })
  await store.commit([put('a', 1)])
  const heard: number[] = []
  store.watch(store.revision(), changes => heard.push(changes[0]?.revision ?? 0))
  await fill(ballast)

  const refused = await Promise.allSettled([store.commit([aLargePut('b')]), store.commit([aLargePut('c')])])
  for (const result of refused) {
    t.match(result, {
      status: 'rejected',
      reason: { code: 'store.disk', message: /no space left on the disk of .*make room there.*try again/ },
    })
  }
  t.equal(store.revision(), 1)
  t.same(
    (await store.list('Dataplane')).map(one => one.name),
    ['a'],
  )
  t.equal(readSegment(await readFile(join(dir, 'journal-1.jsonl'))).tornBytes, 0, 'nothing is left of it')

  await rm(ballast)
  await store.commit([aLargePut('b')])
  t.same(heard, [2])
  await store.close()
  const again = await openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })
  t.same(
    (await again.list('Dataplane')).map(one => [one.name, one.revision]),
    [
      ['a', 1],
      ['b', 2],
    ],
  )
  await again.close()
})

t.test('goes on with the journal when there is no room for a checkpoint', async t => {
  const disk = await smallDisk(t)
  if ('whyNot' in disk) return void t.pass('not shown', { skip: disk.whyNot })
  const dir = join(disk.path, 'store')
  const ballast = join(disk.path, 'ballast')
  const store = await openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })
  for (let index = 0; index < 10; index++) await store.commit([aLargePut(`dp-${index}`)])
  await writeFile(ballast, Buffer.alloc(100_000, 1))
  await t.rejects(store.fold(), { code: 'ENOSPC' })
  await store.commit([put('after', 1)])
  t.match(store.figures(), { folds: 0, failedFolds: 1 })
  await rm(ballast)
  await store.fold()
  await store.commit([put('after', 2)])
  await store.close()
  const again = await openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })
  t.equal(again.revision(), 12)
  t.equal((await again.list('Dataplane')).length, 11)
  await again.close()
})

t.test('leaves the store as it was when a restore or a start finds no room', async t => {
  const disk = await smallDisk(t)
  if ('whyNot' in disk) return void t.pass('not shown', { skip: disk.whyNot })
  const dir = join(disk.path, 'store')
  const ballast = join(disk.path, 'ballast')
  const out = join(t.testdir(), 'backup.json')
  const store = await openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })
  await store.commit([aLargePut('a')])
  await backupStore({ dir, out })
  await store.commit([aLargePut('b')])
  await store.close()
  await fill(ballast)
  await t.rejects(restoreStore({ dir, from: out }), { code: 'store.disk' })
  await t.rejects(openJsonStore({ dir: join(disk.path, 'new'), log: silentLogger() }), { code: 'store.disk' })
  await t.rejects(backupStore({ dir, out: join(disk.path, 'out.json') }), { code: 'store.disk' })
  const again = await openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })
  t.same(
    (await again.list('Dataplane')).map(one => one.name),
    ['a', 'b'],
  )
  await again.close()
  await rm(ballast)
  t.equal((await restoreStore({ dir, from: out })).resources, 1)
})
