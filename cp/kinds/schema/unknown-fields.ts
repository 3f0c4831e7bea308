/**
 * A field that no schema knows → what was probably meant: the nearest name of those that may stand in its place; and the
 * document as it was probably meant, which tells faults of its own from those that only follow from the misspelling.
 */
import { MOST_GUESSES, nearest } from '#base/text/nearest.ts'
import type { Kind } from '../kind.ts'
import { isObject } from './decode.ts'
import { type Schema, shapeOf } from './doc.ts'

/** `name`, `[0]` or `["key"]`. */
const STEP = /\[\d+\]|\["(?:[^"\\]|\\.)*"\]|[^.[\]]+/g

/** `; did you mean inbound?`, or nothing. `field`: its path, as `networking.inbounds`. */
function unknownFieldHint(kind: Pick<Kind, 'schema' | 'encoding'>, field: string): string {
  const guess = guessFor(kind, stepsOf(field))
  return guess === undefined ? '' : `; did you mean ${guess}?`
}

/** As `unknownFieldHint`, of all unknown fields of a document; none for those behind the first hundred. */
export function unknownFieldHints(
  kind: Pick<Kind, 'schema' | 'encoding'>,
  fields: readonly string[],
): readonly { readonly field: string; readonly hint: string }[] {
  return fields.map((field, index) => ({
    field,
    hint: index < MOST_GUESSES ? unknownFieldHint(kind, field) : '',
  }))
}

/** The body with the guessed names in place of the unknown ones; null where nothing was guessed. */
export function asProbablyMeant(
  kind: Pick<Kind, 'schema' | 'encoding'>,
  body: unknown,
  unknownFields: readonly string[],
): unknown {
  let meant = body
  for (const field of unknownFields) {
    const steps = stepsOf(field)
    const guess = guessFor(kind, steps)
    if (guess !== undefined) meant = renamed(meant, steps, guess)
  }
  return meant === body ? null : meant
}

function stepsOf(field: string): readonly string[] {
  return field.match(STEP) ?? []
}

/** A name that may stand there, or below: `http.requestTimeout`. */
function guessFor(kind: Pick<Kind, 'schema' | 'encoding'>, steps: readonly string[]): string | undefined {
  const last = steps.at(-1) ?? ''
  const isOfSpec = kind.encoding === 'spec' && steps[0] === 'spec'
  if (kind.encoding === 'spec' && !isOfSpec) return nearest(last, [...META, 'spec'])
  let schema: Schema | undefined = kind.schema
  for (const step of steps.slice(isOfSpec ? 1 : 0, -1)) schema = below(schema, step)
  const names = fieldsOf(schema)
  if (names.length === 0) return undefined
  const beside = nearest(last, steps.length === 1 ? [...names, ...META] : names)
  if (beside !== undefined) return beside
  for (const name of names) {
    const deeper = nearest(last, fieldsOf(below(schema, name)))
    if (deeper !== undefined) return `${name}.${deeper}`
  }
  return undefined
}

const META = ['type', 'mesh', 'name', 'labels']

/** None where it is no object. */
function fieldsOf(schema: Schema | undefined): readonly string[] {
  const shape = schema === undefined ? null : shapeOf(schema)
  return shape?.type === 'object' ? Object.keys(shape.fields) : []
}

function below(schema: Schema | undefined, step: string): Schema | undefined {
  if (schema === undefined) return undefined
  const shape = shapeOf(schema)
  if (shape.type === 'list') return shape.item
  if (shape.type === 'map') return shape.value
  return shape.type === 'object' && Object.hasOwn(shape.fields, step) ? shape.fields[step] : undefined
}

/** What is there under the guessed name already stays. */
function renamed(value: unknown, [step = '', ...rest]: readonly string[], guess: string): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => (`[${index}]` === step ? renamed(item, rest, guess) : item))
  if (!isObject(value)) return value
  const key = step.startsWith('["') ? String(JSON.parse(step.slice(1, -1))) : step
  if (!Object.hasOwn(value, key)) return value
  if (rest.length > 0) return { ...value, [key]: renamed(value[key], rest, guess) }
  const { [key]: member, ...others } = value
  return withMember(others, guess.split('.'), member) ?? value
}

/** null: there is one already. */
function withMember(
  value: Readonly<Record<string, unknown>>,
  [name = '', ...rest]: readonly string[],
  member: unknown,
): Readonly<Record<string, unknown>> | null {
  if (rest.length === 0) return Object.hasOwn(value, name) ? null : { ...value, [name]: member }
  const inner = value[name] ?? {}
  const changed = isObject(inner) ? withMember(inner, rest, member) : null
  return changed === null ? null : { ...value, [name]: changed }
}
