/** A field that no schema knows → what was probably meant: the nearest name of those that may stand in its place. */
import { didYouMean } from '#base/text/nearest.ts'
import type { Kind } from '../kind.ts'
import { type Schema, shapeOf } from './doc.ts'

/** `name`, `[0]` or `["key"]`. */
const STEP = /\[\d+\]|\["(?:[^"\\]|\\.)*"\]|[^.[\]]+/g

/** `; did you mean inbound?`, or nothing. `field`: its path, as `networking.inbounds`. */
export function unknownFieldHint(kind: Pick<Kind, 'schema' | 'encoding'>, field: string): string {
  const steps: readonly string[] = field.match(STEP) ?? []
  const last = steps.at(-1) ?? ''
  const isOfSpec = kind.encoding === 'spec' && steps[0] === 'spec'
  if (kind.encoding === 'spec' && !isOfSpec) return didYouMean(last, [...META, 'spec'])
  let schema: Schema | undefined = kind.schema
  for (const step of steps.slice(isOfSpec ? 1 : 0, -1)) schema = below(schema, step)
  const shape = schema === undefined ? null : shapeOf(schema)
  if (shape?.type !== 'object') return ''
  const names = Object.keys(shape.fields)
  return didYouMean(last, steps.length === 1 ? [...names, ...META] : names)
}

const META = ['type', 'mesh', 'name', 'labels']

function below(schema: Schema | undefined, step: string): Schema | undefined {
  if (schema === undefined) return undefined
  const shape = shapeOf(schema)
  if (shape.type === 'list') return shape.item
  if (shape.type === 'map') return shape.value
  return shape.type === 'object' && Object.hasOwn(shape.fields, step) ? shape.fields[step] : undefined
}
