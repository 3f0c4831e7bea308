/**
 * The checkpoint: all resources at one revision, as one JSON file that people and jq can read, one resource a line,
 * with a checksum over everything before it. lowdb holds it; the adapter is ours, since lowdb neither syncs nor
 * yields while it serialises. Backups have the same form. The only import of lowdb.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { type Adapter, Low } from 'lowdb'
import { codeOf } from '#base/errors.ts'
import { readFileIfThere, writeFileAtomic } from '#base/files.ts'
import type { Resource } from '../kinds/kind.ts'
import { isObject, readResource } from './checked-json.ts'
import { newerFormat, unreadable } from './damage.ts'

export const CHECKPOINT_VERSION = 1

export interface CheckpointHead {
  /** The journal goes on with the segment of this number. */
  readonly generation: number
  readonly epoch: number
  readonly revision: number
  /** RFC 3339. */
  readonly written: string
  /** false: made by a first start, a restore or a backup, so that a missing journal is no damage. */
  readonly hasJournal: boolean
}

export interface Checkpoint extends CheckpointHead {
  readonly resources: readonly Resource[]
}

export type CheckpointRead =
  | { readonly type: 'missing' }
  | { readonly type: 'whole'; readonly checkpoint: Checkpoint }
  | { readonly type: 'damaged'; readonly line: number | undefined; readonly what: string }

/** How long serialising may keep the event loop before a piece is handed to the disk. */
const PIECE_MS = 2
const CLOSING = /\n\],\n"sha256":"([0-9a-f]{64})"\n\}\n$/
const CLOSING_BYTES = 4 + 11 + 64 + 4
const EMPTY: Checkpoint = {
  generation: 0,
  epoch: 0,
  revision: 0,
  written: '',
  hasJournal: false,
  resources: [],
}

/** Throws `store.newer-format`, `store.unreadable`; damage is a value. */
export async function readCheckpoint(path: string): Promise<CheckpointRead> {
  const db = new Low(fileAdapter(path), EMPTY)
  try {
    await db.read()
  } catch (error) {
    if (error instanceof DamageFound) return { type: 'damaged', line: error.line, what: error.message }
    throw error
  }
  return db.data === EMPTY ? { type: 'missing' } : { type: 'whole', checkpoint: db.data }
}

/** Replaces the file; yields to the event loop every few ms. Throws system errors, then the old file is as it was. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await new Low(fileAdapter(path), checkpoint).write()
}

/** The first lines of a file, as far as they can be trusted without its checksum; null when they cannot. */
export async function peekCheckpoint(path: string): Promise<CheckpointHead | null> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(1024), position: 0 })
      const line = buffer.toString('utf8', 0, bytesRead).split('\n')[1] ?? ''
      return readHead(JSON.parse(`{${line.replace(/,$/, '')}}`))
    } finally {
      await file.close()
    }
  } catch (error) {
    // a system error or no JSON: whoever needs the content reads all of it and is told
    if (codeOf(error) !== '' || error instanceof SyntaxError) return null
    throw error
  }
}

function fileAdapter(path: string): Adapter<Checkpoint> {
  return {
    async read() {
      const bytes = await readFileIfThere(path).catch((error: unknown) => {
        throw unreadable(path, error)
      })
      return bytes === null ? null : parseCheckpoint(path, bytes)
    },
    async write(checkpoint) {
      await writeFileAtomic(path, piecesOf(checkpoint))
    },
  }
}

function* piecesOf(checkpoint: Checkpoint): Generator<string> {
  const { resources, ...head } = checkpoint
  const headText = JSON.stringify({ format: 'vmesh-store', version: CHECKPOINT_VERSION, ...head }).slice(
    1,
    -1,
  )
  const hash = createHash('sha256')
  let piece = `{\n${headText},\n"resources":[\n`
  let startedAt = performance.now()
  for (let index = 0; index < resources.length; index++) {
    piece += `${index === 0 ? '' : ',\n'}${JSON.stringify(resources[index])}`
    if (index % 16 !== 15 || performance.now() - startedAt < PIECE_MS) continue
    hash.update(piece)
    yield piece
    piece = ''
    startedAt = performance.now()
  }
  hash.update(piece)
  yield `${piece}\n],\n"sha256":"${hash.digest('hex')}"\n}\n`
}

/** Never leaves this file. */
class DamageFound extends Error {
  readonly line: number | undefined

  constructor(what: string, line?: number) {
    super(what)
    this.line = line
  }
}

function parseCheckpoint(path: string, bytes: Buffer): Checkpoint {
  checkVersion(path, bytes)
  const closing = CLOSING.exec(bytes.toString('latin1', Math.max(0, bytes.byteLength - CLOSING_BYTES)))
  if (closing === null)
    throw new DamageFound(`the end of the file is missing${atLine(bytes)}`, faultyLine(bytes))
  const covered = bytes.subarray(0, bytes.byteLength - closing[0].length)
  if (createHash('sha256').update(covered).digest('hex') !== closing[1]) {
    throw new DamageFound(`the content does not match its checksum${atLine(bytes)}`, faultyLine(bytes))
  }
  const value = parse(bytes.toString())
  const head = readHead(value)
  if (head === null || !isObject(value)) {
    throw new DamageFound('this is not a checkpoint of a store')
  }
  const list = value['resources']
  const resources = Array.isArray(list) ? list.map(readResource) : [null]
  const whole = resources.filter(one => one !== null)
  if (whole.length !== resources.length) {
    throw new DamageFound('a resource is not one', resources.indexOf(null) + 4)
  }
  return { ...head, resources: whole }
}

/** Before the checksum: a later format may have another one. */
function checkVersion(path: string, bytes: Buffer): void {
  const match = /^\{\s*"format":\s*"vmesh-store",\s*"version":\s*(\d+)/.exec(bytes.toString('latin1', 0, 200))
  const version = Number(match?.[1] ?? CHECKPOINT_VERSION)
  if (version > CHECKPOINT_VERSION) throw newerFormat(path, version, CHECKPOINT_VERSION)
}

function readHead(value: unknown): CheckpointHead | null {
  if (!isObject(value) || value['format'] !== 'vmesh-store') return null
  const { generation, epoch, revision, written, hasJournal } = value
  if (!isCount(generation) || !isCount(epoch) || !isCount(revision)) return null
  if (typeof written !== 'string' || typeof hasJournal !== 'boolean') return null
  return { generation, epoch, revision, written, hasJournal }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** The first line that is no JSON by itself: where an editor or a bad sector has been, if it can be told. */
function faultyLine(bytes: Buffer): number | undefined {
  const lines = bytes.toString().split('\n')
  const index = lines.findIndex(
    (line, at) => at > 2 && line.startsWith('{') && parse(line.replace(/,$/, '')) === undefined,
  )
  return index === -1 ? undefined : index + 1
}

function atLine(bytes: Buffer): string {
  return faultyLine(bytes) === undefined ? ', though each line reads well' : ''
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
