/**
 * Which fields of a value are stored and have no effect yet, by the docs of their schema: the same texts that the
 * reference shows.
 */
import { fieldAt, itemAt } from '../field-path.ts'
import type { Unenforced } from '../kind.ts'
import { isObject } from './decode.ts'
import { docOf, type Schema, shapeOf } from './doc.ts'

/** In the order of the value. */
export function unenforcedFields(schema: Schema, value: unknown, path: string): Unenforced[] {
  const found = docOf(schema)?.unenforced
  if (found !== undefined && (found.values?.includes(value) ?? isSet(value))) {
    return [{ field: path, message: found.message, refusesTraffic: found.refusesTraffic ?? false }]
  }
  const shape = shapeOf(schema)
  if (shape.type === 'list' && Array.isArray(value)) {
    return value.flatMap((item, i) => unenforcedFields(shape.item, item, itemAt(path, i)))
  }
  if (shape.type !== 'object' || !isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const field = shape.fields[name]
    return field === undefined ? [] : unenforcedFields(field, member, fieldAt(path, name))
  })
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return value !== undefined && value !== false && value !== '' && value !== 0
}
