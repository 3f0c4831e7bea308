/**
 * What zod says → what Kuma says: the faults of a value's shape, with their paths (kuma-api 1.4). Flat kinds are
 * refused by a parser, kinds with a `spec` by a schema; durations are read by a parser in both.
 */
import type { z } from 'zod'
import { didYouMean, MOST_GUESSES } from '#base/text/nearest.ts'
import { fieldAt, itemAt, keyAt } from '../field-path.ts'
import type { Kind } from '../kind.ts'
import { docOf, isWhole, type Schema, shapeOf } from './doc.ts'

export interface ShapeFault {
  readonly field: string
  readonly message: string
  /** Kuma's parser would have stopped here, with this text (`Bad Request`); null: a fault for the schema. */
  readonly parserText: string | null
}

export function shapeFaults(
  kind: Pick<Kind, 'schema' | 'encoding'>,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  path: string,
): ShapeFault[] {
  return issues.map((issue, index) => {
    const place = placeOf(kind.schema, issue.path, input, path)
    if (issue.code === 'custom') return parserFault(place.field, issue.message, issue.message)
    const fault = kind.encoding === 'flat' ? flatFault(issue, place) : schemaFault(issue, place)
    if (issue.code !== 'invalid_value' || index >= MOST_GUESSES) return fault
    return { ...fault, message: `${fault.message}${hint(place.value, issue.values)}` }
  })
}

interface Place {
  readonly field: string
  readonly schema: Schema | undefined
  readonly value: unknown
}

function placeOf(schema: Schema, steps: readonly PropertyKey[], input: unknown, path: string): Place {
  let place: Place = { field: path, schema, value: input }
  for (const step of steps) {
    const shape = place.schema === undefined ? undefined : shapeOf(place.schema)
    const value = memberOf(place.value, step)
    if (shape?.type === 'list')
      place = { field: itemAt(place.field, Number(step)), schema: shape.item, value }
    else if (shape?.type === 'map')
      place = { field: keyAt(place.field, String(step)), schema: shape.value, value }
    else {
      const field = shape?.type === 'object' ? shape.fields[String(step)] : undefined
      place = { field: fieldAt(place.field, String(step)), schema: field, value }
    }
  }
  return place
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
  return isThere ? Reflect.get(value, key) : undefined
}

function flatFault(issue: z.core.$ZodIssue, { field, schema, value }: Place): ShapeFault {
  if (issue.code === 'invalid_value') {
    const protoEnum = schema === undefined ? undefined : docOf(schema)?.protoEnum
    const shown = JSON.stringify(value)
    const parserText =
      protoEnum === undefined
        ? `unknown value ${shown}`
        : `unknown value ${JSON.stringify(shown)} for enum ${protoEnum}`
    return parserFault(
      field,
      `unknown value ${shown}, should be one of ${issue.values.map(String).join(', ')}`,
      parserText,
    )
  }
  const isFraction = issue.code === 'invalid_type' && issue.expected === 'int'
  const message = isFraction
    ? 'must be a whole number'
    : `must be ${nameOfType(schema)}, not ${NAMES[typeOf(value)]}`
  return parserFault(field, message, `${field}: ${message}`)
}

/** The sentences of Kubernetes' structural schemas. */
function schemaFault(issue: z.core.$ZodIssue, { field, schema, value }: Place): ShapeFault {
  const fault = (message: string): ShapeFault => ({ field, message: `in body ${message}`, parserText: null })
  if (value === undefined) return fault('is required')
  switch (issue.code) {
    case 'invalid_value':
      return fault(`should be one of [${issue.values.map(String).join(' ')}]`)
    case 'invalid_type':
      return fault(`must be of type ${schemaType(issue.expected, schema)}: ${JSON.stringify(typeOf(value))}`)
    case 'invalid_union':
      // the one union of shapes that Kuma has: int-or-string
      return fault(`must be of type integer or string: ${JSON.stringify(typeOf(value))}`)
    case 'too_small':
      if (issue.origin === 'array') return fault(`should have at least ${issue.minimum} items`)
      if (issue.origin === 'string') return fault(`should be at least ${issue.minimum} chars long`)
      return fault(`should be greater than or equal to ${issue.minimum}`)
    case 'too_big':
      if (issue.origin === 'array') return fault(`should have at most ${issue.maximum} items`)
      if (issue.origin === 'string') return fault(`should be at most ${issue.maximum} chars long`)
      return fault(`should be less than or equal to ${issue.maximum}`)
    case 'invalid_format':
      return fault(
        issue.pattern === undefined ? issue.message : `should match '${issue.pattern.slice(1, -1)}'`,
      )
    default:
      return fault(issue.message)
  }
}

/** None where only digits differ: a number is no misspelling. */
function hint(value: unknown, values: readonly unknown[]): string {
  const withoutDigits = (text: string): string => text.replace(/\d/g, '')
  if (typeof value !== 'string') return ''
  const others = values.map(String).filter(one => withoutDigits(one) !== withoutDigits(value))
  return didYouMean(value, others)
}

function parserFault(field: string, message: string, parserText: string): ShapeFault {
  return { field, message, parserText }
}

type JsonType = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'null'

export function typeOf(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object'
}

export const NAMES: Readonly<Record<JsonType, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

const SCHEMA_TYPES: Readonly<Record<string, string>> = { int: 'integer', record: 'object' }

/** zod says `number` of a text where a whole number is due. */
function schemaType(expected: string, schema: Schema | undefined): string {
  if (expected === 'number' && schema !== undefined && isWhole(schema)) return 'integer'
  return SCHEMA_TYPES[expected] ?? expected
}

function nameOfType(schema: Schema | undefined): string {
  const shape = schema === undefined ? undefined : shapeOf(schema)
  switch (shape?.type) {
    case 'list':
      return 'a list'
    case 'map':
    case 'object':
      return 'an object'
    case 'number':
      return 'a number'
    case 'boolean':
      return 'a boolean'
    default:
      return 'a string'
  }
}
