/**
 * What people write → what a schema expects, led by the schema: unknown fields are taken out and listed, snake_case
 * names and null for "left out" are settled, and for flat kinds the freedoms of protobuf's JSON (numbers as texts, enums
 * as numbers). Values of a wrong type stay as they are: the schema names them.
 */
import { fieldAt, itemAt, keyAt } from '../field-path.ts'
import type { Kind } from '../kind.ts'
import { docOf, type Schema, shapeOf } from './doc.ts'

type Encoding = Kind['encoding']

export interface Decoded {
  readonly value: unknown
  /** Paths of fields that no schema knows. */
  readonly unknownFields: readonly string[]
}

export function decodeSpec(schema: Schema, input: unknown, encoding: Encoding, path: string): Decoded {
  const unknownFields: string[] = []
  const value = decode(schema, input, encoding, path, unknownFields)
  return { value, unknownFields }
}

function decode(
  schema: Schema,
  input: unknown,
  encoding: Encoding,
  path: string,
  unknown: string[],
): unknown {
  const shape = shapeOf(schema)
  switch (shape.type) {
    case 'object':
      return isObject(input) ? decodeObject(shape.fields, input, encoding, path, unknown) : input
    case 'list':
      if (!Array.isArray(input)) return input
      return input.map((item, i) => decode(shape.item, item, encoding, itemAt(path, i), unknown))
    case 'map':
      if (!isObject(input)) return input
      return Object.fromEntries(
        Object.entries(input).flatMap(([key, item]) => {
          // zod leaves this key out without a word
          if (key === '__proto__') {
            unknown.push(keyAt(path, key))
            return []
          }
          return [[key, decode(shape.value, item, encoding, keyAt(path, key), unknown)]]
        }),
      )
    case 'enum':
      return encoding === 'flat' && typeof input === 'number' ? (shape.values[input] ?? input) : input
    case 'number':
      return encoding === 'flat' && typeof input === 'string' && /^-?\d+(\.\d+)?$/.test(input)
        ? Number(input)
        : input
    default:
      return input
  }
}

function decodeObject(
  fields: Readonly<Record<string, Schema>>,
  input: Readonly<Record<string, unknown>>,
  encoding: Encoding,
  path: string,
  unknown: string[],
): unknown {
  const decoded: [string, unknown][] = []
  for (const [key, value] of Object.entries(input)) {
    const name = Object.hasOwn(fields, key) ? key : camelCase(key)
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined) unknown.push(fieldAt(path, key))
    else if (value !== null)
      decoded.push([name, decode(field, value, encoding, fieldAt(path, name), unknown)])
  }
  return Object.fromEntries(decoded)
}

/** Takes out what protobuf's JSON does not show: zero values, empty lists and maps; `conf` keeps all. */
export function withoutZeros(schema: Schema, value: unknown): unknown {
  const shape = shapeOf(schema)
  if (docOf(schema)?.isStruct === true) return value
  if (shape.type === 'list' && Array.isArray(value)) return value.map(item => withoutZeros(shape.item, item))
  if (shape.type === 'map' && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withoutZeros(shape.value, item)]),
    )
  }
  if (shape.type !== 'object' || !isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const field = shape.fields[name]
      if (field === undefined || isZero(field, member)) return []
      return [[name, withoutZeros(field, member)]]
    }),
  )
}

function isZero(schema: Schema, value: unknown): boolean {
  if (value === undefined) return true
  const doc = docOf(schema)
  if (doc?.keepsZero === true) return false
  if (value === '' || value === 0 || value === false || value === doc?.zero) return true
  if (Array.isArray(value)) return value.length === 0
  return shapeOf(schema).type === 'map' && isObject(value) && Object.keys(value).length === 0
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
