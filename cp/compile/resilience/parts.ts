/** Parts that policies add to listeners, routes and clusters: the same to the same gives the same object. */

const made = new WeakMap<object, WeakMap<object, object>>()

/** `parts` in place of what `base` has of them. Both are known by their identity: made once for all data planes. */
export function withParts<T extends object>(base: T, parts: Partial<T>): T {
  let ofBase = made.get(base)
  if (ofBase === undefined) {
    ofBase = new WeakMap()
    made.set(base, ofBase)
  }
  let whole = ofBase.get(parts) as T | undefined
  if (whole === undefined) {
    whole = { ...base, ...parts }
    ofBase.set(parts, whole)
  }
  return whole
}
