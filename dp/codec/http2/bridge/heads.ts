/**
 * Heads of HTTP/1.1 ↔ HTTP/2 (RFC 9113 §8.3), in the form in which dp/http passes heads on: text with start line and
 * field lines, without the blank line. What frames a body follows from the side it goes to: a length stays, without
 * one HTTP/1.1 gets chunks.
 */
import { STATUS_CODES } from '#base/http-server.ts'
import { POLICY_FIELD } from '../../../errors.ts'
import type { FieldList } from '../field-list.ts'
import type { HeaderBlock } from '../header-block.ts'
import { addLines, addPassing, isForClient, isForMessage, linesOf } from './field-lines.ts'

const CHUNKED = 'transfer-encoding: chunked\r\n'
const NO_BODY = 'content-length: 0\r\n'
/** `:method`, `:scheme`, `:authority` and `:path` are the first of a request, in this order. */
const PSEUDO_FIELDS = 4
export const AUTHORITY_AT = 2
export const PATH_AT = 3
/** Servers wait for the length of a body where these methods announce none (RFC 9110 §8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

/**
 * A request of HTTP/2, other than CONNECT, as it goes on, into an empty list: what the client has a say in.
 */
export function forwardedFields(block: HeaderBlock, into: FieldList): void {
  into.add(':method', block.method)
  into.add(':scheme', 'http')
  into.add(':authority', block.authority)
  into.add(':path', block.path)
  addPassing(block.fields, into, isForClient)
}

/**
 * A list that `forwardedFields` or `requestFields` made as a head of HTTP/1.1. Without a length a body that follows has to
 * be chunked. `isBodiless`: nothing follows.
 */
export function requestText(fields: FieldList, isBodiless: boolean): string {
  const [method = '', , authority = '', path = ''] = fields.values
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${authority}\r\n`
  let hasLength = false
  for (let at = PSEUDO_FIELDS; at < fields.length; at++) {
    const name = fields.names[at] ?? ''
    hasLength ||= name === 'content-length'
    text += `${name}: ${fields.values[at] ?? ''}\r\n`
  }
  if (hasLength) return text
  if (!isBodiless) return text + CHUNKED
  return WITH_BODY.has(method) ? text + NO_BODY : text
}

/** A response of HTTP/2 for HTTP/1.1, as ResponseHead.text. `isHead`: to a HEAD. Without a length a body that follows has to be chunked. */
export function responseText(block: HeaderBlock, isEnd: boolean, isHead: boolean): string {
  const { status } = block
  const isBodiless = isHead || status < 200 || status === 204 || status === 304
  const start = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  // A length is no news of interim responses and of 204: recipients are told not to expect one (RFC 9110 §8.6).
  const hasNoLength = status < 200 || status === 204
  const text = start + linesOf(block.fields, hasNoLength ? isNotLength : isNotReason)
  if (isBodiless || block.contentLength >= 0) return text
  return text + (isEnd ? NO_BODY : CHUNKED)
}

/**
 * A request of HTTP/1.1 (`RequestHead.text`) for HTTP/2, into an empty list. False: it has no form there (its target is
 * neither a path nor `*`, or it names no host).
 */
export function requestFields(text: string, scheme: 'http' | 'https', into: FieldList): boolean {
  const methodEnd = text.indexOf(' ')
  const targetEnd = text.indexOf(' ', methodEnd + 1)
  const target = text.slice(methodEnd + 1, targetEnd)
  const fieldsAt = text.indexOf('\r\n') + 2
  if (!target.startsWith('/') && target !== '*') return false
  into.add(':method', text.slice(0, methodEnd))
  into.add(':scheme', scheme)
  into.add(':authority', '')
  into.add(':path', target)
  const host = addLines(text, fieldsAt, into, isForMessage)
  into.setValue(AUTHORITY_AT, host)
  return host !== ''
}

/** A response of HTTP/2 as it goes on, into an empty list; without the reason of the mesh, which its sender only claims. */
export function forwardedResponse(block: HeaderBlock, into: FieldList): void {
  const { status } = block
  into.add(':status', String(status))
  addPassing(block.fields, into, status < 200 || status === 204 ? isNotLength : isNotReason)
}

/** A response of HTTP/1.1 (`ResponseHead.text`) for HTTP/2, into an empty list. */
export function responseFields(text: string, into: FieldList): void {
  into.add(':status', text.slice(9, 12))
  addLines(text, text.indexOf('\r\n') + 2, into, isForMessage)
}

function isNotLength(name: string): boolean {
  return name !== 'content-length' && isNotReason(name)
}

function isNotReason(name: string): boolean {
  return name !== 'x-vmesh-reason' && name !== POLICY_FIELD && isForMessage(name)
}
