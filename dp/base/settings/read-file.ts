/** A settings file on disk → its content, with the line of each key. */
import { readFile } from 'node:fs/promises'
import { CodedError, codeOf, messageOf } from '../errors.ts'
import { EXIT } from '../process/exit-codes.ts'
import { parseDocuments } from '../yaml.ts'
import type { SettingsFile } from './file.ts'

const details = { exitCode: EXIT.configuration }

/** Throws `settings.file` (exit code 78) when it cannot be read or is not one YAML document; an empty file is fine. */
export async function readSettingsFile(path: string): Promise<SettingsFile> {
  const documents = parsed(await textOf(path), path)
  const [document] = documents
  if (document === undefined) return { path, content: undefined }
  if (documents.length > 1) {
    const message = `${path}: settings are one document, this file has ${documents.length}; remove the lines ---`
    throw new CodedError('settings.file', message, { details })
  }
  return {
    path,
    content: document.value,
    lineOf: keys => document.lineOf(keys.map(key => `[${JSON.stringify(key)}]`).join('')),
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const why = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not read it',
      EISDIR: 'it is a folder',
    }[codeOf(error)]
    const message = `${path}: ${why ?? messageOf(error)}; give a file with --config-file or leave it out`
    throw new CodedError('settings.file', message, { cause: error, details })
  }
}

function parsed(text: string, path: string): ReturnType<typeof parseDocuments> {
  try {
    return parseDocuments(text, path)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw new CodedError('settings.file', error.message, { cause: error, details })
  }
}
