/** Answers that the data plane makes itself, from the table of reasons in dp/errors.ts; the only place for them. */
import { REASONS, type ReasonCode } from '../errors.ts'

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

/** `isHead`: the request was a HEAD, the body is left out. `closes`: the connection ends after it. */
export function replyText(reason: ReasonCode, isHead: boolean, closes: boolean): string {
  const { status, body } = REASONS[reason]
  const lines = [
    `HTTP/1.1 ${status} ${PHRASES[status] ?? ''}`,
    `content-length: ${body.length}`,
    'content-type: text/plain',
    `date: ${new Date().toUTCString()}`,
    `x-vmesh-reason: ${reason}`,
  ]
  if (closes) lines.push('connection: close')
  return `${lines.join('\r\n')}\r\n\r\n${isHead ? '' : body}`
}
