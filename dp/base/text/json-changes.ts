/**
 * What differs between two JSON values, as the operations of a JSON patch (RFC 6902: add, remove, replace) that make the
 * second from the first. Lists are compared by position; a longer or shorter tail is added or removed.
 */
export interface JsonChange {
  readonly op: 'add' | 'remove' | 'replace'
  /** JSON pointer; empty: the whole value. */
  readonly path: string
  /** Absent with `remove`. */
  readonly value?: unknown
  /** What was there; absent with `add`. Clients of JSON patch ignore it. */
  readonly before?: unknown
}

/** Empty when they are equal. Members whose value is undefined count as absent. */
export function jsonChanges(before: unknown, after: unknown, path = ''): JsonChange[] {
  if (before === after) return []
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path)
  if (isObject(before) && isObject(after)) return memberChanges(before, after, path)
  return [{ op: 'replace', path, value: after, before }]
}

function memberChanges(before: Members, after: Members, path: string): JsonChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].sort().flatMap((name): JsonChange[] => {
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const old = Object.hasOwn(before, name) ? before[name] : undefined
    const value = Object.hasOwn(after, name) ? after[name] : undefined
    if (old === undefined && value === undefined) return []
    if (old === undefined) return [{ op: 'add', path: at, value }]
    if (value === undefined) return [{ op: 'remove', path: at, before: old }]
    return jsonChanges(old, value, at)
  })
}

/** What is removed is removed from the end, so that the positions before stay. */
function listChanges(before: readonly unknown[], after: readonly unknown[], path: string): JsonChange[] {
  const common = Math.min(before.length, after.length)
  const changed = before.slice(0, common).flatMap((old, i) => jsonChanges(old, after[i], `${path}/${i}`))
  const added = after.slice(common).map((value): JsonChange => ({ op: 'add', path: `${path}/-`, value }))
  const removed = before
    .slice(common)
    .map((old, i): JsonChange => ({ op: 'remove', path: `${path}/${common + i}`, before: old }))
  return [...changed, ...added, ...removed.reverse()]
}

type Members = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
