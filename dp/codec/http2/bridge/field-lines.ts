/**
 * Field lines of HTTP/1.1 ↔ field lists of HTTP/2 (RFC 9113 §8.2): lower case one way, and both ways without what
 * belongs to one connection, decides about framing on its own side, or is for proxies alone to set.
 */
import { spellingsOf } from '../../http1/field-names.ts'
import { fieldValue } from '../../http1/fields.ts'
import { isTrailerName } from '../../http1/trailer-names.ts'
import type { FieldList } from '../field-list.ts'

/** Of one connection; Host and Transfer-Encoding have their own form in HTTP/2. */
const CONNECTION_ONLY = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
])

/** What RequestHead drops from requests as well: a client has no say in these. */
const PROXY_ONLY = new Set([
  ...spellingsOf('x-forwarded-client-cert'),
  ...spellingsOf('x-kuma-tags'),
  'x-envoy-internal',
  'x-envoy-retry-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-alt-stat-name',
  'http2-settings',
])

export type FieldFilter = (name: string) => boolean

export const isForMessage: FieldFilter = name => !CONNECTION_ONLY.has(name)
export const isForClient: FieldFilter = name => !PROXY_ONLY.has(name)
export const isForTrailer: FieldFilter = isTrailerName

/**
 * Adds the lines `text[from, …)`, each ended by CRLF and already checked, whose names pass. The value of Host, which is
 * no field of HTTP/2, is the result; '' without one.
 */
export function addLines(text: string, from: number, into: FieldList, passes: FieldFilter): string {
  let host = ''
  for (let at = from; at < text.length; ) {
    const end = text.indexOf('\r\n', at)
    if (end < 0 || end === at) break
    const colon = text.indexOf(':', at)
    const name = nameIn(text, at, colon)
    if (name === 'host') host = fieldValue(text, colon + 1, end)
    else if (passes(name)) into.add(name, fieldValue(text, colon + 1, end))
    at = end + 2
  }
  return host
}

/** The fields whose names pass as lines, each with CRLF. */
export function linesOf(fields: FieldList, passes: FieldFilter): string {
  let text = ''
  for (let at = 0; at < fields.length; at++) {
    const name = fields.names[at] ?? ''
    if (passes(name)) text += `${name}: ${fields.values[at] ?? ''}\r\n`
  }
  return text
}

/** Adds the fields whose names pass. */
export function addPassing(fields: FieldList, into: FieldList, passes: FieldFilter): void {
  for (let at = 0; at < fields.length; at++) {
    const name = fields.names[at] ?? ''
    if (passes(name)) into.add(name, fields.values[at] ?? '', fields.isSecret[at] === true)
  }
}

const PLACES = 256
const MAX_LENGTH = 64
/** Names seen before, in lower case: the same few come with every message, and their strings carry their hash. */
const known: string[] = Array.from({ length: PLACES }, () => '')

function nameIn(text: string, start: number, end: number): string {
  const length = end - start
  const first = text.charCodeAt(start) | 0x20
  const last = text.charCodeAt(end - 1) | 0x20
  const place =
    ((length << 5) ^ (first << 2) ^ ((text.charCodeAt((start + end) >> 1) | 0x20) << 1) ^ last) & (PLACES - 1)
  const name = known[place] ?? ''
  if (name.length === length && isSame(name, text, start)) return name
  const made = text.slice(start, end).toLowerCase()
  // Through bytes: a piece of the text would keep all of it in memory.
  if (length <= MAX_LENGTH) known[place] = Buffer.from(made, 'latin1').toString('latin1')
  return made
}

function isSame(name: string, text: string, start: number): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = text.charCodeAt(start + at)
    if ((code >= 65 && code <= 90 ? code | 0x20 : code) !== name.charCodeAt(at)) return false
  }
  return true
}
