/**
 * A kind → its page of the reference: a Markdown table of all fields, and a JSON Schema for editors. Both come from
 * the docs of the schema, so they say what the code does.
 */
import type { Kind } from './kind.ts'
import { docOf, type FieldDoc, type Schema, shapeOf } from './schema/doc.ts'

export interface FieldRow {
  /** `networking.inbound[].port`, `networking.inbound[].tags["*"]` stands for any key. */
  readonly path: string
  readonly type: string
  readonly doc: FieldDoc
}

/** Every field of a spec, parents first, with its path as people write it. Items and map values have no row. */
export function fieldsOf(kind: Pick<Kind, 'schema' | 'encoding'>): readonly FieldRow[] {
  return rowsOf(kind.schema, kind.encoding === 'spec' ? 'spec' : '')
}

/** Heading, paragraph, names in the API and the table. */
export function describeMarkdown(kind: Kind): string {
  const path = kind.scope === 'Mesh' ? `/meshes/MESH/${kind.path}/NAME` : `/${kind.path}/NAME`
  const facts = [
    `- API: \`${path}\`${kind.readOnly ? ' (read only)' : ''}`,
    `- vmeshctl: \`${kind.singular}\`, \`${kind.plural}\``,
    `- Fields: ${kind.encoding === 'flat' ? 'beside `type` and `name`' : 'below `spec`'}`,
    ...(kind.adminOnly ? ['- Only admins may read or write it.'] : []),
    ...(kind.notEnforced === null ? [] : [`- **Stored and not enforced yet**: ${kind.notEnforced.message}.`]),
  ]
  const rows = fieldsOf(kind).map(({ path: field, type, doc }) =>
    [`\`${field}\``, type, cell(defaultText(doc)), cell(doc.rule ?? ''), cell(meaning(doc))].join(' | '),
  )
  return [
    `## ${kind.type}`,
    '',
    kind.doc,
    '',
    ...facts,
    '',
    '| Field | Type | Default | Rule | Meaning |',
    '|---|---|---|---|---|',
    ...rows.map(row => `| ${row} |`),
    '',
  ].join('\n')
}

/** JSON Schema (2020-12) of a whole resource as people write it. */
export function jsonSchemaOf(kind: Kind): Readonly<Record<string, unknown>> {
  const spec = schemaOf(kind.schema)
  const text = { type: 'string' }
  const meta = {
    type: { const: kind.type },
    ...(kind.scope === 'Mesh' ? { mesh: { ...text, description: 'Name of the mesh.' } } : {}),
    name: { ...text, description: 'Name of the resource.' },
    labels: {
      type: 'object',
      additionalProperties: text,
      description: 'Labels, for people and for policies.',
    },
  }
  const fields = kind.encoding === 'flat' ? (spec['properties'] as object) : { spec }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: kind.type,
    description: kind.doc,
    type: 'object',
    properties: { ...meta, ...fields },
    required: ['type', 'name', ...(kind.encoding === 'spec' ? ['spec'] : [])],
  }
}

function rowsOf(schema: Schema, path: string): FieldRow[] {
  const shape = shapeOf(schema)
  if (shape.type === 'list') return rowsOf(shape.item, `${path}[]`)
  if (shape.type === 'map') return rowsOf(shape.value, `${path}["*"]`)
  if (shape.type !== 'object') return []
  return Object.entries(shape.fields).flatMap(([name, field]) => {
    const own = path === '' ? name : `${path}.${name}`
    const row: FieldRow = { path: own, type: typeText(field), doc: docOf(field) ?? { description: '' } }
    return [row, ...rowsOf(field, own)]
  })
}

function typeText(schema: Schema): string {
  const own = docOf(schema)?.typeText
  if (own !== undefined) return own
  const shape = shapeOf(schema)
  switch (shape.type) {
    case 'enum':
      return shape.values.map(value => `\`${value}\``).join(', ')
    case 'list':
      return `list of ${typeText(shape.item)}`
    case 'map':
      return `map to ${typeText(shape.value)}`
    case 'string':
      return docOf(schema)?.isBytes === true ? 'base64' : 'text'
    case 'boolean':
      return 'true or false'
    case 'any':
      return 'anything'
    default:
      return shape.type
  }
}

function defaultText(doc: FieldDoc): string {
  return doc.required === true ? '*required*' : (doc.default ?? '')
}

function meaning({ description, unit, unenforced }: FieldDoc): string {
  const measured = unit === undefined ? '' : ` In ${unit}.`
  if (unenforced === undefined) return `${description}${measured}`
  const values = unenforced.values?.map(value => `\`${String(value)}\``).join(', ')
  const subject = values === undefined ? 'Not enforced yet' : `Not enforced yet (${values})`
  return `${description}${measured} **${subject}**: ${unenforced.message}.`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function schemaOf(schema: Schema): Readonly<Record<string, unknown>> {
  const doc = docOf(schema)
  return { ...typeSchema(schema), ...(doc === undefined ? {} : { description: describe(doc) }) }
}

function describe(doc: FieldDoc): string {
  const rule = doc.rule === undefined ? '' : ` Rule: ${doc.rule}.`
  const byDefault = doc.default === undefined ? '' : ` Default: ${doc.default}.`
  return `${meaning(doc)}${rule}${byDefault}`
}

function typeSchema(schema: Schema): Readonly<Record<string, unknown>> {
  const shape = shapeOf(schema)
  switch (shape.type) {
    case 'object': {
      const fields = Object.entries(shape.fields)
      const required = fields.filter(([, field]) => docOf(field)?.required === true).map(([name]) => name)
      return {
        type: 'object',
        properties: Object.fromEntries(fields.map(([name, field]) => [name, schemaOf(field)])),
        ...(required.length > 0 ? { required } : {}),
      }
    }
    case 'list':
      return { type: 'array', items: schemaOf(shape.item) }
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(shape.value) }
    case 'enum':
      return { enum: shape.values }
    case 'any':
      return {}
    default:
      return { type: shape.type }
  }
}
