/** Answers questions about the daemon on a Unix socket in its state folder: `GET /status`, JSON. Mode 0600. */
import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { CodedError, messageOf } from '#base/errors.ts'
import { createServer } from '#base/http-server.ts'
import { withShortPath } from './socket-path.ts'
import type { DataPlaneStatus } from './status.ts'

/** Throws `admin.socket` when it cannot be bound. The caller holds the folder's lock. */
export async function serveStatus(path: string, status: () => Promise<DataPlaneStatus>): Promise<Server> {
  await rm(path, { force: true })
  const server = createServer((asked, response) => {
    if (asked.url !== '/status') {
      response.writeHead(404)
      return response.end()
    }
    return status().then(
      now => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(now))
      },
      (error: unknown) => {
        response.writeHead(500)
        response.end(messageOf(error))
      },
    )
  })
  try {
    await withShortPath(path, async short => {
      server.listen(short)
      await once(server, 'listening')
    })
    await chmod(path, 0o600)
    // too many open files, for instance: whoever asked asks again
    server.on('error', () => {})
    return server
  } catch (error) {
    throw new CodedError('admin.socket', `status socket ${path}: ${messageOf(error)}`, { cause: error })
  }
}
