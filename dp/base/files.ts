/**
 * Files that survive a crash: a file is replaced whole or not at all (temporary file beside it, fsync, rename,
 * fsync of the folder), and folders and files get the modes they are given whatever the umask says.
 */
import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from './errors.ts'

/** For secrets and state: the owner reads and writes, nobody else. */
export const PRIVATE_FILE = 0o600
/** The folder that goes with it. */
export const PRIVATE_FOLDER = 0o700

/** What a file is made of; pieces are written one by one, so a producer may take its time between them. */
export type Content = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/**
 * Replaces `path`, or makes it. When it resolves the new content is on disk under that name; when it throws (a
 * system error: ENOSPC, EIO, EACCES) the old file is as it was, or the new one is complete.
 * @param options.mode default 0600
 */
export async function writeFileAtomic(
  path: string,
  content: Content,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeDurably(temporary, content, options.mode ?? PRIVATE_FILE)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

/** Removes what writes left in a folder when their process died. Call only while nobody writes there. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('.') && name.endsWith('.tmp')) await rm(join(folder, name), { force: true })
  }
}

/**
 * Makes the folder and those above it where they are missing; one that exists keeps its mode. Throws a system error
 * (EEXIST: it is no folder). Folder by folder, since Node's own `recursive` never ends where mkdir answers ENOENT below
 * a folder that exists, as in /proc.
 */
export async function makeFolder(path: string, mode: number = PRIVATE_FOLDER): Promise<void> {
  try {
    return await makeOne(path, mode)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error
  }
  await makeFolder(dirname(path), mode)
  await makeOne(path, mode)
}

/** Makes names that were added to the folder, or taken from it, last through a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The file's bytes, or null when there is none. */
export async function readFileIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if ((await stat(path).catch(() => null))?.isDirectory() === true) return
    throw error
  }
  await syncFolder(dirname(path))
}

async function writeDurably(path: string, content: Content, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    // the umask took bits from the mode of open()
    await file.chmod(mode)
    if (typeof content === 'string' || content instanceof Uint8Array) await writeAll(file, content)
    else for await (const piece of content) await writeAll(file, piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A full disk shows as a short write first and as an error only at the next. */
async function writeAll(file: FileHandle, piece: string | Uint8Array): Promise<void> {
  const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await file.write(bytes, done, bytes.byteLength - done)).bytesWritten
  }
}
