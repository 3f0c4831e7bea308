/** A request as it goes on: its head with the fields that this data plane adds, and what a retry has to know. */
import { randomUUID } from 'node:crypto'
import type { RequestHead } from '../codec/http1/request-head.ts'
import type { RequestTraits } from './exchange.ts'

/** RFC 9110 §9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/** With the blank line. `addedFields`: lines that say who the client is. */
export function outgoingHead(head: RequestHead, addedFields: string): string {
  let text = head.text
  if (!head.hasRequestId) text += `x-request-id: ${randomUUID()}\r\n`
  if (!head.hasForwardedProto) text += 'x-forwarded-proto: http\r\n'
  text += addedFields
  return head.upgrade === ''
    ? `${text}\r\n`
    : `${text}connection: upgrade\r\nupgrade: ${head.upgrade}\r\n\r\n`
}

const traits = { isHead: false, isReplayable: false, upgrade: '' }

/** The same object for every request: valid until the next call. */
export function traitsOf(head: RequestHead): RequestTraits {
  const hasBody = head.isChunked || head.contentLength > 0
  traits.isHead = head.method === 'HEAD'
  traits.isReplayable = !hasBody && IDEMPOTENT.has(head.method)
  traits.upgrade = head.upgrade
  return traits
}
