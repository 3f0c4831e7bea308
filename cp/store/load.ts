/**
 * Reads a store's folder and changes nothing in it: the checkpoint, then every journal segment since, in order.
 * `loadStore` is strict and throws at the first thing that is wrong, naming the place and the remedy; `salvage`
 * goes as far as a checkpoint and the journal after it are whole. Both may run beside a control plane that writes:
 * a segment is complete before the next one exists, and a fold leaves the files of the checkpoint before it.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CodedError, codeOf } from '#base/errors.ts'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { damaged, newerFormat, type Place, unreadable } from './damage.ts'
import { generationOf, JOURNAL_VERSION, type JournalRecord, readSegment, segmentName } from './journal.ts'

export const CHECKPOINT_FILE = 'checkpoint.json'
export const PREVIOUS_FILE = 'checkpoint.json.1'
/** Automatic copies, in the form of a backup; names sort by time. */
export const BACKUPS_FOLDER = 'backups'

export interface LoadedStore {
  readonly checkpoint: Checkpoint
  /** Of all segments since the checkpoint, in order. */
  readonly records: readonly JournalRecord[]
  /** Of the last record, or of the checkpoint. */
  readonly revision: number
  /** The one to go on with; null: there is none yet. */
  readonly lastSegment: {
    readonly generation: number
    readonly goodBytes: number
    readonly tornBytes: number
  } | null
  readonly journalBytes: number
}

/** Why reading stopped; the remedy is added by whoever knows what else is there. */
interface Obstacle {
  readonly place: Place
  readonly what: string
}

/** null: nothing was ever stored here. Throws `store.damaged`, `store.newer-format`, `store.unreadable`. */
export async function loadStore(dir: string): Promise<LoadedStore | null> {
  const names = await listFolder(dir)
  const path = join(dir, CHECKPOINT_FILE)
  const isFresh = names.every(name => generationOf(name) === null && !name.startsWith(CHECKPOINT_FILE))
  if (isFresh) return null
  const read = await readCheckpoint(path)
  if (read.type === 'missing')
    throw await withRemedy(dir, { place: { file: path }, what: 'the file is missing' })
  if (read.type === 'damaged') {
    const place = read.line === undefined ? { file: path } : { file: path, line: read.line }
    throw await withRemedy(dir, { place, what: read.what })
  }
  const { loaded, obstacle } = await readJournal(dir, read.checkpoint)
  if (obstacle !== null) throw await withRemedy(dir, obstacle)
  return loaded
}

/** What `path` (a checkpoint in the store's folder) and the journal after it give, up to the first fault. */
export async function salvage(path: string): Promise<{ loaded: LoadedStore; lost: string | null } | null> {
  const read = await readCheckpoint(path)
  if (read.type !== 'whole') return null
  const dir = join(path, '..')
  const { loaded, obstacle } = await readJournal(dir, read.checkpoint)
  return { loaded, lost: obstacle === null ? null : describe(obstacle) }
}

export async function listFolder(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    throw unreadable(dir, error)
  }
}

async function readJournal(
  dir: string,
  checkpoint: Checkpoint,
): Promise<{ loaded: LoadedStore; obstacle: Obstacle | null }> {
  // listed after the checkpoint was read: its first segment was there before it
  const present = (await listFolder(dir)).map(generationOf).filter(one => one !== null)
  const generations = present.filter(one => one >= checkpoint.generation).sort((a, b) => a - b)
  const records: JournalRecord[] = []
  let lastSegment: LoadedStore['lastSegment'] = null
  let journalBytes = 0
  const result = (obstacle: Obstacle | null): { loaded: LoadedStore; obstacle: Obstacle | null } => {
    const revision = checkpoint.revision + records.length
    return { loaded: { checkpoint, records, revision, lastSegment, journalBytes }, obstacle }
  }
  if (generations.length === 0 && checkpoint.hasJournal) {
    const file = join(dir, segmentName(checkpoint.generation))
    return result({ place: { file }, what: 'the journal is missing, with all that was written to it' })
  }
  for (const [index, generation] of generations.entries()) {
    const file = join(dir, segmentName(generation))
    if (generation !== checkpoint.generation + index) {
      const missing = join(dir, segmentName(checkpoint.generation + index))
      return result({
        place: { file: missing },
        what: `the journal is missing, while ${basename(file)} is there`,
      })
    }
    const segment = readSegment(await readSegmentFile(file))
    const { header, fault, goodBytes, tornBytes } = segment
    if (header !== null && header.version > JOURNAL_VERSION) {
      throw newerFormat(file, header.version, JOURNAL_VERSION)
    }
    const base = checkpoint.revision + records.length
    const isFitting =
      header?.generation === generation && header.epoch === checkpoint.epoch && header.base === base
    if (header !== null && !isFitting) {
      const what = `the header says generation ${header.generation}, epoch ${header.epoch}, revision ${header.base} where ${generation}, ${checkpoint.epoch}, ${base} belong`
      return result({ place: { file, offset: 0, line: 1 }, what })
    }
    records.push(...segment.records)
    journalBytes += goodBytes
    lastSegment = { generation, goodBytes, tornBytes }
    if (fault !== null) return result({ place: { file, ...fault }, what: fault.what })
    if (tornBytes > 0 && index < generations.length - 1) {
      return result({
        place: { file, offset: goodBytes },
        what: 'the file ends too early: another segment follows',
      })
    }
  }
  return result(null)
}

async function readSegmentFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw unreadable(file, error)
  }
}

function describe(obstacle: Obstacle): string {
  const { file, line, offset } = obstacle.place
  const at = line === undefined ? (offset === undefined ? '' : `, byte ${offset}`) : `, line ${line}`
  return `${file}${at}: ${obstacle.what}`
}

async function withRemedy(dir: string, { place, what }: Obstacle): Promise<CodedError> {
  return damaged(place, what, await remedyOf(dir))
}

/** Looks at what could be restored from, best first. */
async function remedyOf(dir: string): Promise<string> {
  const backups = await readdir(join(dir, BACKUPS_FOLDER)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const files = [CHECKPOINT_FILE, PREVIOUS_FILE].map(name => join(dir, name))
  for (const name of backups.sort().reverse()) files.push(join(dir, BACKUPS_FOLDER, name))
  for (const file of files) {
    const copy = await tryCopy(dir, file)
    if (copy === null) continue
    return `The last good copy is ${file}, which gives ${copy}. Bring it back with: vmesh-cp store restore ${file} (and the --data-dir or --config-file of the control plane)`
  }
  return `There is no good copy in ${dir}; restore a backup of yours with: vmesh-cp store restore FILE`
}

async function tryCopy(dir: string, file: string): Promise<string | null> {
  try {
    const isOwn = join(file, '..') === dir
    if (isOwn) {
      const found = await salvage(file)
      if (found === null) return null
      const until = found.lost === null ? 'the end of the journal' : 'the damaged place'
      return `everything up to revision ${found.loaded.revision} (${until})`
    }
    const read = await readCheckpoint(file)
    if (read.type !== 'whole') return null
    return `everything up to revision ${read.checkpoint.revision} of ${read.checkpoint.written}`
  } catch (error) {
    if (error instanceof CodedError) return null
    throw error
  }
}
