/** Answers questions about the daemon on a Unix socket in its state folder: `GET /status`, JSON. Mode 0600. */
import { chmod, rm } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import type { DataPlaneStatus } from './status.ts'

/** Longest path of a Unix socket on Linux, without the closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107

/** Throws `admin.socket` when the path is too long or cannot be bound. The caller holds the folder's lock. */
export async function serveStatus(path: string, status: () => DataPlaneStatus): Promise<Server> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    const message = `${path} is longer than a Unix socket may be (${MAX_SOCKET_PATH_BYTES} bytes); choose a shorter --state-dir`
    throw new CodedError('admin.socket', message)
  }
  await rm(path, { force: true })
  const server = createServer((asked, response) => {
    if (asked.url !== '/status') {
      response.writeHead(404)
      return response.end()
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify(status()))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', error =>
      reject(new CodedError('admin.socket', `${path}: ${messageOf(error)}`, { cause: error })),
    )
    server.listen(path, resolve)
  })
  await chmod(path, 0o600)
  return server
}

/** Asks a running daemon. Throws `admin.not-running` when nobody answers there. */
export function askStatus(path: string): Promise<DataPlaneStatus> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, path: '/status' }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(JSON.parse(text) as DataPlaneStatus))
    })
    asked.on('error', error => {
      const isGone = ['ENOENT', 'ECONNREFUSED'].includes(codeOf(error))
      const why = isGone ? 'no daemon runs with that state folder' : messageOf(error)
      reject(new CodedError('admin.not-running', `${path}: ${why}`, { cause: error }))
    })
    asked.end()
  })
}
