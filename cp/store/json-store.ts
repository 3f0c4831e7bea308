/**
 * The store of a single control plane: a checkpoint and a journal in one folder, everything in memory.
 * In: a folder that is the store's alone. Out: a `Store` whose acknowledged commits survive any crash.
 * Files: checkpoint.json, checkpoint.json.1 (the one before), journal-N.jsonl, backups/, history/; see fold.ts, load.ts
 * and history/history-files.ts.
 */
import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { makeFolder, PRIVATE_FOLDER } from '#base/files.ts'
import type { Logger } from '#base/log.ts'
import type { FeedOptions } from './changes.ts'
import { writeCheckpoint } from './checkpoint.ts'
import { CommitQueue } from './commit/commit-queue.ts'
import { diskFailure } from './damage.ts'
import { fold, keepBackup, removeLeftovers } from './fold.ts'
import { HISTORY_DEFAULTS, HistoryFiles, type HistorySettings } from './history/history-files.ts'
import { JournalWriter } from './journal-writer.ts'
import { CHECKPOINT_FILE, type LoadedStore, loadStore } from './load.ts'
import { lockStore } from './lock.ts'
import { storeOn } from './memory-store.ts'
import type { Store } from './store.ts'

export interface JsonStoreSettings {
  /** Journal bytes since the checkpoint that start a fold, or the checkpoint's size where that is larger. 8 MiB. */
  readonly foldAtBytes: number
  /** After so long without a write a journal of at least `foldAtRestBytes` is folded. 60 s. */
  readonly restMs: number
  /** 64 KiB. */
  readonly foldAtRestBytes: number
  /** Automatic copies in backups/, made when a fold is and the newest copy is older than this. 24 h. */
  readonly backupEveryMs: number
  /** Automatic copies that stay; 0: none are made. 7. */
  readonly keepBackups: number
}

export const JSON_STORE_DEFAULTS: JsonStoreSettings = {
  foldAtBytes: 8 * 1024 * 1024,
  restMs: 60_000,
  foldAtRestBytes: 64 * 1024,
  backupEveryMs: 24 * 3600_000,
  keepBackups: 7,
}

export interface JsonStoreOptions extends Partial<JsonStoreSettings> {
  /** Made (0700) where it is missing. */
  readonly dir: string
  readonly log: Logger
  readonly feed?: FeedOptions
  readonly history?: HistorySettings
  /** Clock, ms since 1970. */
  readonly nowMs?: () => number
}

export interface JsonStoreFigures {
  /** Since the last checkpoint. */
  readonly journalBytes: number
  readonly checkpointBytes: number
  readonly folds: number
  readonly failedFolds: number
}

export interface JsonStore extends Store {
  /** Writes a checkpoint now; joins one that is under way. Throws `store.disk` or a system error; nothing is lost. */
  fold(): Promise<void>
  figures(): JsonStoreFigures
}

/**
 * Throws `store.locked`, `store.damaged`, `store.newer-format`, `store.unreadable` (nothing was changed) and
 * `store.disk`.
 */
export async function openJsonStore(options: JsonStoreOptions): Promise<JsonStore> {
  const { dir, log } = options
  await prepareFolder(dir)
  const lock = await lockStore(dir)
  try {
    const nowMs = options.nowMs ?? Date.now
    const loaded = (await loadStore(dir)) ?? (await beginStore(dir, nowMs()))
    const { epoch } = loaded.checkpoint
    const journal = await openJournal(dir, loaded, log)
    const settings = options.history ?? HISTORY_DEFAULTS
    const history = new HistoryFiles({
      dir,
      epoch,
      settings,
      warn: (message, details) => log.warn(details, message),
    })
    await removeLeftovers(dir, loaded.checkpoint.generation, history)
    let afterBatch = (_bytes: number): void => undefined
    const queue = new CommitQueue({
      persist: async records => {
        const before = journal.bytes
        await journal.append(records)
        afterBatch(journal.bytes - before)
      },
      nowMs,
      revision: loaded.checkpoint.revision,
      feed: options.feed,
    })
    for (const resource of loaded.checkpoint.resources) queue.tables.set(resource, resource)
    for (const { revision, changes } of loaded.records) queue.replay(revision, changes)
    const checkpointBytes = (await stat(join(dir, CHECKPOINT_FILE))).size
    const folds = new Folds(
      { ...options, nowMs, epoch, queue, journal, history },
      loaded.journalBytes,
      checkpointBytes,
    )
    afterBatch = bytes => folds.afterWrite(bytes)
    folds.afterWrite(0)
    log.info({ dir, epoch, revision: queue.revision, replayed: loaded.records.length }, 'store opened')
    await history.begin(() => queue.tables.all())
    const store = storeOn({
      queue,
      epoch,
      history: key => history.list(key, queue.revision, queue.tables.get(key)),
      close: async () => {
        await folds.stop()
        await history.settled()
        await queue.close()
        await journal.close()
        await lock.release()
      },
    })
    return { ...store, fold: () => folds.fold(), figures: () => folds.figures() }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function prepareFolder(dir: string): Promise<void> {
  try {
    await makeFolder(dir)
    // secrets are inside; a folder that somebody made by hand may be open to all
    if (((await stat(dir)).mode & 0o077) !== 0) await chmod(dir, PRIVATE_FOLDER)
  } catch (error) {
    throw diskFailure(join(dir, CHECKPOINT_FILE), error)
  }
}

/**
 * The epoch of a new store is the time in seconds: data planes that knew a store which was lost with its disk see
 * a higher one.
 */
async function beginStore(dir: string, nowMs: number): Promise<LoadedStore> {
  const epoch = Math.floor(nowMs / 1000)
  const written = new Date(nowMs).toISOString()
  const checkpoint = { generation: 1, epoch, revision: 0, written, hasJournal: false, resources: [] }
  const path = join(dir, CHECKPOINT_FILE)
  try {
    await writeCheckpoint(path, checkpoint)
  } catch (error) {
    throw diskFailure(path, error)
  }
  return { checkpoint, records: [], revision: 0, lastSegment: null, journalBytes: 0 }
}

async function openJournal(dir: string, loaded: LoadedStore, log: Logger): Promise<JournalWriter> {
  const { lastSegment, checkpoint } = loaded
  const { generation, epoch, revision } = checkpoint
  if (lastSegment !== null && lastSegment.tornBytes > 0) {
    log.warn({ dir, ...lastSegment }, 'a write was cut off by a crash and never acknowledged; dropped')
  }
  const journal =
    lastSegment === null
      ? await JournalWriter.create(dir, generation, epoch, revision)
      : await JournalWriter.open(dir, lastSegment.generation, lastSegment.goodBytes)
  const path = join(dir, CHECKPOINT_FILE)
  try {
    // from now on a missing journal is damage
    if (!checkpoint.hasJournal) await writeCheckpoint(path, { ...checkpoint, hasJournal: true })
  } catch (error) {
    await journal.close()
    throw diskFailure(path, error)
  }
  return journal
}

type FoldsParts = Omit<JsonStoreOptions, 'history'> & Parameters<typeof fold>[0]

/** Decides when to fold; one fold at a time. */
class Folds {
  readonly #parts: FoldsParts
  readonly #settings: JsonStoreSettings
  readonly #rest: NodeJS.Timeout
  #running: Promise<void> | null = null
  #journalBytes: number
  #checkpointBytes: number
  /** A failed fold is not tried again before the journal is so long. */
  #notBeforeBytes = 0
  #folds = 0
  #failedFolds = 0
  #stopped = false

  constructor(parts: FoldsParts, journalBytes: number, checkpointBytes: number) {
    this.#parts = parts
    this.#settings = { ...JSON_STORE_DEFAULTS, ...parts }
    this.#journalBytes = journalBytes
    this.#checkpointBytes = checkpointBytes
    this.#rest = setTimeout(() => this.#atRest(), this.#settings.restMs).unref()
  }

  afterWrite(bytes: number): void {
    this.#journalBytes += bytes
    if (this.#stopped) return
    this.#rest.refresh()
    const limit = Math.max(this.#settings.foldAtBytes, this.#checkpointBytes, this.#notBeforeBytes)
    if (this.#journalBytes >= limit) this.#inBackground()
  }

  fold(): Promise<void> {
    this.#running ??= this.#fold().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  figures(): JsonStoreFigures {
    return {
      journalBytes: this.#journalBytes,
      checkpointBytes: this.#checkpointBytes,
      folds: this.#folds,
      failedFolds: this.#failedFolds,
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#rest)
    await this.#running?.catch(() => undefined)
  }

  #atRest(): void {
    if (!this.#stopped && this.#journalBytes >= this.#settings.foldAtRestBytes) this.#inBackground()
  }

  #inBackground(): void {
    this.fold().catch((error: unknown) => {
      const { dir, log } = this.#parts
      log.warn(
        { dir, err: error },
        `the journal could not be folded, it goes on growing: ${messageOf(error)}`,
      )
    })
  }

  async #fold(): Promise<void> {
    const before = this.#journalBytes
    try {
      this.#checkpointBytes = await fold(this.#parts)
    } catch (error) {
      this.#failedFolds++
      this.#notBeforeBytes = this.#journalBytes + this.#settings.foldAtBytes
      throw error
    }
    this.#folds++
    this.#notBeforeBytes = 0
    this.#journalBytes -= before
    this.#parts.log.debug({ dir: this.#parts.dir, checkpointBytes: this.#checkpointBytes }, 'journal folded')
    await this.#keepBackup()
  }

  async #keepBackup(): Promise<void> {
    const { dir, nowMs, log } = this.#parts
    const { backupEveryMs: everyMs, keepBackups: keep } = this.#settings
    try {
      await keepBackup(dir, { everyMs, keep, nowMs: nowMs() })
    } catch (error) {
      log.warn({ dir, err: error }, `no automatic backup was made: ${messageOf(error)}`)
    }
  }
}
