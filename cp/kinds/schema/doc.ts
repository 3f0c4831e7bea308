/**
 * Schemas that are their own manual: every field is made by `optional`, `required` or `filled`, which register its
 * text, unit, default and rule. `shapeOf` sees through zod's wrappers for all who walk a schema (decode, describe).
 */
import { z } from 'zod'

// zod would otherwise compile each schema to a function from text: no eval here
z.config({ jitless: true })

export interface FieldDoc {
  readonly description: string
  /** What is used where the field is left out. */
  readonly default?: string
  readonly unit?: string
  /** What a value has to fulfil, beyond its type. */
  readonly rule?: string
  readonly required?: boolean
  /** Flat kinds leave fields with a zero value out of what they show; this one keeps it (a wrapper in Kuma). */
  readonly keepsZero?: boolean
  /** The enum's first value, which flat kinds leave out as they leave out 0. */
  readonly zero?: string
  /** Name of the enum in Kuma's parser messages. */
  readonly protoEnum?: string
  /** Free-form in Kuma (`conf`): zero values below stay. */
  readonly isStruct?: boolean
  /** Stored, and (these values, or any) without effect in this version. */
  readonly unenforced?: UnenforcedDoc
  /** Base64 text. */
  readonly isBytes?: boolean
  /** What people read as the type where the schema cannot tell: `whole number or decimal text`. */
  readonly typeText?: string
}

export interface UnenforcedDoc {
  /** What happens instead. */
  readonly message: string
  readonly values?: readonly unknown[]
  readonly refusesTraffic?: boolean
}

export type Schema = z.core.$ZodType

/** What a field's doc says beside its text. */
export type Facts = Omit<FieldDoc, 'description' | 'required'>

const docs = z.registry<FieldDoc>()

/** A field that may be left out. */
export function optional<T extends z.ZodType>(
  schema: T,
  description: string,
  facts: Facts = {},
): z.ZodOptional<T> {
  const field = schema.optional()
  docs.add(field, { description, ...facts })
  return field
}

/** A field that must be there: leaving it out is a fault of the shape. */
export function required<T extends z.ZodType>(schema: T, description: string, facts: Facts = {}): T {
  const field = schema.clone()
  docs.add(field, { description, required: true, ...facts })
  return field
}

/** A text that must be there, where leaving it out is the same as empty: the kind's check says what is wrong. */
export function text(description: string, facts: Facts = {}): z.ZodDefault<z.ZodString> {
  const field = z.string().default('')
  docs.add(field, { description, required: true, ...facts })
  return field
}

/** As `text`, for whole numbers and 0. */
export function number(description: string, facts: Facts = {}): z.ZodDefault<z.ZodInt> {
  const field = z.int().default(0)
  docs.add(field, { description, required: true, ...facts })
  return field
}

/** Adds the doc of a field whose schema fills in a default that is stored. */
export function filled<T extends z.ZodType>(schema: T, description: string, facts: Facts = {}): T {
  // a copy: the same schema may be two fields
  const field = schema.clone()
  docs.add(field, { description, ...facts })
  return field
}

/** The doc of a field, wherever its wrappers carry it. */
export function docOf(schema: Schema): FieldDoc | undefined {
  const own = docs.get(schema)
  if (own !== undefined) return own
  const inner = innerOf(schema)
  return inner === undefined ? undefined : docOf(inner)
}

export type Shape =
  | { readonly type: 'object'; readonly fields: Readonly<Record<string, Schema>> }
  | { readonly type: 'list'; readonly item: Schema }
  | { readonly type: 'map'; readonly value: Schema }
  | { readonly type: 'enum'; readonly values: readonly string[] }
  | { readonly type: 'string' | 'number' | 'boolean' | 'any' }

export function shapeOf(schema: Schema): Shape {
  const inner = innerOf(schema)
  if (inner !== undefined) return shapeOf(inner)
  if (schema instanceof z.ZodObject) return { type: 'object', fields: schema.shape }
  if (schema instanceof z.ZodArray) return { type: 'list', item: schema.element }
  if (schema instanceof z.ZodRecord) return { type: 'map', value: schema.valueType }
  if (schema instanceof z.ZodEnum) return { type: 'enum', values: schema.options.map(String) }
  if (schema instanceof z.ZodString) return { type: 'string' }
  if (schema instanceof z.ZodNumber) return { type: 'number' }
  if (schema instanceof z.ZodBoolean) return { type: 'boolean' }
  return { type: 'any' }
}

/** Takes whole numbers only. */
export function isWhole(schema: Schema): boolean {
  const inner = innerOf(schema)
  if (inner !== undefined) return isWhole(inner)
  return schema instanceof z.ZodNumber && schema.isInt
}

function innerOf(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodOptional) return schema.unwrap()
  if (schema instanceof z.ZodDefault) return schema.unwrap()
  if (schema instanceof z.ZodPrefault) return schema.unwrap()
  if (schema instanceof z.ZodPipe) return schema.in
  return undefined
}
