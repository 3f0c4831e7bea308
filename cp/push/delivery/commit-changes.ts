/**
 * Commits → what they changed: from the feed of the store, which begins with the process; before that from the past of
 * what they have written, as far as it was not written over since.
 */
import type { Resource } from '../../kinds/kind.ts'
import type { MeshIndex } from '../../snapshot/mesh-view.ts'
import type { Change } from '../../store/store.ts'
import type { Commits, DeliveryParts } from './parts.ts'

/** Commits whose past is looked up one by one; of more it is not known what they changed. */
const MOST_LOOKED_UP = 100

/** The latest first, to be undone in that order; null: it is not known any more. */
export async function changesOf(
  { store }: Pick<DeliveryParts, 'store'>,
  index: MeshIndex,
  commits: readonly Commits[],
): Promise<readonly Change[] | null> {
  const first = Math.min(...commits.map(({ from }) => from))
  const isOurs = (revision: number): boolean =>
    commits.some(({ from, to }) => from <= revision && revision <= to)
  const found: Change[] = []
  try {
    const stop = store.watch(first - 1, changes => {
      found.push(...changes.filter(({ revision }) => isOurs(revision)))
    })
    // what is kept is told in the microtask that `watch` has queued
    await null
    stop()
    return found.reverse()
  } catch {
    return await pastOf(store, index, commits, isOurs)
  }
}

async function pastOf(
  store: DeliveryParts['store'],
  index: MeshIndex,
  commits: readonly Commits[],
  isOurs: (revision: number) => boolean,
): Promise<readonly Change[] | null> {
  const count = commits.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  if (count > MOST_LOOKED_UP) return null
  const written = [...index.all()].filter(({ revision }) => isOurs(revision))
  if (new Set(written.map(({ revision }) => revision)).size < count) return null
  const changes: Change[] = []
  for (const after of written) {
    const before = await stateBefore(store, after)
    if (before === undefined) return null
    changes.push({ revision: after.revision, key: after, before, after })
  }
  return changes.sort((a, b) => b.revision - a.revision)
}

/** null: it was new; undefined: not known any more. */
async function stateBefore(
  store: DeliveryParts['store'],
  resource: Resource,
): Promise<Resource | null | undefined> {
  const revisions = await store.history(resource)
  const at = revisions.findIndex(
    ({ epoch, revision }) => epoch === store.epoch && revision === resource.revision,
  )
  if (at < 0) return undefined
  return revisions[at]?.action === 'created' ? null : revisions[at + 1]?.resource
}
