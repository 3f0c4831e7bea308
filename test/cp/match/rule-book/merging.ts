/** The rule book read literally, 2.8: confs are merged in order, weakest first. */
type Json = unknown
type Doc = Readonly<Record<string, Json>>

interface KeyedRule {
  readonly matches?: Json
  readonly default: Json
}

const isDoc = (value: Json): value is Doc =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396 with the exceptions of the table. */
export function merge(confs: readonly Json[]): Json {
  const [first, ...rest] = confs
  return rest.reduce(patched, first)
}

function patched(target: Json, patch: Json): Json {
  if (!isDoc(patch)) return patch
  const result: Record<string, Json> = isDoc(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key]
    if (value === null) delete result[key]
    else if (key.startsWith('append') && Array.isArray(before) && Array.isArray(value))
      result[key] = [...before, ...value]
    else result[key] = patched(before, value)
  }
  return result
}

/**
 * Rules of a MeshHTTPRoute: the key is `matches`. Lists and result are reversed, and a key stands where it came last,
 * so that the first rule of the strongest policy is the first of all.
 */
export function mergeRouteRules(lists: readonly (readonly KeyedRule[])[]): readonly KeyedRule[] {
  const all = lists.flatMap(list => list.toReversed())
  const key = (rule: KeyedRule): string => canonical(rule.matches)
  return all
    .filter((rule, i) => !all.slice(i + 1).some(later => key(later) === key(rule)))
    .map(rule => ({
      ...rule,
      default: merge(all.filter(one => key(one) === key(rule)).map(one => one.default)),
    }))
    .toReversed()
}

/** Deep equality as text: keys sorted. */
function canonical(value: Json): string {
  return (
    JSON.stringify(value, (_, inner: Json) =>
      isDoc(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'absent'
  )
}
