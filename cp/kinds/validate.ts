/**
 * A body as people send it → a resource to be stored, or all its faults at once, with Kuma's titles, paths and
 * messages (kuma-api 1.2, 1.4, 1.7). Unknown fields are left out of what is stored, and named.
 */

import { MOST_GUESSES } from '#base/text/nearest.ts'
import { fieldAt, keyAt } from './field-path.ts'
import { violation } from './fields.ts'
import type { Kind, Labels, ResourceDraft, Unenforced, Violation } from './kind.ts'
import { metaViolations } from './meta.ts'
import { decodeSpec, isObject, withoutZeros } from './schema/decode.ts'
import { NAMES, type ShapeFault, shapeFaults, typeOf } from './schema/faults.ts'
import { type MisspeltTag, misspeltTags } from './schema/known-tags.ts'
import { isKubernetesForm, KUBERNETES_FORM } from './schema/kubernetes-form.ts'
import { asProbablyMeant, unknownFieldHints } from './schema/unknown-fields.ts'
import { unenforcedOf } from './show.ts'

export type ReadResource<Spec = unknown> =
  | {
      readonly ok: true
      readonly draft: ResourceDraft<Spec>
      /** Deprecations and unknown fields, one sentence each. */
      readonly warnings: readonly string[]
      readonly unknownFields: readonly string[]
      readonly unenforced: readonly Unenforced[]
    }
  | {
      readonly ok: false
      readonly title: string
      readonly detail: string
      readonly violations: readonly Violation[]
      /** Often why something else is missing. */
      readonly unknownFields: readonly string[]
    }

/** Of the URL; undefined parts are not compared. */
export interface ExpectedKey {
  readonly mesh?: string | undefined
  readonly name?: string | undefined
}

/**
 * Keys beside the spec; those after `labels` are answers and ignored on input, and so is `apiVersion`, which documents
 * of Kuma's manual have.
 */
const META_KEYS = [
  'apiVersion',
  'type',
  'mesh',
  'name',
  'labels',
  'creationTime',
  'modificationTime',
  'kri',
  'snis',
  'status',
]

/** Labels are not yet computed: see `meta.ts`. */
export function readResource<Spec>(
  kind: Kind<Spec>,
  body: unknown,
  expected: ExpectedKey = {},
): ReadResource<Spec> {
  const result = readAsWritten(kind, body, expected)
  const tags = misspeltTags(body).slice(0, MOST_GUESSES)
  if (result.ok) {
    const more = tags.map(({ field, tag, meant }) => `${field}: ${tag} means nothing; did you mean ${meant}?`)
    return { ...result, warnings: [...result.warnings, ...more] }
  }
  if (isKubernetesForm(body)) return { ...result, violations: [violation('', KUBERNETES_FORM)] }
  const found = withoutConsequences(kind, body, expected, result)
  return { ...result, violations: found.map(one => withTagHint(one, tags)) }
}

/** What is not wrong any more where a misspelt field has its right name only follows from that. */
function withoutConsequences(
  kind: Kind,
  body: unknown,
  expected: ExpectedKey,
  { violations, unknownFields }: Extract<ReadResource, { ok: false }>,
): readonly Violation[] {
  if (violations.length > MOST_GUESSES) return violations
  const meant = asProbablyMeant(kind, body, unknownFields)
  if (meant === null) return violations
  const result = readAsWritten(kind, meant, expected)
  const left = result.ok ? [] : result.violations
  return violations.filter(
    ({ field, message }) =>
      unknownFields.includes(field) || left.some(one => one.field === field && one.message === message),
  )
}

/** A tag that is missing where a similar one stands. */
function withTagHint(violation: Violation, tags: readonly MisspeltTag[]): Violation {
  const { field, message } = violation
  const found = tags.find(
    one =>
      field === keyAt(one.field, one.meant) || (field === one.field && message.includes(`"${one.meant}"`)),
  )
  if (found === undefined) return violation
  return { field, message: `${message}; ${found.tag} is there, did you mean ${found.meant}?` }
}

function readAsWritten<Spec>(kind: Kind<Spec>, body: unknown, expected: ExpectedKey): ReadResource<Spec> {
  if (!isObject(body)) {
    return refusedShape(kind, [shapeFault(`must be an object, not ${NAMES[typeOf(body)]}`)], [])
  }
  const meta = readMeta(kind, body)
  const isFlat = kind.encoding === 'flat'
  const path = isFlat ? '' : 'spec'
  const input = isFlat ? withoutKeys(body, META_KEYS) : body['spec']
  const decoded = decodeSpec(kind.schema, input, kind.encoding, path)
  const unknownFields = [...(isFlat ? [] : strangersIn(body)), ...decoded.unknownFields]
  const parsed = kind.schema.safeParse(decoded.value)
  const faults = [...meta.faults]
  if (!isFlat && (input === undefined || input === null))
    faults.push(schemaFault('.spec in body is required'))
  else if (!parsed.success) faults.push(...shapeFaults(kind, parsed.error.issues, decoded.value, path))
  if (faults.length > 0 || !parsed.success) return refusedShape(kind, faults, unknownFields)

  const { mesh, name, labels } = meta
  const violations = [
    ...kind
      .check(parsed.data, { mesh, name })
      .map(found => ({ ...found, field: fieldAt(path, found.field) })),
    ...comparison(kind, body, meta, expected),
    ...metaViolations(kind, { mesh, name, labels }),
  ]
  if (violations.length > 0) return refused(kind, violations, unknownFields)
  const spec = (isFlat ? withoutZeros(kind.schema, parsed.data) : parsed.data) as Spec
  const draft: ResourceDraft<Spec> = { type: kind.type, mesh, name, labels, spec }
  const warnings = [
    ...(kind.scope === 'Global' && (body['mesh'] ?? '') !== ''
      ? [`mesh is ignored: a ${kind.type} is in no mesh`]
      : []),
    ...kind.warnings(spec, { mesh, name }),
    ...unknownFieldHints(kind, unknownFields).map(
      ({ field, hint }) => `unknown field ${field} is ignored${hint}`,
    ),
  ]
  return { ok: true, draft, warnings, unknownFields, unenforced: unenforcedOf(kind, draft) }
}

interface Meta {
  readonly mesh: string
  readonly name: string
  readonly labels: Labels
  readonly faults: readonly ShapeFault[]
}

function readMeta(kind: Kind, body: Readonly<Record<string, unknown>>): Meta {
  const faults: ShapeFault[] = []
  const text = (key: string): string => {
    const value = body[key] ?? ''
    if (typeof value === 'string') return value
    faults.push(goFault(key, value))
    return ''
  }
  const type = text('type')
  const name = text('name')
  const mesh = kind.scope === 'Mesh' ? text('mesh') : ''
  if (kind.encoding === 'spec') {
    if (type === '') faults.push(schemaFault('.type in body is required'))
    else if (type !== kind.type) faults.push(schemaFault(`type in body should be one of [${kind.type}]`))
    if (name === '') faults.push(schemaFault('.name in body is required'))
  }
  const isDefaulted = kind.encoding === 'spec' && kind.scope === 'Mesh' && mesh === ''
  return { mesh: isDefaulted ? 'default' : mesh, name, labels: readLabels(body['labels'], faults), faults }
}

function readLabels(value: unknown, faults: ShapeFault[]): Labels {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) {
    faults.push(goFault('labels', value))
    return {}
  }
  const labels: [string, string][] = []
  for (const [key, label] of Object.entries(value)) {
    if (typeof label === 'string') labels.push([key, label])
    else faults.push({ ...goFault('labels', label), field: keyAt('labels', key) })
  }
  return Object.fromEntries(labels)
}

/** URL against body. The name of a violation's field is that of the body. */
function comparison(
  kind: Kind,
  body: Readonly<Record<string, unknown>>,
  { mesh, name }: Meta,
  expected: ExpectedKey,
): Violation[] {
  const differs = (field: string): Violation =>
    violation(field, `${field} from the URL has to be the same as in body`)
  return [
    ...(expected.name !== undefined && expected.name !== name ? [differs('name')] : []),
    ...(body['type'] === kind.type ? [] : [differs('type')]),
    ...(kind.scope === 'Mesh' && expected.mesh !== undefined && expected.mesh !== mesh
      ? [differs('mesh')]
      : []),
  ]
}

/** Keys beside `spec` that nobody knows. */
function strangersIn(body: Readonly<Record<string, unknown>>): string[] {
  const known = [...META_KEYS, 'spec']
  return Object.keys(body).filter(key => !known.includes(key))
}

function withoutKeys(body: Readonly<Record<string, unknown>>, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !keys.includes(key)))
}

/** Of the whole body. */
function shapeFault(message: string): ShapeFault {
  return { field: '', message, parserText: message }
}

function schemaFault(message: string): ShapeFault {
  return { field: '', message, parserText: null }
}

/** Metadata is read by Go's own parser; these are its words. */
function goFault(key: string, value: unknown): ShapeFault {
  const type = typeOf(value) === 'boolean' ? 'bool' : typeOf(value)
  return {
    field: key,
    message: `must be ${key === 'labels' && type !== 'number' ? 'an object of strings' : 'a string'}, not ${NAMES[typeOf(value)]}`,
    parserText: `json: cannot unmarshal ${type} into Go struct field ResourceMeta.${key} of type string`,
  }
}

/** One fault that Kuma's parser stops at makes the whole a `Bad Request`. */
function refusedShape<Spec>(
  kind: Kind,
  faults: readonly ShapeFault[],
  unknownFields: readonly string[],
): ReadResource<Spec> {
  const violations = faults.map(({ field, message }) => ({ field, message }))
  const text = faults.find(fault => fault.parserText !== null)?.parserText
  if (text === undefined || text === null) return refused(kind, violations, unknownFields)
  const detail = `invalid ${kind.type} object: ${JSON.stringify(text)}`
  return { ...refused(kind, violations, unknownFields), title: 'Bad Request', detail }
}

function refused(
  kind: Kind,
  violations: readonly Violation[],
  unknownFields: readonly string[],
): Extract<ReadResource, { ok: false }> {
  return {
    ok: false,
    title: 'Could not process a resource',
    detail: 'Resource is not valid',
    // a misspelt field is often the reason why another one is missing
    violations: [
      ...violations,
      ...unknownFieldHints(kind, unknownFields).map(({ field, hint }) => ({
        field,
        message: `there is no such field${hint}`,
      })),
    ],
    unknownFields,
  }
}
