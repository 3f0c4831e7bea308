/** Files are replaced whole or not at all, with the modes that were asked for. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder, readFileIfThere, removeTemporaries, writeFileAtomic } from '../../../dp/base/files.ts'

t.test('writes text, bytes and pieces', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.json')
  await writeFileAtomic(path, 'täxt')
  t.equal(await readFile(path, 'utf8'), 'täxt')
  await writeFileAtomic(path, Buffer.from([1, 2, 3]))
  t.same([...(await readFile(path))], [1, 2, 3])
  await writeFileAtomic(path, ['one ', Buffer.from('two '), 'three'])
  t.equal(await readFile(path, 'utf8'), 'one two three')
  await writeFileAtomic(path, '')
  t.equal(await readFile(path, 'utf8'), '')
  t.same(await readdir(dir), ['a.json'])
})

t.test('keeps the old file, and no other, when the content cannot be made', async t => {
  const dir = t.testdir({ a: 'old' })
  const pieces = (function* () {
    yield 'half'
    throw new Error('no more')
  })()
  await t.rejects(writeFileAtomic(join(dir, 'a'), pieces), { message: 'no more' })
  t.equal(await readFile(join(dir, 'a'), 'utf8'), 'old')
  t.same(await readdir(dir), ['a'])
  await t.rejects(writeFileAtomic(join(dir, 'missing', 'a'), ''), { code: 'ENOENT' })
})

t.test('gives files and folders their modes whatever the umask', async t => {
  const dir = t.testdir()
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const modeOf = async (name: string): Promise<number> => (await stat(join(dir, name))).mode & 0o777
  await writeFileAtomic(join(dir, 'private'), '')
  await writeFileAtomic(join(dir, 'public'), '', { mode: 0o644 })
  t.equal(await modeOf('private'), 0o600)
  t.equal(await modeOf('public'), 0o644)
  await writeFileAtomic(join(dir, 'public'), '')
  t.equal(await modeOf('public'), 0o600, 'also when it is replaced')
  process.umask(0)
  await makeFolder(join(dir, 'one', 'two'))
  t.equal(await modeOf('one'), 0o700)
  t.equal(await modeOf('one/two'), 0o700)
  await makeFolder(join(dir, 'one'), 0o755)
  t.equal(await modeOf('one'), 0o700, 'one that exists keeps its own')
})

t.test('a folder that cannot be made is an error at once, on every file system', async t => {
  const dir = t.testdir({ file: '' })
  // there mkdir says that the folder above is missing
  for (const path of ['/proc/nope', '/proc/nope/deeper'])
    await t.rejects(makeFolder(path), { code: 'ENOENT' })
  await t.rejects(makeFolder(join(dir, 'file')), { code: 'EEXIST' })
  await t.rejects(makeFolder(join(dir, 'file', 'below')), { code: 'ENOTDIR' })
})

t.test('lets the last of several writers win, whole', async t => {
  const path = join(t.testdir(), 'a')
  const contents = Array.from({ length: 10 }, (_, index) => String(index).repeat(10_000))
  await Promise.all(contents.map(content => writeFileAtomic(path, content)))
  t.ok(contents.includes(await readFile(path, 'utf8')))
})

t.test('tells a missing file from one that cannot be read', async t => {
  const dir = t.testdir({ a: 'x' })
  t.equal(String(await readFileIfThere(join(dir, 'a'))), 'x')
  t.equal(await readFileIfThere(join(dir, 'b')), null)
  await t.rejects(readFileIfThere(dir), { code: 'EISDIR' })
})

t.test('removes what dead writers left, and nothing else', async t => {
  const dir = t.testdir()
  for (const name of ['.a.0123.tmp', 'a', 'b.tmp', '.hidden']) await writeFile(join(dir, name), '')
  await mkdir(join(dir, 'folder'))
  await removeTemporaries(dir)
  t.same((await readdir(dir)).sort(), ['.hidden', 'a', 'b.tmp', 'folder'])
})
