/** Which data planes run on this machine: the status sockets in the places where state folders are. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError, messageOf } from '#base/errors.ts'
import { Agent, request } from '#base/http-client.ts'
import { withShortPath } from './socket-path.ts'
import type { DataPlaneStatus } from './status.ts'

export const STATUS_SOCKET = 'status.sock'
const ANSWER_TIMEOUT_MS = 5_000

/**
 * The one data plane that runs below `folders` and has this name and mesh, where they are given. Throws
 * `admin.not-running` (also when its socket may not be opened) and `admin.several` with their names.
 */
export async function findStatus(
  folders: readonly string[],
  wanted: { readonly name: string | undefined; readonly mesh: string | undefined },
): Promise<DataPlaneStatus> {
  const found: DataPlaneStatus[] = []
  let refusal = ''
  for (const socket of folders.flatMap(socketsBelow)) {
    try {
      const status = await askStatus(socket)
      const isWanted =
        (wanted.name === undefined || status.name === wanted.name) &&
        (wanted.mesh === undefined || status.mesh === wanted.mesh)
      if (isWanted) found.push(status)
    } catch (error) {
      // a socket that a killed daemon left; but who may not open one should know
      if (/EACCES/.test(messageOf(error)))
        refusal = `; ${messageOf(error)}: run it as the daemon's user or root`
    }
  }
  const [first] = found
  if (first === undefined) {
    const who = wanted.name === undefined ? 'no data plane' : `no data plane ${wanted.name}`
    throw new CodedError(
      'admin.not-running',
      `${who} runs with its state in ${folders.join(', ')}${refusal}; give its --state-dir`,
    )
  }
  if (found.length > 1) {
    const names = found.map(({ mesh, name }) => `${mesh}/${name}`).join(', ')
    throw new CodedError(
      'admin.several',
      `several data planes run here: ${names}; choose one with --name (and --mesh)`,
    )
  }
  return first
}

/** Asks one daemon. Throws `admin.not-running` when nobody answers there. */
export function askStatus(path: string): Promise<DataPlaneStatus> {
  return withShortPath(path, ask)
}

async function ask(socketPath: string): Promise<DataPlaneStatus> {
  const dispatcher = new Agent({ connect: { socketPath } })
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
    const { body } = await request('http://vmesh-dp/status', { dispatcher, signal })
    return (await body.json()) as DataPlaneStatus
  } catch (error) {
    throw new CodedError('admin.not-running', messageOf(error), { cause: error })
  } finally {
    await dispatcher.close()
  }
}

/** A state folder itself, or FOLDER/NAME, or FOLDER/MESH/NAME. */
function socketsBelow(folder: string): readonly string[] {
  return ['', '*', '*/*'].flatMap(depth => globSync(join(folder, depth, STATUS_SOCKET)))
}
