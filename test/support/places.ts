/** Fields of a value by paths as the reference writes them: `http.retryOn`, `http[].abort.httpStatus`. */

export type Steps = readonly (string | number)[]

/** Of each list the first item that has the field; undefined: no item has. */
export function stepsTo(value: unknown, path: string): Steps | undefined {
  return find(value, path.split(/\.|(?=\[\])/))
}

export function valueAt(value: unknown, steps: Steps): unknown {
  return steps.reduce((of, step) => (of as Record<string | number, unknown> | undefined)?.[step], value)
}

/** A copy with another value there; undefined: without the field. */
export function changedAt<T extends object>(value: T, steps: Steps, other: unknown): T {
  const copy = structuredClone(value)
  const last = steps.at(-1)
  const parent = valueAt(copy, steps.slice(0, -1))
  if (last === undefined || typeof parent !== 'object' || parent === null) return copy
  if (other === undefined) Reflect.deleteProperty(parent, last)
  else Reflect.set(parent, last, other)
  return copy
}

function find(value: unknown, [name, ...rest]: readonly string[]): Steps | undefined {
  if (name === undefined) return []
  if (typeof value !== 'object' || value === null) return undefined
  const names = name === '[]' ? Object.keys(value).map(Number) : [name]
  for (const one of names) {
    const inner = valueAt(value, [one])
    const steps = inner === undefined ? undefined : find(inner, rest)
    if (steps !== undefined) return [one, ...steps]
  }
  return undefined
}
