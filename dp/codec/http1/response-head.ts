/**
 * Reads the head of an HTTP/1.1 response (RFC 9112 §4, §6) into one reused object, as strict as requests are read:
 * how its body is framed, whether the connection can be used again, and the text that goes on.
 */
import { POLICY_FIELD } from '../../errors.ts'
import type { HeaderBlock } from '../http2/header-block.ts'
import { VALUE } from './bytes.ts'
import { FieldNames } from './field-names.ts'
import {
  CHUNKED,
  dropNamed,
  type FieldReader,
  fieldValue,
  isPlainLength,
  type RawHead,
  readFields,
  readLength,
} from './fields.ts'
import { headText } from './head-text.ts'

export type BodyFraming = 'none' | 'length' | 'chunked' | 'until-close'

/** What a response head said; valid until the next one is read. */
export class ResponseHead implements FieldReader {
  status = 0
  /** Status line (always HTTP/1.1) and kept fields, each with its CRLF; without the blank line. */
  text = ''
  /** Instead of text: a head that came over HTTP/2, valid during the call that hands it on. */
  block: HeaderBlock | null = null
  /** With the blank line. */
  byteLength = 0
  framing: BodyFraming = 'none'
  /** Of framing `length`. */
  contentLength = -1
  /** The upstream ends its connection after this response. */
  isLast = false
  /** `timeout` of Keep-Alive in ms: how long the upstream keeps an idle connection; -1: not said. */
  keepAliveMs = -1
  /** Lower case; of a 101. */
  upgrade = ''
  /** Value of x-vmesh-reason, which is dropped from `text`: whether to believe it is for who knows the sender. */
  reason = ''
  /** Value of x-vmesh-policy, likewise. */
  policy = ''
  fault = ''
  #isChunked = false
  #codings = 0
  #lengths = 0
  #isLengthOdd = false
  #keepsAlive = false
  #named: string[] | null = null
  readonly #raw: RawHead = { bytes: EMPTY, start: 0, text: '', kept: '' }

  /** As RequestHead.read; `isHead`: the request was a HEAD. `fault` says what is wrong with a bad one. */
  read(
    bytes: Buffer,
    start: number,
    end: number,
    maxBytes: number,
    maxFields: number,
    isHead: boolean,
  ): '' | 'incomplete' | 'bad' {
    const text = headText(bytes, start, end, maxBytes)
    if (text !== '') {
      const headEnd = text.indexOf('\r\n\r\n')
      return this.#parse(bytes, start, text, headEnd, maxFields, isHead) ? '' : 'bad'
    }
    this.fault = `no end within ${maxBytes} bytes`
    return end - start < maxBytes ? 'incomplete' : 'bad'
  }

  /** Takes a head that came over HTTP/2, without its text. A body without a length is one in chunks. */
  take(block: HeaderBlock, isEnd: boolean, isHead: boolean): void {
    this.#reset()
    const { status, contentLength } = block
    this.block = block
    this.status = status
    this.byteLength = 0
    this.contentLength = contentLength
    this.reason = block.fields.get('x-vmesh-reason') ?? ''
    this.policy = block.fields.get(POLICY_FIELD) ?? ''
    if (isHead || isEnd || status < 200 || status === 204 || status === 304) this.framing = 'none'
    else if (contentLength >= 0) this.framing = contentLength === 0 ? 'none' : 'length'
    else this.framing = 'chunked'
  }

  #parse(
    bytes: Buffer,
    start: number,
    text: string,
    end: number,
    maxFields: number,
    isHead: boolean,
  ): boolean {
    this.#reset()
    const raw = this.#raw
    raw.bytes = bytes
    raw.start = start
    raw.text = text
    this.byteLength = end + 4
    const lineEnd = text.indexOf('\r\n')
    const isOld = text.startsWith('HTTP/1.0 ')
    if (!this.#readStatus(lineEnd, isOld)) return this.#refuse('status line')
    const fault = readFields(raw, lineEnd + 2, end + 2, isOld ? 8 : 0, maxFields, NAMES, this)
    if (fault !== '') return this.#refuse(fault)
    if (this.fault !== '') return false
    this.text = isOld ? `HTTP/1.1${raw.kept}` : raw.kept
    if (isOld && !this.#keepsAlive) this.isLast = true
    if (this.#named !== null) {
      if (this.#named.some(name => CRITICAL.has(name)))
        return this.#refuse('Connection names a framing field')
      this.text = dropNamed(this.text, lineEnd + 2, this.#named)
    }
    return this.#frame(isHead, isOld)
  }

  onField(id: number, text: string, valueStart: number, valueEnd: number): boolean {
    switch (id) {
      case CONNECTION:
        this.#readConnection(fieldValue(text, valueStart, valueEnd))
        return true
      case CONTENT_LENGTH:
        if (++this.#lengths > 1) this.fault = 'two Content-Length fields'
        this.contentLength = readLength(fieldValue(text, valueStart, valueEnd))
        if (this.contentLength < 0) this.fault = 'Content-Length'
        this.#isLengthOdd = !isPlainLength(text, valueStart, valueEnd)
        return this.#isLengthOdd || this.status < 200 || this.status === 204
      case TRANSFER_ENCODING:
        this.#codings++
        this.#isChunked = fieldValue(text, valueStart, valueEnd).toLowerCase() === 'chunked'
        if (!this.#isChunked) this.fault = 'Transfer-Encoding'
        return true
      case UPGRADE:
        this.upgrade = fieldValue(text, valueStart, valueEnd).toLowerCase()
        return true
      case KEEP_ALIVE: {
        const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(text.slice(valueStart, valueEnd))?.[1]
        if (seconds !== undefined) this.keepAliveMs = Number(seconds) * 1000
        return true
      }
      case REASON:
        this.reason = fieldValue(text, valueStart, valueEnd)
        return true
      case POLICY:
        this.policy = fieldValue(text, valueStart, valueEnd)
        return true
      default:
        return true
    }
  }

  /** `HTTP/1.x DIGIT DIGIT DIGIT [SP reason]`, CRLF at `lineEnd`. */
  #readStatus(lineEnd: number, isOld: boolean): boolean {
    const { bytes, start, text } = this.#raw
    if ((!isOld && !text.startsWith('HTTP/1.1 ')) || lineEnd < 12) return false
    // A tab there is HTTP/0.9 to nginx: a body that ends with the connection.
    if (lineEnd > 12 && text.charCodeAt(12) !== SPACE) return false
    for (let at = 12; at < lineEnd; at++) if (VALUE[bytes[start + at] ?? 0] !== 1) return false
    const hundreds = text.charCodeAt(9) - 48
    const tens = text.charCodeAt(10) - 48
    const ones = text.charCodeAt(11) - 48
    if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return false
    this.status = hundreds * 100 + tens * 10 + ones
    return true
  }

  /** RFC 9112 §6.3, without the cases that it leaves to the recipient: those are refused. */
  #frame(isHead: boolean, isOld: boolean): boolean {
    if (this.#codings > 1) return this.#refuse('two Transfer-Encoding fields')
    if (this.#isChunked && this.#lengths > 0) return this.#refuse('both Content-Length and Transfer-Encoding')
    if (this.#isChunked && isOld) return this.#refuse('Transfer-Encoding in HTTP/1.0')
    if (this.status >= 200 && this.status !== 204) this.#spell()
    if (isHead || this.status < 200 || this.status === 204 || this.status === 304) this.framing = 'none'
    else if (this.#isChunked) this.framing = 'chunked'
    else if (this.#lengths > 0) this.framing = this.contentLength === 0 ? 'none' : 'length'
    else {
      this.framing = 'until-close'
      this.isLast = true
    }
    return true
  }

  /** Framing fields in the one spelling that nobody misreads. */
  #spell(): void {
    if (this.#isChunked && this.status !== 304) this.text += CHUNKED
    else if (this.#isLengthOdd) this.text += `content-length: ${this.contentLength}\r\n`
  }

  #readConnection(value: string): void {
    if (value === 'keep-alive') {
      this.#keepsAlive = true
      return
    }
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim()
      if (option === 'close') this.isLast = true
      else if (option === 'keep-alive') this.#keepsAlive = true
      else if (option !== '' && option !== 'upgrade') {
        this.#named ??= []
        this.#named.push(option)
      }
    }
  }

  #refuse(fault: string): false {
    this.fault = fault
    return false
  }

  #reset(): void {
    this.text = ''
    this.block = null
    this.status = 0
    this.framing = 'none'
    this.contentLength = -1
    this.isLast = false
    this.keepAliveMs = -1
    this.upgrade = ''
    this.reason = ''
    this.policy = ''
    this.fault = ''
    this.#isChunked = false
    this.#codings = 0
    this.#lengths = 0
    this.#isLengthOdd = false
    this.#keepsAlive = false
    this.#named = null
  }
}

const SPACE = 32
const EMPTY = Buffer.alloc(0)
const CONNECTION = 1
const CONTENT_LENGTH = 2
const TRANSFER_ENCODING = 3
const UPGRADE = 4
const KEEP_ALIVE = 5
const REASON = 6
const POLICY = 7

/** The first seven by number above; the rest is dropped. */
const NAMES = new FieldNames([
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'keep-alive',
  'x-vmesh-reason',
  POLICY_FIELD,
  'proxy-connection',
])

const CRITICAL = new Set(['content-length', 'transfer-encoding'])
