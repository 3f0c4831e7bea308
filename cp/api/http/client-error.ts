/**
 * What is no HTTP request, or one that does not come to its end: in, Node's error and the connection; out, an answer that
 * says what is wrong in the form of all other errors. There is no route and no caller yet, so handlers never see it.
 */
import type { Duplex } from 'node:stream'
import { codeOf, messageOf } from '#base/errors.ts'
import { problem } from '../problem.ts'
import { render } from './answer.ts'

/** Answers where that is possible, and ends the connection: nobody knows where the next request would begin. */
export function refuseClient(error: Error, socket: Duplex): void {
  if (codeOf(error) === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error)
    return
  }
  const [status, title] = ANSWERS[codeOf(error)] ?? [400, 'Bad Request']
  const { headers, body } = render(problem({ status, title, detail: detailOf(error, status) }), 'json')
  const lines = Object.entries({ ...headers, 'content-length': body.length, connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${head}\r\n${body}`, () => socket.destroy())
}

const ANSWERS: Readonly<Record<string, readonly [status: number, title: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Request Entity Too Large'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
}

function detailOf(error: Error, status: number): string {
  if (status === 408) return 'the request did not arrive in time'
  if (status === 431) return 'the headers are larger than the server takes'
  return `this is no HTTP request: ${messageOf(error).replace(/^Parse Error: /, '')}`
}
