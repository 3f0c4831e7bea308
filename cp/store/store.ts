/**
 * Where resources live. Every write is checked against the revision that its writer saw, a commit is all or
 * nothing, and an acknowledged commit is on disk. Reads are asynchronous since other stores ask over a network.
 */
import type { Resource, ResourceDraft, ResourceKey } from '../kinds/kind.ts'
import type { Origin, Revision } from './history.ts'

export type Write =
  | {
      readonly op: 'put'
      readonly resource: ResourceDraft
      /**
       * The revision that must be stored now; 0: must not exist; undefined: whatever is there.
       * Otherwise the commit throws `store.conflict` and nothing is written.
       */
      readonly expectedRevision?: number | undefined
    }
  | { readonly op: 'delete'; readonly key: ResourceKey; readonly expectedRevision?: number | undefined }

export interface Change {
  /** Counts commits; all changes of one commit share it. */
  readonly revision: number
  readonly key: ResourceKey
  /** null: it did not exist. */
  readonly before: Resource | null
  /** null: it was deleted. */
  readonly after: Resource | null
}

export interface Store {
  /** Raised by a restore; (epoch, revision) never goes backwards. */
  readonly epoch: number
  /** Of the last commit. */
  revision(): number
  get(key: ResourceKey): Promise<Resource | null>
  /** Sorted by mesh, then name. `mesh` undefined: all meshes. */
  list(type: string, mesh?: string): Promise<readonly Resource[]>
  /**
   * All or nothing; resolves when it is on disk. Deleting what does not exist changes nothing. Throws
   * `store.conflict` (with `details.key`), `store.disk` (full or failing: nothing was acknowledged), `store.closed`.
   * @param origin for the history; the control plane itself when left out
   */
  commit(writes: readonly Write[], origin?: Origin): Promise<readonly Change[]>
  /** Past revisions, newest first, also of what was deleted; bounded, so the oldest may be gone. */
  history(key: ResourceKey): Promise<readonly Revision[]>
  /**
   * Calls `listener` once per commit after `fromRevision`, in order, also for those already made; returns the
   * function that ends it. Throws `store.feed-gone` when the feed no longer reaches back that far: list again.
   */
  watch(fromRevision: number, listener: (changes: readonly Change[]) => void): () => void
  close(): Promise<void>
}
