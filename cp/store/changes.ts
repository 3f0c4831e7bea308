/**
 * The change feed: the last commits, kept in a bounded ring, and those who want to hear of the next ones. A watcher
 * names the revision it knows and gets every commit after it exactly once, in order, first from the ring.
 * In: each commit as it becomes visible. Out: calls of listeners.
 */
import { CodedError } from '#base/errors.ts'
import type { Change } from './store.ts'

export interface FeedOptions {
  /** Commits that can be replayed; default 8192. */
  readonly commits?: number
  /** Changes in them, since one commit may hold many; the newest commit is kept whatever it holds. Default 65536. */
  readonly changes?: number
}

type Listener = (changes: readonly Change[]) => void

interface Watcher {
  /** The next revision it has not heard of. */
  next: number
  readonly listener: Listener
  open: boolean
}

export class ChangeFeed {
  readonly #ring: (readonly Change[])[] = []
  readonly #capacity: number
  /** One more than the capacity: the newest has a place before the oldest is let go. */
  readonly #slots: number
  readonly #maxChanges: number
  readonly #watchers = new Set<Watcher>()
  /** Revision of the oldest commit in the ring; one more than the newest when the ring is empty. */
  #oldest: number
  #newest: number
  #held = 0

  /** @param revision of the store when the feed begins: nothing before it can be replayed */
  constructor(revision: number, options: FeedOptions = {}) {
    this.#newest = revision
    this.#oldest = revision + 1
    this.#capacity = options.commits ?? 8192
    this.#slots = this.#capacity + 1
    this.#maxChanges = options.changes ?? 65_536
  }

  /** Tells everybody before it returns. Revisions come without gaps. */
  publish(revision: number, changes: readonly Change[]): void {
    if (revision !== this.#newest + 1) throw new Error(`revision ${revision} follows ${this.#newest}`)
    this.#ring[revision % this.#slots] = changes
    this.#newest = revision
    this.#held += changes.length
    for (const watcher of [...this.#watchers]) this.#deliver(watcher)
    while (this.#isOverfull()) {
      this.#held -= this.#ring[this.#oldest % this.#slots]?.length ?? 0
      this.#ring[this.#oldest % this.#slots] = []
      this.#oldest++
    }
  }

  /** As `Store.watch`. The listener is not called before this returns. */
  watch(fromRevision: number, listener: Listener): () => void {
    if (fromRevision + 1 < this.#oldest || fromRevision > this.#newest) {
      throw new CodedError(
        'store.feed-gone',
        `changes since revision ${fromRevision} are not kept (only those since ${this.#oldest - 1}, up to ${this.#newest}); list again and watch from the store's revision`,
        { details: { fromRevision, oldest: this.#oldest - 1, newest: this.#newest } },
      )
    }
    const watcher: Watcher = { next: fromRevision + 1, listener, open: true }
    this.#watchers.add(watcher)
    queueMicrotask(() => this.#deliver(watcher))
    return () => {
      watcher.open = false
      this.#watchers.delete(watcher)
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.open = false
    this.#watchers.clear()
  }

  #isOverfull(): boolean {
    const commits = this.#newest - this.#oldest + 1
    return commits > this.#capacity || (this.#held > this.#maxChanges && commits > 1)
  }

  #deliver(watcher: Watcher): void {
    while (watcher.open && watcher.next <= this.#newest) {
      const changes = this.#ring[watcher.next % this.#slots] ?? []
      watcher.next++
      try {
        watcher.listener(changes)
      } catch (error) {
        // a bug of the listener: it must not undo a commit that is on disk, and must not be hidden
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
