/** The file of the audit log: lines, rotation, and a disk that takes nothing. */
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { AuditFile, type AuditFileOptions } from '../../../cp/auth/audit/audit-file.ts'
import { createLogger, silentLogger } from '../../../dp/base/log.ts'

type Test = import('tap').Test

function fileIn(t: Test, options: Partial<AuditFileOptions> = {}): { path: string; file: AuditFile } {
  const path = join(t.testdir(), 'audit', 'audit.log')
  const file = new AuditFile({
    path,
    rotationEnabled: true,
    maxBytes: 1_000_000,
    maxRetainedFiles: 10,
    maxAgeDays: 30,
    log: silentLogger(),
    ...options,
  })
  t.teardown(() => file.close())
  return { path, file }
}

const linesOf = async (path: string): Promise<readonly string[]> =>
  (await readFile(path, 'utf8')).split('\n').slice(0, -1)

t.test('appends in order, for the owner only, and after what is there', async t => {
  const { path, file } = fileIn(t)
  for (let i = 0; i < 100; i++) file.append(`line ${i}`)
  await file.flush()
  t.same(
    await linesOf(path),
    Array.from({ length: 100 }, (_, i) => `line ${i}`),
  )
  t.equal((await stat(path)).mode & 0o777, 0o600)
  t.equal((await stat(dirname(path))).mode & 0o777, 0o700)
  const again = new AuditFile({ ...optionsOf(path), log: silentLogger() })
  again.append('last')
  await again.close()
  t.equal((await linesOf(path)).at(-1), 'last')
  t.same(file.counts(), { written: 100, waiting: 0, dropped: 0 })
})

t.test('who waits for a line finds it in the file, also while more come', async t => {
  const { path, file } = fileIn(t)
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      for (const round of [1, 2, 3]) {
        const line = `${i} round ${round}`
        await file.append(line)
        t.ok((await linesOf(path)).includes(line), line)
      }
    }),
  )
})

t.test('writes to a new file when somebody moved the old one away', async t => {
  const { path, file } = fileIn(t)
  file.append('one')
  await file.flush()
  await rm(path)
  file.append('two')
  await file.flush()
  t.same(await linesOf(path), ['two'])
})

t.test('renames a full file with the time, keeps the newest, and those that are not too old', async t => {
  let nowMs = Date.parse('2026-01-01T10:20:30.400Z')
  const { path, file } = fileIn(t, { maxBytes: 10, maxRetainedFiles: 3, maxAgeDays: 2, nowMs: () => nowMs })
  const names = async (): Promise<readonly string[]> => (await readdir(dirname(path))).sort()
  const write = async (line: string): Promise<void> => {
    file.append(line)
    await file.flush()
  }
  await write('the first line')
  t.same(await names(), ['audit.log'])
  await writeFile(join(dirname(path), 'audit-of-mine.log'), 'is left alone')
  await write('the second line')
  const first = 'audit-2026-01-01T10-20-30.400.log'
  t.same(await names(), [first, 'audit-of-mine.log', 'audit.log'])
  t.same(await linesOf(join(dirname(path), first)), ['the first line'])
  t.equal((await stat(join(dirname(path), first))).mode & 0o777, 0o600)
  for (let i = 0; i < 4; i++) {
    nowMs += 1000
    await write(`line ${i} of many`)
  }
  const kept = (await names()).filter(name => /^audit-\d/.test(name))
  t.equal(kept.length, 3)
  t.notOk(kept.includes(first), 'the oldest went first')
  nowMs += 3 * 86_400_000
  await write('days later')
  t.same(
    (await names()).filter(name => /^audit-\d/.test(name)),
    ['audit-2026-01-04T10-20-34.400.log'],
  )
})

t.test('grows without end where rotation is off', async t => {
  const { path, file } = fileIn(t, { maxBytes: 1, rotationEnabled: false })
  for (const line of ['one', 'two']) {
    file.append(line)
    await file.flush()
  }
  t.same(await linesOf(path), ['one', 'two'])
  t.same(await readdir(dirname(path)), ['audit.log'])
})

t.test('a full disk keeps lines in memory, tells it once, and writes them when there is room', async t => {
  const { log, told } = listeningLog()
  const { path, file } = fileIn(t, { log, retryMs: 20, maxWaitingBytes: 12 })
  await mkdir(dirname(path), { recursive: true })
  await symlink('/dev/full', path)
  for (const line of ['one', 'two', 'too much of it', 'six']) file.append(line)
  await file.flush()
  await file.flush()
  t.same(file.counts(), { written: 0, waiting: 3, dropped: 1 })
  t.match(told, [
    { level: 'error', path, waiting: 2, msg: /new ones are lost/ },
    { level: 'error', path, waiting: 3, reason: /ENOSPC/, msg: /cannot be written/ },
  ])
  t.equal(told.length, 2)
  await rm(path)
  // the next try alone would not keep the process
  const alive = setInterval(() => undefined, 1_000)
  if (told.length < 3) await once(log.stream, 'told')
  clearInterval(alive)
  t.match(told[2], { level: 'warn', dropped: 1, msg: /written again/ })
  t.same(await linesOf(path), ['one', 'two', 'six'])
  t.same(file.counts(), { written: 3, waiting: 0, dropped: 1 })
})

t.test(
  'who waits is not held up by a disk that fails; what cannot be written until the end is told',
  async t => {
    const { log, told } = listeningLog()
    const { path, file } = fileIn(t, { log })
    await mkdir(dirname(path), { recursive: true })
    await symlink('/dev/full', path)
    await Promise.all([file.append('one'), file.append('two')])
    await file.append('three')
    t.equal(file.counts().waiting, 3)
    await file.close()
    t.match(told.at(-1), { level: 'error', lost: 3, msg: /lost/ })
  },
)

function optionsOf(path: string) {
  return { path, rotationEnabled: true, maxBytes: 1_000_000, maxRetainedFiles: 10, maxAgeDays: 30 }
}

/** What is logged; `stream` emits `told` for each. */
function listeningLog() {
  const told: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      told.push(JSON.parse(String(chunk)))
      stream.emit('told')
      done()
    },
  })
  return { log: Object.assign(createLogger({ level: 'info', name: 'x', to: stream }), { stream }), told }
}
