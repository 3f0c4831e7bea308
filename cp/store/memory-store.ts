/**
 * A store that forgets: the same commits, conflicts and feed as the JSON store, without a disk. For tests and dry
 * runs.
 */
import type { FeedOptions } from './changes.ts'
import { CommitQueue, closedError } from './commit/commit-queue.ts'
import type { Store } from './store.ts'

/** `nowMs`: clock of creation and modification times, in ms since 1970. */
export function createMemoryStore(
  options: { readonly epoch?: number; readonly nowMs?: () => number; readonly feed?: FeedOptions } = {},
): Store {
  const queue = new CommitQueue({
    persist: async () => undefined,
    nowMs: options.nowMs ?? Date.now,
    revision: 0,
    feed: options.feed,
  })
  return storeOn(queue, options.epoch ?? 1, () => queue.close())
}

/** The reading and writing side that every store on a commit queue shares. */
export function storeOn(queue: CommitQueue, epoch: number, close: () => Promise<void>): Store {
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
    async commit(writes) {
      whileOpen()
      return queue.commit(writes)
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
