/** Looking into values of unknown shape, such as answers of an API: what is not there or of another type is empty. */

/** A member, however deep. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let place = value
  for (const key of keys) {
    if (typeof place !== 'object' || place === null) return undefined
    place = Object.getOwnPropertyDescriptor(place, key)?.value
  }
  return place
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
