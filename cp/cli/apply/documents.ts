/**
 * Files, folders, addresses and standard input → checked resources, each with its place: templates filled, YAML read,
 * lists taken apart, kinds known, every field checked by the rules of the control plane. All faults of all files at
 * once, with file, line and column.
 */
import { CodedError } from '#base/errors.ts'
import { renderTemplate } from '#base/template.ts'
import { firstFew, moreFaults } from '#base/text/first-few.ts'
import { didYouMean } from '#base/text/nearest.ts'
import { type Position, parseDocuments, type YamlDocument } from '#base/yaml.ts'
import { fieldAt, itemAt } from '../../kinds/field-path.ts'
import type { Kind, Unenforced, Violation } from '../../kinds/kind.ts'
import { kindNames, nameByType } from '../../kinds/names/kind-names.ts'
import { isKubernetesForm, KUBERNETES_FORM } from '../../kinds/schema/kubernetes-form.ts'
import { unknownFieldHints } from '../../kinds/schema/unknown-fields.ts'
import { readResource } from '../../kinds/validate.ts'
import { at, type Shown } from '../output.ts'
import type { World } from '../world.ts'
import { textsOf } from './sources.ts'

export interface ResourceDocument {
  readonly kind: Kind
  /** Empty for kinds that are in none. */
  readonly mesh: string
  readonly name: string
  /** As written, with the mesh filled in and without `version`. */
  readonly body: Shown
  /** `EPOCH-REVISION` that it was read as, and that has to be there still; null: whatever is. */
  readonly version: string | null
  /** Remarks of the kind, without a place. */
  readonly warnings: readonly string[]
  readonly unenforced: readonly Unenforced[]
  /** Of a field, or of the nearest parent that is written. */
  place(fieldPath: string): Place
}

export interface Place extends Position {
  /** A path, or `standard input`. */
  readonly file: string
}

export interface DocumentFault {
  /** null: the whole source. */
  readonly place: Place | null
  /** Names the source where there is no place. */
  readonly message: string
}

export interface ReadOptions {
  readonly sources: readonly string[]
  readonly isRecursive: boolean
  readonly variables: Readonly<Record<string, string>>
  readonly unknownFields: 'error' | 'warn'
  /** What is to refuse traffic and does not do so yet is no fault. */
  readonly acceptUnenforced: boolean
  /** For documents that do not name theirs. */
  readonly mesh: string
}

export interface ReadDocuments {
  /** Those without a fault, in the order of the files. */
  readonly documents: readonly ResourceDocument[]
  /** As they stand in the files. One of them says so where there is no document at all. */
  readonly faults: readonly DocumentFault[]
  /** Of all documents that were found, also of those with faults. */
  readonly count: number
  /** As places call them, in the order of the command line. */
  readonly files: readonly string[]
}

/** `web.yaml:7`. */
export function lineText({ file, line }: Place): string {
  return `${file}:${line}`
}

/** `web.yaml:7: networking.address: …`, with `withColumn` also the column. */
export function documentFaultText({ place, message }: DocumentFault, withColumn = false): string {
  if (place === null) return message
  return `${lineText(place)}${withColumn ? `:${place.column}` : ''}: ${message}`
}

export async function readDocuments(options: ReadOptions, world: World): Promise<ReadDocuments> {
  const documents: ResourceDocument[] = []
  const faults: DocumentFault[] = []
  const seen = new Map<string, Place>()
  const texts = await textsOf(options.sources, options.isRecursive, world, (source, why) =>
    faults.push({ place: null, message: `${source}: ${why}` }),
  )
  let count = 0
  for (const { shown, text } of texts) {
    for (const part of parsed(text, shown, options.variables, faults)) {
      count++
      const read = await check(part, options, faults)
      if (read === null) continue
      const key = `${read.kind.type} ${read.mesh}/${read.name}`
      const earlier = seen.get(key)
      if (earlier !== undefined) {
        const message = `${key} is at ${lineText(earlier)} already; keep one`
        faults.push({ place: read.place('name'), message })
      }
      seen.set(key, read.place('name'))
      documents.push(read)
    }
  }
  if (count === 0 && faults.length === 0)
    faults.push({ place: null, message: `there is no resource in ${options.sources.join(', ')}` })
  const files = texts.map(({ shown }) => shown)
  return { documents, faults: inOrderOfLines(faults, files), count, files }
}

/** What has no place goes before all. */
export function inOrderOfLines<T extends DocumentFault>(
  faults: readonly T[],
  files: readonly string[],
): readonly T[] {
  const fileOf = ({ place }: T): number => (place === null ? -1 : files.indexOf(place.file))
  return [...faults].sort((a, b) => {
    const lines = (a.place?.line ?? 0) - (b.place?.line ?? 0)
    return fileOf(a) - fileOf(b) || lines || (a.place?.column ?? 0) - (b.place?.column ?? 0)
  })
}

/** One resource as it stands in a file: a document, or an item of a list. */
interface Part {
  readonly value: unknown
  place(fieldPath: string): Place
}

function parsed(
  text: string,
  file: string,
  variables: Readonly<Record<string, string>>,
  faults: DocumentFault[],
): readonly Part[] {
  try {
    return parseDocuments(renderTemplate(text, variables, file), file).flatMap(document =>
      partsOf(document, file),
    )
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    const { line, column } = error.details
    const { message } = error
    faults.push({
      place:
        typeof line === 'number'
          ? { file, line, column: typeof column === 'number' ? column : 1 }
          : { file, line: 1, column: 1 },
      message: message.startsWith(file) ? message.slice(file.length).replace(/^(:\d+){0,2}: /, '') : message,
    })
    return []
  }
}

/** What `get -o yaml` prints of several resources is one document with `items`. */
function partsOf(document: YamlDocument, file: string): readonly Part[] {
  const placeBelow =
    (parent: string) =>
    (field: string): Place => ({ file, ...document.positionOf(below(parent, field)) })
  const items = at(document.value, 'items')
  if (at(document.value, 'type') !== undefined || !Array.isArray(items)) {
    return [{ value: document.value, place: placeBelow('') }]
  }
  return items.map((value: unknown, index) => ({ value, place: placeBelow(itemAt('items', index)) }))
}

function below(parent: string, field: string): string {
  return field.startsWith('[') ? `${parent}${field}` : fieldAt(parent, field)
}

async function check(
  part: Part,
  options: ReadOptions,
  faults: DocumentFault[],
): Promise<ResourceDocument | null> {
  const fault = (field: string, message: string): null => {
    faults.push({ place: part.place(field), message: faultText(field, message) })
    return null
  }
  const all = (found: readonly Violation[]): null => {
    const few = firstFew(found, count => ({ field: '', message: moreFaults(count) }))
    for (const { field, message } of few) fault(field, message)
    return null
  }
  const { value } = part
  const type = at(value, 'type')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fault('', 'a resource is a mapping with type and name, this is none')
  }
  const kind = typeof type === 'string' ? await nameByType(type)?.load() : undefined
  if (isKubernetesForm(value)) return fault('', KUBERNETES_FORM)
  if (kind === undefined) return fault('type', unknownType(type))
  if (kind.readOnly) return fault('type', `${kind.type} is written by the control plane and can only be read`)
  const isInMesh = kind.scope === 'Mesh' && (at(value, 'mesh') ?? '') === ''
  const { version = null, ...written }: Shown = { ...value }
  if (version !== null && !(typeof version === 'string' && VERSION.test(version)))
    return fault('version', 'is none; vmeshctl get --with-version writes it, such as 1795425457-49')
  const body = isInMesh ? { ...written, mesh: options.mesh } : written
  const read = readResource(kind, body)
  if (!read.ok) return all(read.violations)
  if (options.unknownFields === 'error' && read.unknownFields.length > 0) {
    const remedy = '; correct it, or give --unknown-fields=warn'
    const hints = unknownFieldHints(kind, read.unknownFields)
    return all(
      hints.map(({ field, hint }) => ({ field, message: `there is no such field${hint || remedy}` })),
    )
  }
  const open = options.acceptUnenforced ? [] : read.unenforced.filter(one => one.refusesTraffic)
  const accept = 'to store it all the same, give --accept-unenforced'
  const unmet = open.map(({ field, message }) => ({
    field,
    message: `is not enforced yet: ${message}; ${accept}`,
  }))
  if (unmet.length > 0) return all(unmet)
  const { mesh, name } = read.draft
  return {
    kind,
    mesh,
    name,
    body,
    version,
    warnings: read.warnings,
    unenforced: read.unenforced,
    place: part.place,
  }
}

/** `EPOCH-REVISION`. */
const VERSION = /^\d+-\d+$/

function unknownType(type: unknown): string {
  if (typeof type !== 'string') return 'is missing; say which kind this is, such as Dataplane'
  const types = kindNames.filter(kind => !kind.readOnly).map(kind => kind.type)
  return `invalid resource type ${JSON.stringify(type)}${didYouMean(type, types) || `; vmeshctl explain lists all`}`
}

function faultText(field: string, message: string): string {
  return field === '' ? message : `${field}: ${message}`
}
