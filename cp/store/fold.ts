/**
 * Folds the journal into a new checkpoint while writes go on. What a crash leaves behind at each point:
 *
 *   1 segment N+1 is begun (whole or not at all)   checkpoint G, segments G…N+1: all are read
 *   2 checkpoint N+1 is written beside             as 1, and a temporary file that the next start removes
 *   3 checkpoint.json.1 becomes checkpoint G       as 1: both names hold G
 *   4 checkpoint.json becomes N+1                  checkpoint N+1, segment N+1; G…N are left over
 *   5 segments before G are removed,               as 4: what is left over is removed by the next start
 *     each after the history took it over          twice is as good as once
 *
 * Each step is on disk before the next begins. From then on checkpoint.json.1 and the segments since give the same
 * as checkpoint.json: should it be damaged, nothing is lost. A fold that fails leaves one of these states as well.
 */
import { copyFile, link, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '#base/errors.ts'
import { makeFolder, removeTemporaries, syncFolder } from '#base/files.ts'
import { peekCheckpoint, writeCheckpoint } from './checkpoint.ts'
import type { CommitQueue } from './commit/commit-queue.ts'
import { generationOf } from './journal.ts'
import type { JournalWriter } from './journal-writer.ts'
import { BACKUPS_FOLDER, CHECKPOINT_FILE, PREVIOUS_FILE } from './load.ts'

/** Segments that could not go into the history wait for room at most so long, in folds. */
const UNTAKEN_KEPT = 8
/** Whole, but not yet in its place. */
const NEXT_FILE = `${CHECKPOINT_FILE}.next`

export interface FoldParts {
  readonly dir: string
  readonly epoch: number
  readonly queue: CommitQueue
  readonly journal: JournalWriter
  readonly nowMs: () => number
  readonly history: SegmentTaker
}

/** Takes over from segments before they are removed; false: it could not. */
export interface SegmentTaker {
  take(segmentPath: string): Promise<boolean>
}

/** Returns the size of the new checkpoint in bytes. Throws `store.disk` or a system error; nothing is lost then. */
export async function fold({ dir, epoch, queue, journal, nowMs, history }: FoldParts): Promise<number> {
  const path = join(dir, CHECKPOINT_FILE)
  const picture = await queue.between(async () => {
    await journal.rotate(epoch, queue.revision)
    return { generation: journal.generation, revision: queue.revision, resources: queue.tables.all() }
  })
  const next = join(dir, NEXT_FILE)
  const written = new Date(nowMs()).toISOString()
  await writeCheckpoint(next, { ...picture, epoch, written, hasJournal: true })
  await keepPrevious(dir)
  await rename(next, path)
  await syncFolder(dir)
  await removeOldSegments(dir, picture.generation, history)
  return (await stat(path)).size
}

/** What crashes left: temporary files and segments that no checkpoint needs. Only with the lock. */
export async function removeLeftovers(dir: string, generation: number, history: SegmentTaker): Promise<void> {
  await removeTemporaries(dir)
  await rm(join(dir, NEXT_FILE), { force: true })
  await removeOldSegments(dir, generation, history)
}

/**
 * Copies the checkpoint to the backups folder when the newest copy there is older than `everyMs`; removes the
 * oldest beyond `keep`. A hard link: it costs nothing, and no file of the store is ever changed in place but the
 * journal.
 */
export async function keepBackup(
  dir: string,
  options: { everyMs: number; keep: number; nowMs: number },
): Promise<void> {
  if (options.keep === 0) return
  const folder = join(dir, BACKUPS_FOLDER)
  await makeFolder(folder)
  const names = (await readdir(folder)).filter(name => /^store-.*\.json$/.test(name)).sort()
  const newest = names.at(-1)
  if (newest !== undefined) {
    const ageMs = options.nowMs - (await stat(join(folder, newest))).mtimeMs
    if (ageMs >= 0 && ageMs < options.everyMs) return
  }
  const time = new Date(options.nowMs).toISOString().replace(/:/g, '-')
  await linkOrCopy(join(dir, CHECKPOINT_FILE), join(folder, `store-${time}.json`))
  const surplus = names.length + 1 - options.keep
  for (const name of names.slice(0, Math.max(0, surplus))) await rm(join(folder, name), { force: true })
  await syncFolder(folder)
}

/** A second name for the same bytes, or a copy where the file system has no hard links. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EPERM', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(codeOf(error))) throw error
    await copyFile(from, to)
  }
}

async function keepPrevious(dir: string): Promise<void> {
  const previous = join(dir, PREVIOUS_FILE)
  const temporary = join(dir, `.${PREVIOUS_FILE}.link.tmp`)
  await rm(temporary, { force: true })
  await linkOrCopy(join(dir, CHECKPOINT_FILE), temporary)
  await rename(temporary, previous)
  await syncFolder(dir)
}

/** Keeps those since the previous checkpoint, whose generation may be misread, or since the present one. */
async function removeOldSegments(dir: string, present: number, history: SegmentTaker): Promise<void> {
  const previous = await peekCheckpoint(join(dir, PREVIOUS_FILE))
  const oldest = Math.min(present, previous?.generation ?? 0)
  for (const name of await readdir(dir)) {
    const generation = generationOf(name)
    if (generation === null || generation >= oldest) continue
    const path = join(dir, name)
    const isTaken = await history.take(path)
    // tried again with the next fold, but not for ever: the history is not the state
    if (isTaken || generation < oldest - UNTAKEN_KEPT) await rm(path)
  }
}
