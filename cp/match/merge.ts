/**
 * Configurations in precedence, weakest first → the one that holds (Kuma semantics 2.8): a JSON merge patch field by
 * field. Lists are replaced as a whole, except `append…` fields, which are concatenated, and the rules of a MeshHTTPRoute,
 * which are merged by their matches.
 */
import { isObject } from '#base/shape.ts'
import { matchesText } from './route-matches.ts'

/** undefined when there is none. Inputs are not changed; what is not touched is shared with them. */
export function mergeConfs(confs: readonly unknown[]): unknown {
  return confs.reduce((merged, conf) => merge(merged, conf), undefined)
}

/** The rules of MeshHTTPRoutes, weakest policy first: those of the strongest come first, each policy's in its order. */
export function mergeRouteRules(lists: readonly (readonly unknown[])[]): readonly unknown[] {
  const merged = new Map<string, unknown>()
  for (const rule of lists.flatMap(list => list.toReversed())) {
    const matches = isObject(rule) ? rule['matches'] : undefined
    const key = Array.isArray(matches) ? matchesText(matches) : ''
    const before = merged.get(key)
    // it takes the place of the later one
    merged.delete(key)
    merged.set(key, before === undefined ? rule : merge(before, rule))
  }
  return [...merged.values()].toReversed()
}

function merge(before: unknown, after: unknown): unknown {
  if (after === undefined) return before
  if (!isObject(after)) return after
  const merged: Record<string, unknown> = isObject(before) ? { ...before } : {}
  for (const [field, value] of Object.entries(after)) {
    const old = Object.hasOwn(merged, field) ? merged[field] : undefined
    if (value === null) delete merged[field]
    else if (field.startsWith('append') && Array.isArray(old) && Array.isArray(value)) {
      merged[field] = [...old, ...value]
    } else set(merged, field, merge(old, value))
  }
  return merged
}

/** A field `__proto__` is data like any other. */
function set(target: Record<string, unknown>, field: string, value: unknown): void {
  if (value === undefined) return
  Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true })
}
