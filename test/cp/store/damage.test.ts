/** A damaged store stops the start, says where and what to do, changes nothing, and doing that brings it back. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { restoreStore } from '../../../cp/store/backup.ts'
import { readCheckpoint } from '../../../cp/store/checkpoint.ts'
import { type JsonStore, openJsonStore } from '../../../cp/store/json-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { put } from '../../suites/store-suite.ts'

type Test = import('tap').Test

const open = (dir: string): Promise<JsonStore> => openJsonStore({ dir, log: silentLogger() })

/**
 * Revisions 1–3 in the previous checkpoint, 4–6 in checkpoint.json and segment 2, 7–9 in segment 3.
 * Automatic copies are there too.
 */
async function aStore(t: Test): Promise<string> {
  const dir = t.testdir()
  const store = await open(dir)
  for (let revision = 1; revision <= 9; revision++) {
    await store.commit([put(`dp-${revision}`)])
    if (revision % 3 === 0 && revision < 9) await store.fold()
  }
  await store.close()
  return dir
}

async function files(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isFile()) found[entry.name] = await readFile(join(dir, entry.name), 'latin1')
  }
  return found
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path, 'latin1')
  const after = change(before)
  if (after === before) throw new Error(`nothing changed in ${path}`)
  await writeFile(path, after, 'latin1')
}

interface Case {
  readonly what: string
  readonly harm: (dir: string) => Promise<void>
  /** Of the message; `DIR` stands for the folder. */
  readonly says: readonly string[]
  /** Revision that the named copy brings back. */
  readonly back: number
}

const cases: readonly Case[] = [
  {
    what: 'a flipped byte in the checkpoint',
    harm: dir => edit(join(dir, 'checkpoint.json'), text => text.replace('"dp-5"', '"dp-4"')),
    says: [
      'DIR/checkpoint.json: the content does not match its checksum',
      'store restore DIR/checkpoint.json.1',
    ],
    back: 9,
  },
  {
    what: 'a broken line in the checkpoint',
    harm: dir => edit(join(dir, 'checkpoint.json'), text => text.replace('"name":"dp-2"', '"name":"dp-2')),
    says: ['DIR/checkpoint.json (line 5)', 'store restore DIR/checkpoint.json.1'],
    back: 9,
  },
  {
    what: 'a checkpoint that was cut off',
    harm: dir => edit(join(dir, 'checkpoint.json'), text => text.slice(0, 900)),
    says: ['DIR/checkpoint.json', 'the end of the file is missing', 'store restore DIR/checkpoint.json.1'],
    back: 9,
  },
  {
    what: 'an empty checkpoint',
    harm: dir => edit(join(dir, 'checkpoint.json'), () => ''),
    says: ['DIR/checkpoint.json: the end of the file is missing', 'store restore DIR/checkpoint.json.1'],
    back: 9,
  },
  {
    what: 'a journal without its checkpoint',
    harm: dir => rm(join(dir, 'checkpoint.json')),
    says: ['DIR/checkpoint.json: the file is missing', 'store restore DIR/checkpoint.json.1'],
    back: 9,
  },
  {
    what: 'a journal without any checkpoint',
    harm: async dir => {
      await rm(join(dir, 'checkpoint.json'))
      await rm(join(dir, 'checkpoint.json.1'))
    },
    says: ['DIR/checkpoint.json: the file is missing', 'store restore DIR/backups/store-'],
    back: 3,
  },
  {
    what: 'a flipped byte in the middle of the journal',
    harm: dir => edit(join(dir, 'journal-3.jsonl'), text => text.replace('"dp-8"', '"dp-9"')),
    says: ['DIR/journal-3.jsonl (line 3, byte ', 'length and checksum', 'revision 7 (the damaged place)'],
    back: 7,
  },
  {
    what: 'text after the end of the journal',
    harm: dir => edit(join(dir, 'journal-3.jsonl'), text => `${text}garbage`),
    says: ['DIR/journal-3.jsonl (line 5, byte ', 'store restore DIR/checkpoint.json', 'revision 9'],
    back: 9,
  },
  {
    what: 'a checkpoint without its journal',
    harm: dir => rm(join(dir, 'journal-3.jsonl')),
    says: ['DIR/journal-3.jsonl: the journal is missing', 'store restore DIR/checkpoint.json'],
    back: 6,
  },
  {
    what: 'a journal of another store',
    harm: dir => edit(join(dir, 'journal-3.jsonl'), () => ''),
    says: ['DIR/journal-3.jsonl (line 1, byte 0): the file is empty', 'store restore DIR/checkpoint.json'],
    back: 6,
  },
]

for (const { what, harm, says, back } of cases) {
  t.test(`stops at ${what}, and the copy it names brings the store back`, async t => {
    const dir = await aStore(t)
    await harm(dir)
    const before = await files(dir)
    const error: unknown = await open(dir).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    t.match(error, { code: 'store.damaged' })
    const message = error instanceof Error ? error.message : ''
    for (const part of says) t.match(message, part.replaceAll('DIR', dir))
    t.same(await files(dir), before, 'no file was touched')

    const from = /vmesh-cp store restore (\S+)/.exec(message)?.[1] ?? ''
    const restored = await restoreStore({ dir, from })
    t.equal(restored.revision, back)
    t.same(await files(restored.kept ?? ''), before, 'the old files are kept')
    const store = await open(dir)
    const names = (await store.list('Dataplane')).map(one => one.name)
    t.same(
      names,
      Array.from({ length: back }, (_, index) => `dp-${index + 1}`),
    )
    await store.commit([put('after')])
    t.equal(store.revision(), back + 1)
    await store.close()
    await (await open(dir)).close()
  })
}

t.test('finds a flipped bit anywhere in a checkpoint', async t => {
  const dir = await aStore(t)
  const path = join(dir, 'copy.json')
  const whole = await readFile(join(dir, 'checkpoint.json.1'))
  for (let at = 0; at < whole.byteLength; at++) {
    const bytes = Buffer.from(whole)
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at)
    await writeFile(path, bytes)
    const read = await readCheckpoint(path).catch((error: unknown) => error)
    // the digit of the format version may become a higher one
    const isFound = JSON.stringify(read).includes('damaged') || JSON.stringify(read).includes('newer-format')
    if (!isFound) t.fail(`byte ${at} was not noticed`)
  }
  t.match(await readCheckpoint(join(dir, 'checkpoint.json.1')), { type: 'whole' })
})

t.test('does not touch a store of a newer vmesh', async t => {
  const dir = await aStore(t)
  await edit(join(dir, 'checkpoint.json'), text => text.replace('"version":1', '"version":2'))
  const before = await files(dir)
  await t.rejects(open(dir), { code: 'store.newer-format', message: /format version 2.*newer vmesh/ })
  t.same(await files(dir), before)
})

t.test('does not care about the previous checkpoint while the present one is whole', async t => {
  const dir = await aStore(t)
  await edit(join(dir, 'checkpoint.json.1'), () => 'not even JSON')
  const store = await open(dir)
  t.equal(store.revision(), 9)
  await store.fold()
  await store.close()
  t.match(await readCheckpoint(join(dir, 'checkpoint.json.1')), { type: 'whole' })
})
