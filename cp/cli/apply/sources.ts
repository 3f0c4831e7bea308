/** What `-f` names → texts: files, folders (with `-R` also those in them), standard input, addresses. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goDurationMs } from '#base/duration.ts'
import { codeOf, messageOf } from '#base/errors.ts'
import type { World } from '../world.ts'

export interface SourceText {
  /** How messages call it: a path. */
  readonly shown: string
  readonly text: string
}

const DOCUMENT_FILE = /\.(ya?ml|json)$/
const DOWNLOAD_TIMEOUT_MS = 30_000
/** The most that is taken from an address. */
const DOWNLOAD_LIMIT = 64 * 1024 * 1024

/**
 * The texts in the order given, a folder's by name. A source that cannot be read is told to `onFault`.
 * @param sources paths, `-` for standard input, `http://…` and `https://…`
 */
export async function textsOf(
  sources: readonly string[],
  isRecursive: boolean,
  world: World,
  onFault: (source: string, why: string) => void,
): Promise<readonly SourceText[]> {
  const texts: SourceText[] = []
  for (const source of sources) {
    try {
      if (source === '-') texts.push({ shown: 'standard input', text: await world.readInput() })
      else if (/^https?:\/\//.test(source)) texts.push({ shown: source, text: await downloaded(source) })
      else {
        for (const path of await filesOf(source, isRecursive))
          texts.push({ shown: path, text: await readFile(path, 'utf8') })
      }
    } catch (error) {
      onFault(source, codeOf(error) === 'ENOENT' ? missing(source) : messageOf(error))
    }
  }
  return texts
}

/** The value of `--wait` may be left out, so what stands alone behind it is a file. */
function missing(source: string): string {
  const hint = goDurationMs(source) === null ? '' : `; for a time write --wait=${source}`
  return `there is no such file or folder${hint}`
}

async function filesOf(path: string, isRecursive: boolean): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: isRecursive })
    const files = entries
      .filter(entry => !entry.isDirectory() && DOCUMENT_FILE.test(entry.name))
      .map(entry => join(entry.parentPath, entry.name))
    if (files.length > 0) return files.sort()
    const hint =
      entries.some(entry => entry.isDirectory()) && !isRecursive ? '; -R looks into the folders in it' : ''
    throw new Error(`there is no .yaml, .yml or .json file in this folder${hint}`)
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return [path]
    throw error
  }
}

async function downloaded(address: string): Promise<string> {
  const response = await fetch(address, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) }).catch(
    (error: unknown) => {
      const cause = error instanceof Error ? error.cause : undefined
      throw new Error(`it cannot be fetched: ${messageOf(cause ?? error)}`)
    },
  )
  if (!response.ok) throw new Error(`it cannot be fetched: the server answers ${response.status}`)
  const text = await response.text()
  if (text.length > DOWNLOAD_LIMIT) throw new Error(`it is larger than ${DOWNLOAD_LIMIT} characters`)
  return text
}
