/**
 * Heads of HTTP/1.1 ↔ HTTP/2 (RFC 9113 §8.3), in the form in which dp/http passes heads on: text with start line and
 * field lines, without the blank line. What frames a body follows from the side it goes to: a length stays, without
 * one HTTP/1.1 gets chunks.
 */
import { STATUS_CODES } from '#base/http-server.ts'
import type { FieldList } from '../field-list.ts'
import type { HeaderBlock } from '../header-block.ts'
import { addLines, isForClient, isForMessage, linesOf } from './field-lines.ts'

const CHUNKED = 'transfer-encoding: chunked\r\n'
const NO_BODY = 'content-length: 0\r\n'
/** Place of :authority in a list that `requestFields` makes. */
const AUTHORITY_AT = 2
/** Servers wait for the length of a body where these methods announce none (RFC 9110 §8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** A request of HTTP/2, other than CONNECT, for HTTP/1.1. Without a length a body that follows has to be chunked. */
export function requestText(block: HeaderBlock, isEnd: boolean): string {
  const start = `${block.method} ${block.path} HTTP/1.1\r\nhost: ${block.authority}\r\n`
  const text = start + linesOf(block.fields, isForClient)
  if (block.contentLength >= 0) return text
  if (!isEnd) return text + CHUNKED
  return WITH_BODY.has(block.method) ? text + NO_BODY : text
}

/** A response of HTTP/2 for HTTP/1.1. `isHead`: to a HEAD. Without a length a body that follows has to be chunked. */
export function responseText(block: HeaderBlock, isEnd: boolean, isHead: boolean): string {
  const { status } = block
  const isBodiless = isHead || status < 200 || status === 204 || status === 304
  const start = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  // A length is no news of interim responses and of 204: recipients are told not to expect one (RFC 9110 §8.6).
  const hasNoLength = status < 200 || status === 204
  const text = start + linesOf(block.fields, hasNoLength ? isNotLength : isForMessage)
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

/** A response of HTTP/1.1 (`ResponseHead.text`) for HTTP/2, into an empty list. */
export function responseFields(text: string, into: FieldList): void {
  into.add(':status', text.slice(9, 12))
  addLines(text, text.indexOf('\r\n') + 2, into, isForMessage)
}

function isNotLength(name: string): boolean {
  return name !== 'content-length' && isForMessage(name)
}
