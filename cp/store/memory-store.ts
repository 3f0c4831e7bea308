/**
 * A store that forgets: the same commits, conflicts and feed as the JSON store, without a disk. For tests and dry
 * runs.
 */
import { keyText, type ResourceKey } from '../kinds/kind.ts'
import type { FeedOptions } from './changes.ts'
import { CommitQueue, type CommitRecord, closedError } from './commit/commit-queue.ts'
import { newestOf, type Revision, revisionsOf } from './history.ts'
import type { Store } from './store.ts'

const RECORDS_KEPT = 10_000
const REVISIONS_SHOWN = 20

/** `nowMs`: clock of creation and modification times, in ms since 1970. */
export function createMemoryStore(
  options: { readonly epoch?: number; readonly nowMs?: () => number; readonly feed?: FeedOptions } = {},
): Store {
  const epoch = options.epoch ?? 1
  const records: CommitRecord[] = []
  const queue = new CommitQueue({
    persist: async batch => {
      records.push(...batch)
      records.splice(0, records.length - RECORDS_KEPT)
    },
    nowMs: options.nowMs ?? Date.now,
    revision: 0,
    feed: options.feed,
  })
  const history = async (key: ResourceKey): Promise<readonly Revision[]> => {
    const all = records.flatMap(({ text }) => revisionsOf(text, epoch))
    return newestOf(
      all.filter(one => keyText(one.key) === keyText(key)),
      REVISIONS_SHOWN,
    )
  }
  return storeOn({ queue, epoch, history, close: () => queue.close() })
}

export interface StoreParts {
  readonly queue: CommitQueue
  readonly epoch: number
  readonly history: Store['history']
  readonly close: () => Promise<void>
}

/** The reading and writing side that every store on a commit queue shares. */
export function storeOn({ queue, epoch, history, close }: StoreParts): Store {
  let closing: Promise<void> | null = null
  const whileOpen = (): void => {
    if (closing !== null) throw closedError()
  }
  return {
    epoch,
    revision: () => queue.revision,
    async get(key) {
      whileOpen()
      return queue.tables.get(key)
    },
    async list(type, mesh) {
      whileOpen()
      return queue.tables.list(type, mesh)
    },
    async commit(writes, origin) {
      whileOpen()
      return queue.commit(writes, origin)
    },
    async history(key) {
      whileOpen()
      return history(key)
    },
    watch(fromRevision, listener) {
      whileOpen()
      return queue.feed.watch(fromRevision, listener)
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}
