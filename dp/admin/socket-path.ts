/**
 * Unix sockets have short names (107 bytes), folders need not: a socket in a deep folder is reached through the folder's
 * descriptor, `/proc/self/fd/N/NAME`.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

const MAX_SOCKET_PATH_BYTES = 107

/** Calls `use` with a path of the same socket that is short enough. */
export async function withShortPath<T>(path: string, use: (short: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return use(path)
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return await use(`/proc/self/fd/${folder.fd}/${basename(path)}`)
  } finally {
    await folder.close()
  }
}
