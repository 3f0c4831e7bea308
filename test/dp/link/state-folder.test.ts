/** Promises of dp/link/state-folder.ts: what survives, who may read it, and that no file in it keeps a daemon down. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createLogger } from '#base/log.ts'
import { StateFolder } from '../../../dp/link/state-folder.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'

type Test = import('tap').Test

const WEB = { mesh: 'default', name: 'web-1' }
const SNAPSHOT = { version: { epoch: 1, revision: 7 }, sections: { identity: { digest: 'd', value: {} } } }
const identity = await makeIdentity(await makeMeshCa())

t.test('keeps the id, counts starts, gives back what it was given', async t => {
  const path = await folder(t)
  const first = await opened(t, path)
  await first.state.keepSnapshot(SNAPSHOT)
  await first.state.keepIdentity(identity)
  await first.state.close()
  const second = await opened(t, path)
  t.equal(first.installation.incarnation, 1)
  t.same(second.installation, { instance: first.installation.instance, incarnation: 2 })
  t.same(await second.state.snapshot(), SNAPSHOT)
  t.same(await second.state.identity(), identity)
})

t.test('folders are 0700 and files 0600, whatever the umask', async t => {
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const path = join(await folder(t), 'default', 'web-1')
  const { state } = await opened(t, path)
  await state.keepSnapshot(SNAPSHOT)
  await state.keepIdentity(identity)
  t.equal((await stat(path)).mode & 0o777, 0o700)
  t.equal((await stat(join(path, '..'))).mode & 0o777, 0o700)
  for (const file of await readdir(path)) t.equal((await stat(join(path, file))).mode & 0o777, 0o600, file)
})

t.test('one process a folder', async t => {
  const path = await folder(t)
  await opened(t, path)
  await t.rejects(opened(t, path), {
    code: 'state.locked',
    message: /in use by process \d+: .*--state-dir/,
  })
})

for (const [what, text] of [
  ['cut short', '{"instance":'],
  ['of another shape', '{"instance":5,"version":1,"sections":[],"uris":"x"}'],
  ['null', 'null'],
  ['empty', ''],
] as const) {
  t.test(`a file that is ${what} is put aside and told`, async t => {
    const path = await folder(t)
    for (const file of ['instance.json', 'snapshot.json', 'identity.json'])
      await writeFile(join(path, file), text)
    const { state, installation, log } = await opened(t, path)
    t.equal(installation.incarnation, 1)
    t.equal(await state.snapshot(), null)
    t.equal(await state.identity(), null)
    for (const file of ['instance.json', 'snapshot.json', 'identity.json']) {
      t.equal(await readFile(join(path, `${file}.damaged`), 'utf8'), text)
      t.match(log(), new RegExp(`${file}.*kept beside as \\.damaged`))
    }
  })
}

t.test('the folder of another data plane is not run as our own', async t => {
  const path = await folder(t)
  const other = await opened(t, path, { mesh: 'default', name: 'api-1' })
  await other.state.keepSnapshot(SNAPSHOT)
  await other.state.keepIdentity(identity)
  await other.state.close()
  const { state, installation, log } = await opened(t, path)
  t.not(installation.instance, other.installation.instance)
  t.equal(await state.snapshot(), null)
  t.equal(await state.identity(), null)
  t.match(log(), /it is of data plane api-1 of mesh default/)
})

t.test('a place that cannot be written is a fault for a person, with the way out', async t => {
  const path = await folder(t)
  await writeFile(join(path, 'file'), '')
  await t.rejects(opened(t, join(path, 'file', 'state')), {
    code: 'state.unusable',
    message: /state folder .*file.state: .*; give a writable one with --state-dir/,
    details: { permanent: true },
  })
})

t.test('a disk that is full keeps no daemon down, and loses nothing that was there', async t => {
  const path = await folder(t)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'vmesh-test', path])
  if (mounted.status !== 0) return void t.pass('no small disk', { skip: 'mounting one needs root' })
  t.teardown(() => spawnSync('umount', ['-l', path]))
  const first = await opened(t, path)
  await first.state.keepSnapshot(SNAPSHOT)
  await first.state.close()
  for (let bytes = 64 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    await writeFile(join(path, 'filler'), Buffer.alloc(bytes, 1), { flag: 'a' }).catch(() => undefined)
  }
  const { state, installation, log } = await opened(t, path)
  t.same(installation, { instance: first.installation.instance, incarnation: 2 })
  await state.keepSnapshot({ ...SNAPSHOT, version: { epoch: 1, revision: 8 } })
  t.match(log(), /ENOSPC.*instance\.json.*cannot keep state on disk.*make room/)
  t.same(await state.snapshot(), SNAPSHOT)
  await rm(join(path, 'filler'))
  await state.keepSnapshot({ ...SNAPSHOT, version: { epoch: 1, revision: 9 } })
  t.match(await state.snapshot(), { version: { revision: 9 } })
})

async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'vmesh-state-'))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

async function opened(t: Test, path: string, owner = WEB) {
  const lines: string[] = []
  const log = createLogger({ level: 'debug', name: 'test', to: { write: line => void lines.push(line) } })
  const state = new StateFolder(path, log)
  const installation = await state.open(owner)
  t.teardown(() => state.close())
  return { state, installation, log: () => lines.join('') }
}
