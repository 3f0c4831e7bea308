/**
 * The Dataplane that the daemon registers: file (or stdin) → variables filled in → YAML → value, with the line of
 * every field, since the control plane answers field paths and people look for lines.
 */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { CodedError, messageOf } from '#base/errors.ts'
import { renderTemplate } from '#base/template.ts'
import { parseDocuments } from '#base/yaml.ts'
import type { Violation } from '#contract/reader.ts'

export interface Definition {
  readonly file: string
  readonly mesh: string
  readonly name: string
  /** The document as it goes to the control plane. */
  readonly value: unknown
  /** `FILE:LINE: FIELD: MESSAGE`. */
  describe(violation: Violation): string
}

/** Throws with the file and where possible the line; only a person can mend it (`details.permanent`). */
export async function readDefinition(
  file: string,
  variables: Readonly<Record<string, string>>,
): Promise<Definition> {
  try {
    return await read(file, variables)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw new CodedError(error.code, error.message, { cause: error, details: { permanent: true } })
  }
}

async function read(file: string, variables: Readonly<Record<string, string>>): Promise<Definition> {
  const shown = file === '-' ? '(stdin)' : file
  const source = await readSource(file, shown)
  const rendered = renderTemplate(source, variables, shown, '--dataplane-var')
  const documents = parseDocuments(rendered, shown)
  const [document] = documents
  if (document === undefined || documents.length > 1) {
    const message = `${shown}: expected one Dataplane, found ${documents.length} documents; write one file for each data plane`
    throw new CodedError('dataplane-file.documents', message)
  }
  const fields = asObject(document.value)
  if (fields === null || fields['type'] !== 'Dataplane') {
    const message = `${shown}:${document.lineOf('type')}: type: must be Dataplane, found ${JSON.stringify(fields?.['type'])}`
    throw new CodedError('dataplane-file.type', message)
  }
  const { name, mesh = 'default' } = fields
  if (typeof name !== 'string' || name === '') {
    throw new CodedError('dataplane-file.name', `${shown}:${document.lineOf('name')}: name: cannot be empty`)
  }
  if (typeof mesh !== 'string') {
    throw new CodedError('dataplane-file.mesh', `${shown}:${document.lineOf('mesh')}: mesh: must be a string`)
  }
  return {
    file: shown,
    mesh,
    name,
    value: document.value,
    describe: ({ path, message }) =>
      `${shown}:${document.lineOf(path)}: ${path === '' ? '' : `${path}: `}${message}`,
  }
}

async function readSource(file: string, shown: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new CodedError(
      'dataplane-file.unreadable',
      `cannot read --dataplane-file ${shown}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}
