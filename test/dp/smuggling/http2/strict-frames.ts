/**
 * The second opinion on what a data plane sends to a client of HTTP/2: whole frames of known types, heads in canonical
 * form (RFC 9113 §8), bodies as long as they say.
 */

import { HpackDecoder } from '../../../../dp/codec/http2/hpack/decoder.ts'
import { END_HEADERS, END_STREAM } from '../../../support/http2-peer.ts'
import { answerLabel } from '../strict-answers.ts'

export interface Http2Answer {
  status: number
  readonly fields: Map<string, string>
  body: string
  isEnded: boolean
  isReset: boolean
}

export interface Http2Answers {
  readonly streams: ReadonlyMap<number, Http2Answer>
  /** Answers of the application. */
  readonly served: number
  readonly faults: string[]
  /** Of GOAWAY; -1. */
  readonly goaway: number
}

const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const GOAWAY = 7
const CONTINUATION = 9
const KNOWN_TYPES = 10
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
const FORBIDDEN = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'host',
]

/** `text`: Latin-1, all that a client heard. */
export function readHttp2Answers(text: string): Http2Answers {
  const bytes = Buffer.from(text, 'latin1')
  const streams = new Map<number, Http2Answer>()
  const faults: string[] = []
  const decoder = new HpackDecoder()
  let goaway = -1
  let at = 0
  while (at < bytes.length) {
    const length = bytes.length - at < 9 ? 0 : bytes.readUIntBE(at, 3)
    const end = at + 9 + length
    if (end > bytes.length) {
      faults.push('half of a frame')
      break
    }
    const type = bytes[at + 3] ?? 0
    const flags = bytes[at + 4] ?? 0
    const id = bytes.readUInt32BE(at + 5)
    const payload = bytes.subarray(at + 9, end)
    at = end
    if (type >= KNOWN_TYPES || type === CONTINUATION) faults.push(`a frame of type ${type}`)
    if (type === GOAWAY) goaway = payload.readUInt32BE(4)
    if (type !== DATA && type !== HEADERS && type !== RST_STREAM) continue
    const answer = streams.get(id) ?? {
      status: 0,
      fields: new Map(),
      body: '',
      isEnded: false,
      isReset: false,
    }
    streams.set(id, answer)
    if (answer.isReset || (answer.isEnded && type !== RST_STREAM))
      faults.push(`stream ${id} goes on behind its end`)
    if (type === RST_STREAM) answer.isReset = true
    else if (type === DATA) {
      if (answer.status < 200) faults.push('DATA before the head')
      answer.body += payload.toString('latin1')
    } else {
      if ((flags & END_HEADERS) === 0) faults.push('a block in parts')
      const fields: [string, string][] = []
      const fault = decoder.decode(payload, 0, payload.length, {
        onField: (name, value) => fields.push([name, value]),
      })
      if (fault !== '') faults.push(fault)
      readBlock(answer, fields, faults)
    }
    if (type !== RST_STREAM && (flags & END_STREAM) !== 0) {
      answer.isEnded = true
      const length = answer.fields.get('content-length')
      if (length !== undefined && answer.body !== '' && Number(length) !== answer.body.length)
        faults.push('another length')
    }
  }
  const served = [...streams.values()].filter(({ fields }) => fields.has('x-recorded')).length
  return { streams, served, faults, goaway }
}

/** Status, bytes of the body and a digest of them; '' for an answer that is not whole. */
export function labelOfHttp2({ status, body, isEnded }: Http2Answer): string {
  return isEnded ? answerLabel(status, body) : ''
}

/** An interim head, the head, or trailers. */
function readBlock(answer: Http2Answer, fields: readonly [string, string][], faults: string[]): void {
  const isTrailers = answer.status >= 200
  for (const [index, [name, value]] of fields.entries()) {
    if (name === ':status' && index === 0 && !isTrailers && /^[1-9]\d\d$/.test(value)) {
      answer.status = Number(value)
      continue
    }
    if (!NAME.test(name)) faults.push(`name ${JSON.stringify(name)}`)
    if (!VALUE.test(value)) faults.push(`value ${JSON.stringify(value)}`)
    if (FORBIDDEN.includes(name)) faults.push(name)
    if (isTrailers && name === 'content-length') faults.push('a trailer content-length')
    if (name === 'content-length' && (answer.fields.has(name) || !/^(?:0|[1-9]\d{0,14})$/.test(value)))
      faults.push(`length ${value}`)
    if (answer.status >= 200) answer.fields.set(name, value)
  }
  if (answer.status === 0) faults.push('no status')
}
