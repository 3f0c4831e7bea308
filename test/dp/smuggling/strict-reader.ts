/**
 * A second opinion on what the data plane sends to an application: a reader of HTTP/1.1 requests that shares nothing
 * with the one under test and knows only the canonical form (RFC 9112 §3, §5, §6, §7): one framing, names of token
 * characters, no control bytes, one spelling of Transfer-Encoding, no chunk extensions.
 */
import { createHash } from 'node:crypto'

export interface ReadRequest {
  /** Method, target, bytes of the body and a digest of them: two readers agree when these are equal. */
  readonly label: string
  readonly head: string
  /** All of it as it lay. */
  readonly text: string
}

/** `faults`: what is not canonical; reading stops there. `rest`: the beginning of a request that is not complete. */
export interface Reading {
  readonly requests: readonly ReadRequest[]
  readonly rest: string
  readonly faults: readonly string[]
}

const START =
  /^(?!CONNECT )[!#$%&'*+.^_`|~0-9A-Za-z-]+ (?:\/|\*$|\* )[!"$-~\x80-\xff]* ?HTTP\/1\.1$|^CONNECT [^\s/?#@,]+:\d{1,5} HTTP\/1\.1$/
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/
const CHUNK = /^([0-9a-fA-F]{1,15})\r\n/
/** Of one connection, or ambiguous: none goes on. Connection and Upgrade do for WebSocket alone. */
const FORBIDDEN = ['keep-alive', 'proxy-connection', 'http2-settings', 'content_length', 'transfer_encoding']

/** Recipients that merge trailers into the head would frame or route by them. */
const NO_TRAILER = /^(?:content[-_]length|transfer[-_]encoding|te|trailer|host|connection|upgrade|expect)$/i

/** `text`: Latin-1, from the start of a request. */
export function readStrictly(text: string): Reading {
  const requests: ReadRequest[] = []
  let at = 0
  for (;;) {
    const headEnd = text.indexOf('\r\n\r\n', at)
    if (headEnd < 0) return { requests, rest: text.slice(at), faults: [] }
    const head = text.slice(at, headEnd)
    const { faults, isChunked, length, hosts } = readHead(head, START)
    if (hosts !== 1) faults.push('not one Host')
    if (faults.length > 0) return { requests, rest: text.slice(at), faults }
    const body = isChunked
      ? readChunks(text, headEnd + 4)
      : readLength(text, headEnd + 4, Math.max(0, length))
    if (body === null) return { requests, rest: text.slice(at), faults }
    if (body === 'malformed') return { requests, rest: text.slice(at), faults: ['malformed chunks'] }
    const [method = '', target = ''] = head.split(' ', 2)
    requests.push({ label: labelOf(method, target, body.data), head, text: text.slice(at, body.end) })
    at = body.end
    if (method !== 'CONNECT') continue
    if (isChunked || length >= 0) faults.push('a body of CONNECT')
    // It is never granted here, so nothing may follow: neither bytes of a tunnel nor a request.
    if (at < text.length) faults.push('bytes behind a CONNECT')
    return { requests, rest: text.slice(at), faults }
  }
}

/** `data`: Latin-1. */
export function labelOf(method: string, target: string, data: string): string {
  const digest = createHash('sha1').update(data, 'latin1').digest('hex').slice(0, 8)
  return `${method} ${encodeURIComponent(target)} ${data.length} ${digest}`
}

interface Head {
  readonly faults: string[]
  readonly isChunked: boolean
  /** -1: none is said. */
  readonly length: number
  readonly hosts: number
}

/** `startLine`: what is canonical for this kind of message. */
export function readHead(head: string, startLine: RegExp): Head {
  const [start = '', ...lines] = head.split('\r\n')
  const faults: string[] = []
  if (!startLine.test(start)) faults.push(`start line ${JSON.stringify(start)}`)
  const fields = new Map<string, string[]>()
  for (const line of lines) {
    const [, name, value = ''] = FIELD.exec(line) ?? []
    if (name === undefined) faults.push(`field ${JSON.stringify(line)}`)
    else fields.set(name.toLowerCase(), [...(fields.get(name.toLowerCase()) ?? []), value])
  }
  const lengths = fields.get('content-length') ?? []
  const codings = fields.get('transfer-encoding') ?? []
  if (lengths.length + codings.length > 1) faults.push('two framings')
  if (lengths.some(value => !/^ (?:0|[1-9]\d{0,14})$/.test(value))) faults.push(`length ${lengths}`)
  if (codings.some(value => value !== ' chunked')) faults.push(`coding ${JSON.stringify(codings)}`)
  for (const name of FORBIDDEN) if (fields.has(name)) faults.push(name)
  const isUpgrade = `${fields.get('connection')}|${fields.get('upgrade')}` === ' upgrade| websocket'
  const isClose = `${fields.get('connection')}` === ' close' && startLine !== START
  if (!isUpgrade && !isClose && (fields.has('connection') || fields.has('upgrade')))
    faults.push('connection fields')
  const hosts = fields.get('host')?.length ?? 0
  return { faults, isChunked: codings.length > 0, length: Number(lengths[0] ?? -1), hosts }
}

export type Body = { readonly data: string; readonly end: number } | null

export function readLength(text: string, start: number, length: number): Body {
  const end = start + length
  return end > text.length ? null : { data: text.slice(start, end), end }
}

export function readChunks(text: string, start: number): Body | 'malformed' {
  let data = ''
  let at = start
  for (;;) {
    const lineEnd = text.indexOf('\n', at)
    if (lineEnd < 0) return null
    const digits = CHUNK.exec(text.slice(at, lineEnd + 1))?.[1]
    if (digits === undefined) return 'malformed'
    at = lineEnd + 1
    const size = Number.parseInt(digits, 16)
    if (size === 0) return readTrailers(text, at, data)
    if (at + size + 2 > text.length) return null
    data += text.slice(at, at + size)
    at += size
    if (text.slice(at, at + 2) !== '\r\n') return 'malformed'
    at += 2
  }
}

function readTrailers(text: string, start: number, data: string): Body | 'malformed' {
  let at = start
  for (;;) {
    const lineEnd = text.indexOf('\n', at)
    if (lineEnd < 0) return null
    const line = text.slice(at, lineEnd + 1)
    at = lineEnd + 1
    if (line === '\r\n') return { data, end: at }
    const name = line.endsWith('\r\n') ? FIELD.exec(line.slice(0, -2))?.[1] : undefined
    if (name === undefined || NO_TRAILER.test(name)) return 'malformed'
  }
}
