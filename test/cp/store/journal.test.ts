/** The journal tells a write that a crash cut off from damage to what was acknowledged, and never guesses. */
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { frame, headerLine, JOURNAL_VERSION, readSegment } from '../../../cp/store/journal.ts'
import { JournalWriter } from '../../../cp/store/journal-writer.ts'

const header = headerLine({ version: JOURNAL_VERSION, generation: 3, epoch: 9, base: 40 })

function record(revision: number, syncedBytes: number): Buffer {
  const resource = {
    type: 'Mesh',
    mesh: '',
    name: `m-${revision}`,
    labels: {},
    spec: { text: 'ünïcode @ \u0000' },
    creationTime: 'c',
    modificationTime: 'm',
    revision,
  }
  return frame(JSON.stringify({ revision, changes: [{ put: resource }, { delete: resource }] }), syncedBytes)
}

const first = record(41, header.byteLength)
const second = record(42, header.byteLength + first.byteLength)
/** Two records that were one batch. */
const third = record(43, header.byteLength + first.byteLength + second.byteLength)
const fourth = record(44, header.byteLength + first.byteLength + second.byteLength)
const whole = Buffer.concat([header, first, second, third, fourth])
let length = 0
const ends = [header, first, second, third, fourth].map(part => {
  length += part.byteLength
  return length
})

function aRecord(revision: number): { revision: number; text: string } {
  return { revision, text: `{"revision":${revision},"changes":[]}` }
}

t.test('reads back what was written', async t => {
  const segment = readSegment(whole)
  t.same(segment.header, { version: 1, generation: 3, epoch: 9, base: 40 })
  t.same(
    segment.records.map(one => one.revision),
    [41, 42, 43, 44],
  )
  t.match(segment.records[0]?.changes, [
    { key: { name: 'm-41' }, after: { spec: { text: 'ünïcode @ \u0000' } } },
    { key: { name: 'm-41' }, after: null },
  ])
  t.same([segment.goodBytes, segment.tornBytes, segment.fault], [whole.byteLength, 0, null])
})

t.test('finds any flipped bit, and never takes it for a write that was cut off', async t => {
  const missed: string[] = []
  for (let at = 0; at < whole.byteLength; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bytes = Buffer.from(whole)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
      const { fault } = readSegment(bytes)
      const start = [0, ...ends].filter(end => end <= at).at(-1)
      if (fault === null || fault.offset !== start) missed.push(`byte ${at}, bit ${bit}`)
    }
  }
  t.same(missed, [])
})

t.test('takes the file cut at any byte of the last batch for a write that was cut off', async t => {
  for (let length = ends[2] ?? 0; length < whole.byteLength; length++) {
    const segment = readSegment(whole.subarray(0, length))
    const kept = ends.filter(end => end <= length).length - 1
    if (segment.fault !== null || segment.records.length !== kept) t.fail(`cut at ${length}`)
    if (segment.goodBytes + segment.tornBytes !== length) t.fail(`cut at ${length}: lengths`)
  }
  t.equal(readSegment(whole.subarray(0, ends[3])).tornBytes, 0, 'at the end of a record nothing is torn')
})

t.test('takes sectors of the last batch that the disk never got for a write that was cut off', async t => {
  const bytes = Buffer.concat([header, first, second, Buffer.alloc(100), fourth])
  const from = ends[2] ?? 0
  const aligned = Buffer.from(whole)
  const end = Math.ceil(from / 512) * 512
  t.ok(end < whole.byteLength && end > from, 'the case is one')
  aligned.fill(0, from, end)
  t.same(
    readSegment(aligned).records.map(one => one.revision),
    [41, 42],
  )
  t.equal(readSegment(aligned).tornBytes, whole.byteLength - from)
  t.not(readSegment(bytes).fault, null, 'zeros that end anywhere are damage')
})

t.test('calls empty sectors damage when a later record was acknowledged after them', async t => {
  const bytes = Buffer.from(whole)
  bytes.fill(0, ends[0], ends[1])
  t.match(readSegment(bytes).fault, { offset: ends[0], line: 2 })
})

const damages: Record<string, readonly Buffer[]> = {
  'text after the end': [whole, Buffer.from('something else')],
  'a line after the end': [whole, Buffer.from('{"an":"object"}\n')],
  'an empty line after the end': [whole, Buffer.from('\n')],
  'a record that is there twice': [whole, fourth],
  'a record that is missing': [header, first, third, fourth],
  'a line that somebody edited': [header, Buffer.from(first.toString().replace('m-41', 'm-14')), second],
  'a second header': [header, header],
}
for (const [what, parts] of Object.entries(damages)) {
  t.test(`calls ${what} damage`, async t => {
    const segment = readSegment(Buffer.concat(parts))
    t.not(segment.fault, null)
    t.equal(segment.tornBytes, 0)
  })
}

t.test('calls a file without its header damage, however it ends', async t => {
  for (const bytes of [Buffer.alloc(0), header.subarray(0, 20), first, Buffer.alloc(600)]) {
    t.match(readSegment(bytes), { header: null, tornBytes: 0, fault: { offset: 0, line: 1 } })
  }
})

t.test('writes what it reads', async t => {
  const dir = t.testdir()
  const writer = await JournalWriter.create(dir, 1, 5, 0)
  await writer.append([aRecord(1)])
  await writer.append([aRecord(2), aRecord(3)])
  await writer.rotate(5, 3)
  await writer.append([aRecord(4)])
  await writer.close()
  const one = readSegment(await readFile(join(dir, 'journal-1.jsonl')))
  const two = readSegment(await readFile(join(dir, 'journal-2.jsonl')))
  t.match(one, { fault: null, header: { generation: 1, epoch: 5, base: 0 } })
  t.same(
    one.records.map(found => found.revision),
    [1, 2, 3],
  )
  t.match(two, { fault: null, header: { generation: 2, epoch: 5, base: 3 } })
  t.same(
    two.records.map(found => found.revision),
    [4],
  )
})

t.test('cuts off what follows the acknowledged part before it appends', async t => {
  const dir = t.testdir()
  const path = join(dir, 'journal-3.jsonl')
  await writeFile(path, Buffer.concat([header, first, second.subarray(0, 50)]))
  const writer = await JournalWriter.open(dir, 3, header.byteLength + first.byteLength)
  await writer.append([aRecord(42)])
  await writer.close()
  const segment = readSegment(await readFile(path))
  t.equal(segment.fault, null)
  t.same(
    segment.records.map(one => one.revision),
    [41, 42],
  )
})

t.test('acknowledges nothing while a failed write cannot be undone', async t => {
  const dir = t.testdir()
  // takes no byte and cannot be truncated
  await symlink('/dev/full', join(dir, 'journal-1.jsonl'))
  const writer = await JournalWriter.open(dir, 1, 0)
  const append = (): Promise<void> => writer.append([aRecord(1)])
  await t.rejects(append(), { code: 'store.disk', message: /no space left on the disk of .*make room/ })
  await t.rejects(append(), { code: 'store.disk', details: { cause: 'EINVAL' } })
  t.equal(writer.bytes, 0)
  await writer.close()
})
