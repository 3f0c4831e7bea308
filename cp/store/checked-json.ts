/** What the store's files hold, checked: unknown values become resources and changes, or null when they are not. */
import type { Resource, ResourceKey } from '../kinds/kind.ts'

export function readResource(value: unknown): Resource | null {
  const key = readKey(value)
  if (key === null || !isObject(value)) return null
  const { labels, spec, creationTime, modificationTime, revision } = value
  if (!isLabels(labels) || spec === undefined) return null
  if (typeof creationTime !== 'string' || typeof modificationTime !== 'string') return null
  if (typeof revision !== 'number') return null
  return { ...key, labels, spec, creationTime, modificationTime, revision }
}

/** Of a journal record: an array of `{put}`, with `new` when it was not there before, and `{delete}`. */
export function readChanges(
  value: unknown,
): readonly { readonly key: ResourceKey; readonly after: Resource | null; readonly isNew: boolean }[] | null {
  if (!Array.isArray(value)) return null
  const changes: { key: ResourceKey; after: Resource | null; isNew: boolean }[] = []
  for (const one of value) {
    if (!isObject(one)) return null
    const after = one['put'] === undefined ? null : readResource(one['put'])
    const key = readKey(one['put'] ?? one['delete'])
    if (key === null || (one['put'] !== undefined && after === null)) return null
    changes.push({ key, after, isNew: one['new'] === true })
  }
  return changes
}

function readKey(value: unknown): ResourceKey | null {
  if (!isObject(value)) return null
  const { type, mesh, name } = value
  if (typeof type !== 'string' || typeof mesh !== 'string' || typeof name !== 'string') return null
  return { type, mesh, name }
}

function isLabels(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every(one => typeof one === 'string')
}

/** An object, not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
