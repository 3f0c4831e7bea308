/**
 * Copies of a store, out and in. A backup is one file in the form of a checkpoint, with everything up to its
 * revision; it is made beside a running control plane by reading its files. A restore needs the store for itself,
 * checks what it is given in full before it touches anything, keeps the files that were there, and raises the epoch.
 * The history stays what it was, with what was written since the copy; it is not part of a backup.
 */
import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { CodedError, codeOf } from '#base/errors.ts'
import { makeFolder, PRIVATE_FOLDER, syncFolder } from '#base/files.ts'
import { type Checkpoint, peekCheckpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { Tables } from './commit/tables.ts'
import { diskFailure, unreadable } from './damage.ts'
import { linkOrCopy } from './fold.ts'
import { HISTORY_DEFAULTS, HistoryFiles } from './history/history-files.ts'
import { generationOf, readSegment, type SegmentHeader } from './journal.ts'
import { CHECKPOINT_FILE, type LoadedStore, listFolder, loadStore, PREVIOUS_FILE, salvage } from './load.ts'
import { lockStore } from './lock.ts'

const TRIES = 5
/** The running control plane knows its settings and will see to them. */
const NO_BOUND = { ...HISTORY_DEFAULTS, maxBytes: Number.MAX_SAFE_INTEGER }

export interface BackupResult {
  readonly file: string
  readonly epoch: number
  readonly revision: number
  readonly resources: number
}

/**
 * Writes everything that was acknowledged when it began. `out` is a file, which is replaced as a whole, or a
 * folder, which gets a file named after time and revision; what is not there is made, as a file where it is called
 * `….json`. Throws `store.bad-backup` (nothing to copy, or `out` is
 * one of the store's own files), `store.damaged`, `store.newer-format`, `store.unreadable`, `store.disk`.
 */
export async function backupStore(options: {
  readonly dir: string
  readonly out: string
  readonly nowMs?: () => number
}): Promise<BackupResult> {
  const dir = resolve(options.dir)
  const loaded = await loadPatiently(dir)
  const written = new Date((options.nowMs ?? Date.now)()).toISOString()
  const checkpoint = checkpointOf(loaded, { written, generation: loaded.checkpoint.generation })
  let file = resolve(options.out)
  if (await isFolder(file)) {
    file = join(file, `vmesh-store-${written.replace(/:/g, '-')}-r${checkpoint.revision}.json`)
  }
  if (dirname(file) === dir) {
    throw new CodedError(
      'store.bad-backup',
      `${file} is inside the store itself; name a file outside of ${dir}`,
    )
  }
  try {
    await makeFolder(dirname(file))
    await writeCheckpoint(file, checkpoint)
  } catch (error) {
    throw diskFailure(file, error)
  }
  const { epoch, revision, resources } = checkpoint
  return { file, epoch, revision, resources: resources.length }
}

export interface RestoreResult {
  readonly epoch: number
  readonly revision: number
  readonly resources: number
  /** Where the files are that were there before; null: there were none. */
  readonly kept: string | null
  /** What could not be read after `revision`, when the copy was one of the store's own checkpoints; else null. */
  readonly lost: string | null
  /** What could not be kept of the history; usually nothing. */
  readonly historyFaults: readonly string[]
}

/**
 * Makes the store be what `from` says: a backup, or a checkpoint in the store's own folder, which is taken with the
 * journal after it as far as that is whole. Throws `store.locked` (stop the control plane first),
 * `store.bad-backup`, `store.newer-format`, `store.unreadable`, `store.disk`; then the store is as it was.
 */
export async function restoreStore(options: {
  readonly dir: string
  readonly from: string
  readonly nowMs?: () => number
}): Promise<RestoreResult> {
  const dir = resolve(options.dir)
  const nowMs = (options.nowMs ?? Date.now)()
  await makeFolder(dir).catch((error: unknown) => {
    throw diskFailure(join(dir, CHECKPOINT_FILE), error)
  })
  const lock = await lockStore(dir)
  try {
    const { loaded, lost } = await readCopy(dir, resolve(options.from))
    const seen = await highestSeen(dir)
    const epoch = Math.max(Math.floor(nowMs / 1000), seen.epoch + 1, loaded.checkpoint.epoch + 1)
    const written = new Date(nowMs).toISOString()
    const checkpoint = { ...checkpointOf(loaded, { written, generation: seen.generation + 1 }), epoch }
    const path = join(dir, CHECKPOINT_FILE)
    const historyFaults: string[] = []
    let kept: string | null
    try {
      // second names first, so that no crash finds a store without its files
      kept = await keepFiles(dir, written)
      await writeCheckpoint(path, checkpoint)
      historyFaults.push(...(await takeHistory(dir, epoch)))
      await removeReplaced(dir)
    } catch (error) {
      throw diskFailure(path, error)
    }
    const { revision, resources } = checkpoint
    return { epoch, revision, resources: resources.length, kept, lost, historyFaults }
  } finally {
    await lock.release()
  }
}

/** A control plane that writes or folds meanwhile can make a whole store look damaged, but not again and again. */
async function loadPatiently(dir: string): Promise<LoadedStore> {
  for (let left = TRIES; ; left--) {
    try {
      const loaded = await loadStore(dir)
      if (loaded !== null) return loaded
    } catch (error) {
      if (left > 1 && ['store.damaged', 'store.unreadable'].includes(codeOf(error))) continue
      throw error
    }
    const what = `there is no store in ${dir}; name the data folder of the control plane`
    throw new CodedError('store.bad-backup', what, { details: { dir } })
  }
}

function checkpointOf(loaded: LoadedStore, head: { written: string; generation: number }): Checkpoint {
  const tables = new Tables()
  for (const resource of loaded.checkpoint.resources) tables.set(resource, resource)
  for (const { changes } of loaded.records) for (const { key, after } of changes) tables.set(key, after)
  const { epoch } = loaded.checkpoint
  return { ...head, epoch, revision: loaded.revision, hasJournal: false, resources: tables.all() }
}

async function readCopy(dir: string, from: string): Promise<{ loaded: LoadedStore; lost: string | null }> {
  if (join(from, '..') === dir) {
    const found = await salvage(from)
    if (found !== null) return found
  }
  const read = await readCheckpoint(from)
  if (read.type === 'whole') {
    const { checkpoint } = read
    const { revision } = checkpoint
    return { loaded: { checkpoint, records: [], revision, lastSegment: null, journalBytes: 0 }, lost: null }
  }
  const what = read.type === 'missing' ? 'there is no such file' : read.what
  const line = read.type === 'damaged' && read.line !== undefined ? ` (line ${read.line})` : ''
  throw new CodedError(
    'store.bad-backup',
    `${from}${line}: ${what}; the store is as it was. Name another backup`,
    {
      details: { file: from },
    },
  )
}

/** Of everything in the folder that can still be read, so that epoch and generation only rise. */
async function highestSeen(dir: string): Promise<{ epoch: number; generation: number }> {
  let epoch = 0
  let generation = 0
  for (const name of await listFolder(dir)) {
    const path = join(dir, name)
    const segment = generationOf(name)
    let head: { epoch: number; generation: number } | null = null
    if (segment !== null) {
      generation = Math.max(generation, segment)
      head = await headerOf(path)
    } else if (name === CHECKPOINT_FILE || name === PREVIOUS_FILE) head = await peekCheckpoint(path)
    epoch = Math.max(epoch, head?.epoch ?? 0)
    generation = Math.max(generation, head?.generation ?? 0)
  }
  return { epoch, generation }
}

async function headerOf(segmentPath: string): Promise<SegmentHeader | null> {
  try {
    return readSegment(await readFile(segmentPath)).header
  } catch (error) {
    throw unreadable(segmentPath, error)
  }
}

/** The store's present files under second names in a folder beside them. */
async function keepFiles(dir: string, time: string): Promise<string | null> {
  const names = (await listFolder(dir)).filter(isStoreFile)
  if (names.length === 0) return null
  const folder = join(dir, `replaced-${time.replace(/:/g, '-')}`)
  await mkdir(folder, { mode: PRIVATE_FOLDER })
  for (const name of names) await linkOrCopy(join(dir, name), join(folder, name))
  await syncFolder(folder)
  await syncFolder(dir)
  return folder
}

/** The segments are about to go. */
async function takeHistory(dir: string, epoch: number): Promise<readonly string[]> {
  const faults: string[] = []
  const warn = (message: string): void => void faults.push(message)
  const history = new HistoryFiles({ dir, epoch, settings: NO_BOUND, warn })
  for (const name of await listFolder(dir)) {
    if (generationOf(name) !== null) await history.take(join(dir, name))
  }
  return faults
}

/** All but the new checkpoint: what it does not need would only mislead. */
async function removeReplaced(dir: string): Promise<void> {
  for (const name of (await listFolder(dir)).filter(isStoreFile)) {
    if (name !== CHECKPOINT_FILE) await rm(join(dir, name))
  }
  await syncFolder(dir)
}

function isStoreFile(name: string): boolean {
  return name === CHECKPOINT_FILE || name === PREVIOUS_FILE || generationOf(name) !== null
}

/** What is there, or what the name of what is not there says. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return !path.endsWith('.json')
    throw unreadable(path, error)
  }
}
