/**
 * Files, folders and standard input → checked resources, each with its place: templates filled, YAML read, kinds
 * known, every field checked by the rules of the control plane. All faults of all files at once, with file and line.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import { renderTemplate } from '#base/template.ts'
import { didYouMean } from '#base/text/nearest.ts'
import { parseDocuments, type YamlDocument } from '#base/yaml.ts'
import type { Kind } from '../kinds/kind.ts'
import { kindByType, kinds } from '../kinds/registry.ts'
import { readResource } from '../kinds/validate.ts'
import { at } from './output.ts'
import type { World } from './world.ts'

export interface ResourceDocument {
  readonly kind: Kind
  /** Empty for kinds that are in none. */
  readonly mesh: string
  readonly name: string
  /** As written, with the mesh filled in. */
  readonly body: Readonly<Record<string, unknown>>
  /** Remarks of the kind, without a place. */
  readonly warnings: readonly string[]
  /** `web.yaml:7` of a field, or of the nearest parent that is written. */
  place(fieldPath: string): string
}

export interface ReadOptions {
  /** Paths of files and folders, `-`: standard input. */
  readonly sources: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly unknownFields: 'error' | 'warn'
  /** For documents that do not name theirs. */
  readonly mesh: string
}

export type ReadDocuments =
  | { readonly ok: true; readonly documents: readonly ResourceDocument[] }
  /** One line a fault: `web.yaml:7: networking.address: …`. */
  | { readonly ok: false; readonly faults: readonly string[] }

export async function readDocuments(options: ReadOptions, world: World): Promise<ReadDocuments> {
  const documents: ResourceDocument[] = []
  const faults: string[] = []
  const seen = new Map<string, string>()
  for (const { shown, text } of await textsOf(options.sources, world, faults)) {
    for (const document of parsed(text, shown, options.variables, faults)) {
      const read = check(document, shown, options, faults)
      if (read === null) continue
      const key = `${read.kind.type} ${read.mesh}/${read.name}`
      const earlier = seen.get(key)
      if (earlier !== undefined)
        faults.push(`${read.place('name')}: ${key} is at ${earlier} already; keep one`)
      seen.set(key, read.place('name'))
      documents.push(read)
    }
  }
  if (faults.length > 0) return { ok: false, faults }
  // what is in a mesh needs the mesh
  const order = (document: ResourceDocument): number => (document.kind.type === 'Mesh' ? 0 : 1)
  return { ok: true, documents: documents.toSorted((a, b) => order(a) - order(b)) }
}

const DOCUMENT_FILE = /\.(ya?ml|json)$/

async function textsOf(
  sources: readonly string[],
  world: World,
  faults: string[],
): Promise<{ readonly shown: string; readonly text: string }[]> {
  const texts: { shown: string; text: string }[] = []
  for (const source of sources) {
    try {
      if (source === '-') texts.push({ shown: 'standard input', text: await world.readInput() })
      else {
        for (const path of await filesOf(source))
          texts.push({ shown: path, text: await readFile(path, 'utf8') })
      }
    } catch (error) {
      const why = codeOf(error) === 'ENOENT' ? 'there is no such file or folder' : messageOf(error)
      faults.push(`${source}: ${why}`)
    }
  }
  return texts
}

/** A folder's own YAML and JSON files by name, not those of folders in it. */
async function filesOf(path: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(path)).filter(name => DOCUMENT_FILE.test(name)).sort()
    if (names.length > 0) return names.map(name => join(path, name))
    throw new Error('there is no .yaml, .yml or .json file in this folder')
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return [path]
    throw error
  }
}

function parsed(
  text: string,
  shown: string,
  variables: Readonly<Record<string, string>>,
  faults: string[],
): readonly YamlDocument[] {
  try {
    return parseDocuments(renderTemplate(text, variables, shown), shown)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    faults.push(error.message)
    return []
  }
}

function check(
  document: YamlDocument,
  shown: string,
  options: ReadOptions,
  faults: string[],
): ResourceDocument | null {
  const place = (field: string): string => `${shown}:${document.lineOf(field)}`
  const { value } = document
  const type = at(value, 'type')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.push(`${place('')}: a resource is a mapping with type and name, this is none`)
    return null
  }
  const kind = typeof type === 'string' ? kindByType(type) : undefined
  if (kind === undefined) {
    faults.push(unknownType(type, place))
    return null
  }
  if (kind.readOnly) {
    faults.push(`${place('type')}: type: ${kind.type} is written by the control plane and can only be read`)
    return null
  }
  const isInMesh = kind.scope === 'Mesh' && (at(value, 'mesh') ?? '') === ''
  const body: Record<string, unknown> = { ...value, ...(isInMesh ? { mesh: options.mesh } : {}) }
  const read = readResource(kind, body)
  if (!read.ok) {
    for (const { field, message } of read.violations)
      faults.push(`${place(field)}: ${faultText(field, message)}`)
    return null
  }
  if (options.unknownFields === 'error' && read.unknownFields.length > 0) {
    for (const field of read.unknownFields) {
      faults.push(
        `${place(field)}: ${field}: there is no such field; correct it, or give --unknown-fields=warn`,
      )
    }
    return null
  }
  const { mesh, name } = read.draft
  return { kind, mesh, name, body, warnings: read.warnings, place }
}

function unknownType(type: unknown, place: (field: string) => string): string {
  if (typeof type !== 'string')
    return `${place('type')}: type is missing; say which kind this is, such as Dataplane`
  const types = kinds.map(kind => kind.type)
  return `${place('type')}: type: there is no kind ${JSON.stringify(type)}${didYouMean(type, types) || `; there are ${types.join(', ')}`}`
}

function faultText(field: string, message: string): string {
  return field === '' ? message : `${field}: ${message}`
}
