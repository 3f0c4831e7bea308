/**
 * What a header field of HTTP/2 is by its name, and whether its value fits (RFC 9113 §8.2, §8.3): a small number that
 * HPACK keeps beside name and value, so that a field that comes by index is not looked at again.
 */
import { TARGET, TOKEN } from '../http1/bytes.ts'

export const ORDINARY = 0
export const METHOD = 1
export const SCHEME = 2
export const AUTHORITY = 3
export const PATH = 4
export const STATUS = 5
export const PROTOCOL = 6
export const CONTENT_LENGTH = 7
export const COOKIE = 8
export const HOST = 9
export const TE = 10
/** Belongs to one connection of HTTP/1.1, or a pseudo-header that nobody knows. */
export const BANNED = 11
export const BAD_NAME = 12
export const BAD_VALUE = 13

/** `_` counts as `-` for what decides about framing: what runs behind CGI reads both as one name. */
const KINDS = new Map<string, number>([
  [':method', METHOD],
  [':scheme', SCHEME],
  [':authority', AUTHORITY],
  [':path', PATH],
  [':status', STATUS],
  [':protocol', PROTOCOL],
  ['content-length', CONTENT_LENGTH],
  ['content_length', BANNED],
  ['cookie', COOKIE],
  ['host', HOST],
  ['te', TE],
  ['connection', BANNED],
  ['keep-alive', BANNED],
  ['proxy-connection', BANNED],
  ['transfer-encoding', BANNED],
  ['transfer_encoding', BANNED],
  ['upgrade', BANNED],
])

const COLON = 58

/** Kind of a name whose bytes are `bytes[start, end)`. */
export function kindOfName(name: string, bytes: Uint8Array, start: number, end: number): number {
  const isPseudo = bytes[start] === COLON
  for (let at = isPseudo ? start + 1 : start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (TOKEN[byte] !== 1 || (byte >= 65 && byte <= 90)) return BAD_NAME
  }
  if (start === end) return BAD_NAME
  return KINDS.get(name) ?? (isPseudo ? BANNED : ORDINARY)
}

/** The kind of a whole field: `kind` of its name, or the fault of its value. Bytes of `value` are already checked. */
export function kindOfField(kind: number, value: string): number {
  switch (kind) {
    case METHOD:
      return isMadeOf(value, TOKEN) ? kind : BAD_VALUE
    case SCHEME:
      return /^[a-z][a-z0-9+.-]*$/i.test(value) ? kind : BAD_VALUE
    case AUTHORITY:
    case HOST:
      return value !== '' && !/[\s/?#@\\,<>"]/.test(value) ? kind : BAD_VALUE
    case PATH:
      return isMadeOf(value, TARGET) ? kind : BAD_VALUE
    case STATUS:
      return /^[1-9][0-9][0-9]$/.test(value) && value !== '101' ? kind : BAD_VALUE
    case PROTOCOL:
      return isMadeOf(value, TOKEN) ? kind : BAD_VALUE
    case TE:
      return value.toLowerCase() === 'trailers' ? ORDINARY : BANNED
    default:
      return kind
  }
}

function isMadeOf(value: string, members: Uint8Array): boolean {
  for (let at = 0; at < value.length; at++) if (members[value.charCodeAt(at)] !== 1) return false
  return value !== ''
}
