/**
 * The order of all commits. Those that arrive while the disk is busy wait and go together as one batch: each is
 * checked against what is stored and what the batch already holds, the records are made durable with one call,
 * and only then the changes become visible, watchers hear of them and the writers are answered.
 */
import { CodedError } from '#base/errors.ts'
import { keyText, type Resource, type ResourceKey } from '../../kinds/kind.ts'
import { ChangeFeed, type FeedOptions } from '../changes.ts'
import { CONTROL_PLANE, hasHistory, type Origin, originText } from '../history.ts'
import type { Change, Write } from '../store.ts'
import { stage } from './stage.ts'
import { Tables } from './tables.ts'

/** A commit before it is framed for the journal. */
export interface CommitRecord {
  readonly revision: number
  /** JSON: `{"revision", "time", "author", "changes": [{"put": resource} or {"delete": key}]}`. */
  readonly text: string
}

export interface CommitQueueOptions {
  /** Resolves when all records are durable, and throws when none of them is. Never called twice at a time. */
  readonly persist: (records: readonly CommitRecord[]) => Promise<void>
  readonly nowMs: () => number
  readonly revision: number
  readonly feed?: FeedOptions | undefined
}

/** Bounds the time for which one batch keeps the event loop. */
const MAX_BATCH = 256

const BY_ITSELF: Origin = { author: CONTROL_PLANE }

interface Waiting {
  readonly writes: readonly Write[]
  readonly origin: Origin
  readonly resolve: (changes: readonly Change[]) => void
  readonly reject: (error: unknown) => void
}

export class CommitQueue {
  readonly tables = new Tables()
  readonly feed: ChangeFeed
  readonly #options: CommitQueueOptions
  #waiting: Waiting[] = []
  #between: (() => Promise<void>)[] = []
  #running: Promise<void> | null = null
  #revision: number
  #closed = false

  constructor(options: CommitQueueOptions) {
    this.#options = options
    this.#revision = options.revision
    this.feed = new ChangeFeed(options.revision, options.feed)
  }

  get revision(): number {
    return this.#revision
  }

  /** As `Store.commit`. */
  commit(writes: readonly Write[], origin: Origin = BY_ITSELF): Promise<readonly Change[]> {
    if (this.#closed) return Promise.reject(closedError())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, origin, resolve, reject })
      this.#start()
    })
  }

  /** What a restart reads back: visible at once, heard of by nobody but later watchers. */
  replay(revision: number, writes: readonly { key: ResourceKey; after: Resource | null }[]): void {
    const changes = writes.map(({ key, after }) => ({ revision, key, before: this.tables.get(key), after }))
    this.#show(revision, changes)
  }

  /** Runs `task` while no batch is under way; batches wait for it. Its failure goes to the caller alone. */
  async between<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed) throw closedError()
    return new Promise<T>((resolve, reject) => {
      this.#between.push(() => task().then(resolve, reject))
      this.#start()
    })
  }

  /** Takes no more commits; resolves when those that wait are answered. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
    this.feed.close()
  }

  #start(): void {
    // starts a microtask later, so that writes of the same moment share their batch
    this.#running ??= Promise.resolve().then(() => this.#run())
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#between.length > 0) {
      const task = this.#between.shift()
      if (task !== undefined) await task()
      else await this.#runBatch(this.#waiting.splice(0, MAX_BATCH))
    }
    this.#running = null
  }

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    const overlay = new Map<string, Resource | null>()
    const records: CommitRecord[] = []
    const staged: { waiting: Waiting; revision: number; changes: readonly Change[] | CodedError }[] = []
    const read = (key: ResourceKey): Resource | null => {
      const pending = overlay.get(keyText(key))
      return pending === undefined ? this.tables.get(key) : pending
    }
    const timeMs = this.#options.nowMs()
    const time = new Date(timeMs).toISOString()
    for (const waiting of batch) {
      const revision = this.#revision + records.length + 1
      try {
        const { changes, text } = stage(read, waiting.writes, { revision, timeMs })
        staged.push({ waiting, revision, changes })
        if (changes.length === 0) continue
        const origin = changes.some(({ key }) => hasHistory(key.type)) ? waiting.origin : null
        records.push({ revision, text: `${originText(revision, time, origin)}"changes":${text}}` })
        for (const { key, after } of changes) overlay.set(keyText(key), after)
      } catch (error) {
        // a conflict may be with a commit of this batch, so it is only true once the batch is
        if (error instanceof CodedError) staged.push({ waiting, revision, changes: error })
        else waiting.reject(error)
      }
    }
    try {
      if (records.length > 0) await this.#options.persist(records)
    } catch (error) {
      for (const { waiting } of staged) waiting.reject(error)
      return
    }
    for (const { waiting, revision, changes } of staged) {
      if (changes instanceof CodedError) waiting.reject(changes)
      else {
        if (changes.length > 0) this.#show(revision, changes)
        waiting.resolve(changes)
      }
    }
  }

  #show(revision: number, changes: readonly Change[]): void {
    this.tables.apply(changes)
    this.#revision = revision
    this.feed.publish(revision, changes)
  }
}

export function closedError(): CodedError {
  return new CodedError(
    'store.closed',
    'the store is closed: the control plane is stopping; repeat the request after its restart',
  )
}
