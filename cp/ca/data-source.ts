/**
 * What a DataSource of a Mesh stands for: the text of a Secret, of a file on this machine, or of the field itself
 * (kuma-api 4.3). Whether exactly one field is set was checked when the Mesh was written.
 */
import { open } from 'node:fs/promises'
import { CodedError, messageOf } from '#base/errors.ts'
import type { DataSource } from '../kinds/data-source.ts'
import { readSecret, secretKey } from '../store/secrets.ts'
import type { Store } from '../store/store.ts'

/** Certificates and keys are far smaller; a device or a log file must not fill the memory. */
const MAX_FILE_BYTES = 1_048_576

/** Throws `ca.source` when there is no such secret or file, or the file is no plain one of at most 1 MB. */
export async function readDataSource(
  store: Pick<Store, 'get'>,
  mesh: string,
  source: DataSource,
): Promise<string> {
  const { secret, file, inline, inlineString } = source
  if (secret) {
    const text = await readSecret(store, secretKey(mesh, secret))
    if (text !== null) return text
    throw fault(
      `Resource not found: type="Secret" name=${JSON.stringify(secret)} mesh=${JSON.stringify(mesh)}`,
    )
  }
  if (file) return readPlainFile(file)
  return inline ? Buffer.from(inline, 'base64').toString() : (inlineString ?? '')
}

async function readPlainFile(path: string): Promise<string> {
  try {
    const file = await open(path)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw new Error(`${path} is not a plain file`)
      if (stat.size > MAX_FILE_BYTES) throw new Error(`${path} is larger than ${MAX_FILE_BYTES} bytes`)
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fault(messageOf(error), error)
  }
}

function fault(reason: string, cause?: unknown): CodedError {
  return new CodedError('ca.source', `could not load data: ${reason}`, { cause })
}
