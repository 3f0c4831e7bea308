/**
 * Reads the head of an HTTP/1.x request (RFC 9112 §3, §6) into one reused object: what decides about framing and the
 * connection, and the text that goes on: start line and fields without those that belong to one connection, and
 * without those that only a proxy may set. What could be read in two ways is a fault.
 */
import type { ReasonCode } from '../../errors.ts'
import { TARGET, TOKEN } from './bytes.ts'
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
import {
  CONNECTION,
  CONTENT_LENGTH,
  EXPECT,
  FORWARDED_PROTO,
  HOST,
  MISSPELT_CODING,
  MISSPELT_LENGTH,
  REQUEST_ID,
  REQUEST_NAMES,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
} from './request-names.ts'

/** What a request head said; valid until the next one is read. */
export class RequestHead implements FieldReader {
  method = ''
  /** Start line (always HTTP/1.1) and kept fields, each with its CRLF; without the blank line. */
  text = ''
  /** HTTP/1.0. */
  isOld = false
  /** HTTP/1.0 need not say Host: whoever sends `text` on has to add it. */
  lacksHost = false
  /** Asks for a tunnel: what follows is no request, whatever the answer. */
  isConnect = false
  /** With the blank line. */
  byteLength = 0
  /** -1: no Content-Length. */
  contentLength = -1
  isChunked = false
  expectsContinue = false
  /** The client asked that the connection ends after this exchange. */
  isLast = false
  /** `websocket` where the client asked to switch to it; its fields are dropped from `text`. */
  upgrade = ''
  hasRequestId = false
  hasForwardedProto = false
  /** Of a refused head: it is how HTTP/2 begins (RFC 9113 §3.4). */
  isHttp2Preface = false
  /** For the log: what is wrong with a refused head. */
  fault = ''
  #hosts = 0
  #host = ''
  #goodHost = ''
  #codings = 0
  #isLengthOdd = false
  #keepsAlive = false
  #named: string[] | null = null
  #wantsUpgrade = false
  #upgradeTo = ''
  readonly #raw: RawHead = { bytes: EMPTY, start: 0, text: '', kept: '' }

  /**
   * Reads the head in `bytes[start, end)`. Answers '' when it was read, `incomplete` when more has to come, or the
   * reason to refuse the request with. Heads over `maxBytes` are too large.
   */
  read(
    bytes: Buffer,
    start: number,
    end: number,
    maxBytes: number,
    maxFields: number,
  ): ReasonCode | '' | 'incomplete' {
    const text = headText(bytes, start, end, maxBytes)
    if (text !== '') return this.#parse(bytes, start, text, text.indexOf('\r\n\r\n'), maxFields)
    this.fault = `no end within ${maxBytes} bytes`
    return end - start < maxBytes ? 'incomplete' : 'head-too-large'
  }

  /** `end`: offset of the CRLFCRLF in `text`. */
  #parse(bytes: Buffer, start: number, text: string, end: number, maxFields: number): ReasonCode | '' {
    this.#reset()
    const raw = this.#raw
    raw.bytes = bytes
    raw.start = start
    raw.text = text
    this.byteLength = end + 4
    const lineEnd = text.indexOf('\r\n')
    const methodEnd = text.indexOf(' ')
    const targetEnd = text.indexOf(' ', methodEnd + 1)
    if (methodEnd <= 0 || targetEnd > lineEnd || targetEnd <= methodEnd + 1) return this.#refuse('start line')
    for (let at = 0; at < methodEnd; at++) {
      if (TOKEN[bytes[start + at] ?? 0] !== 1) return this.#refuse('method')
    }
    for (let at = methodEnd + 1; at < targetEnd; at++) {
      if (TARGET[bytes[start + at] ?? 0] !== 1) return this.#refuse('target')
    }
    this.method = text.slice(0, methodEnd)
    const version = text.slice(targetEnd + 1, lineEnd)
    this.isOld = version === 'HTTP/1.0'
    if (version !== 'HTTP/1.1' && !this.isOld) return this.#refuseVersion(version, end === lineEnd)
    const fault = readFields(
      raw,
      lineEnd + 2,
      end + 2,
      this.isOld ? lineEnd : 0,
      maxFields,
      REQUEST_NAMES,
      this,
    )
    if (fault !== '')
      return this.#refuse(fault, fault === 'too many fields' ? 'head-too-large' : 'bad-request')
    if (this.fault !== '') return 'bad-request'
    this.text = this.isOld ? `${text.slice(0, lineEnd - 1)}1${raw.kept}` : raw.kept
    return this.#conclude(lineEnd + 2, text.slice(methodEnd + 1, targetEnd))
  }

  onField(id: number, text: string, valueStart: number, valueEnd: number): boolean {
    switch (id) {
      case HOST:
        this.#hosts++
        this.#host = fieldValue(text, valueStart, valueEnd)
        return false
      case CONNECTION:
        this.#readConnection(fieldValue(text, valueStart, valueEnd))
        return true
      case CONTENT_LENGTH:
        if (this.contentLength >= 0) this.fault = 'two Content-Length fields'
        this.contentLength = readLength(fieldValue(text, valueStart, valueEnd))
        if (this.contentLength < 0) this.fault = 'Content-Length'
        this.#isLengthOdd = !isPlainLength(text, valueStart, valueEnd)
        return this.#isLengthOdd
      case TRANSFER_ENCODING:
        this.#readCoding(fieldValue(text, valueStart, valueEnd).toLowerCase())
        return true
      case TE:
        return this.isOld || fieldValue(text, valueStart, valueEnd).toLowerCase() !== 'trailers'
      case EXPECT:
        // RFC 9110 §10.1.1: of HTTP/1.0 it is ignored, since there is no 100 for it.
        if (this.isOld) return true
        this.expectsContinue = fieldValue(text, valueStart, valueEnd).toLowerCase() === '100-continue'
        return false
      case UPGRADE:
        this.#upgradeTo = fieldValue(text, valueStart, valueEnd).toLowerCase()
        return true
      case REQUEST_ID:
        this.hasRequestId = true
        return false
      case FORWARDED_PROTO:
        this.hasForwardedProto = true
        return false
      case MISSPELT_LENGTH:
      case MISSPELT_CODING:
        this.fault = 'a framing field with an underscore'
        return false
      default:
        return true
    }
  }

  #conclude(fieldsAt: number, target: string): ReasonCode | '' {
    if (this.isOld && this.#codings > 0) return this.#refuse('Transfer-Encoding in HTTP/1.0')
    if (this.#codings > 0 && this.contentLength >= 0) {
      return this.#refuse('both Content-Length and Transfer-Encoding')
    }
    if (this.#codings > 1) return this.#refuse('two Transfer-Encoding fields')
    if (this.#codings > 0 && !this.isChunked) return this.#refuse('transfer coding', 'not-implemented')
    this.lacksHost = this.isOld && this.#hosts === 0
    if (this.#hosts !== 1 && !this.lacksHost) {
      return this.#refuse(this.#hosts === 0 ? 'no Host field' : 'two Host fields', 'missing-host')
    }
    if (!this.#isGoodHost()) return this.#refuse('Host')
    if (this.#named !== null) {
      if (this.#named.some(name => CRITICAL.has(name)))
        return this.#refuse('Connection names a framing field')
      this.text = dropNamed(this.text, fieldsAt, this.#named)
      if (this.#named.includes('x-request-id')) this.hasRequestId = false
      if (this.#named.includes('x-forwarded-proto')) this.hasForwardedProto = false
    }
    if (this.isChunked) this.text += CHUNKED
    else if (this.#isLengthOdd) this.text += `content-length: ${this.contentLength}\r\n`
    const hasBody = this.isChunked || this.contentLength > 0
    const isPlainGet = this.method === 'GET' && !hasBody && !this.isOld
    if (this.#wantsUpgrade && this.#upgradeTo === 'websocket' && isPlainGet) this.upgrade = 'websocket'
    // RFC 9112 §9.3. To its clients a listener is the server, so the rule for proxies does not hold.
    if (this.isOld && !this.#keepsAlive) this.isLast = true
    if (this.method === 'CONNECT') return this.#readAuthority(target)
    return target.startsWith('/') ? '' : this.#readOtherTarget(target)
  }

  /** Most requests of a process are for few hosts: one that was good is good. */
  #isGoodHost(): boolean {
    if (this.#host === this.#goodHost) return true
    if (/[\s/?#@\\,<>"]/.test(this.#host)) return false
    this.#goodHost = this.#host
    return true
  }

  /** `*` of OPTIONS stays; `http://host/path` becomes `/path` and its host the only Host (RFC 9112 §3.2.2). */
  #readOtherTarget(target: string): ReasonCode | '' {
    if (target === '*' && this.method === 'OPTIONS') return ''
    const parts = /^https?:\/\/([^/?#@\\,<>"]+)(\/[^#]*|\?[^#]*)?$/i.exec(target)
    const host = parts?.[1]
    if (parts === null || host === undefined) return this.#refuse('target')
    const path = parts[2] ?? '/'
    this.#aim(path.startsWith('/') ? path : `/${path}`, host)
    return ''
  }

  /** `host:port` of CONNECT stays, and is the only Host (RFC 9112 §3.2.3, RFC 9110 §9.3.6). */
  #readAuthority(target: string): ReasonCode | '' {
    if (this.isChunked || this.contentLength >= 0) return this.#refuse('a body of CONNECT')
    const port = Number(AUTHORITY.exec(target)?.[1] ?? 0)
    if (port < 1 || port > 65_535) return this.#refuse('target of CONNECT')
    this.isConnect = true
    this.#aim(target, target)
    return ''
  }

  #aim(target: string, host: string): void {
    const fieldsAt = this.text.indexOf('\r\n') + 2
    const rest = dropNamed(this.text, fieldsAt, ['host']).slice(fieldsAt)
    this.text = `${this.method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${rest}`
    this.lacksHost = false
  }

  #readConnection(value: string): void {
    if (value === 'keep-alive') {
      this.#keepsAlive = true
      return
    }
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim()
      if (option === 'close') this.isLast = true
      else if (option === 'upgrade') this.#wantsUpgrade = true
      else if (option === 'keep-alive') this.#keepsAlive = true
      else if (option !== '' && option !== 'te') {
        this.#named ??= []
        this.#named.push(option)
      }
    }
  }

  /** Only `chunked` alone is carried; where it is not the last coding the length of the body is anybody's guess. */
  #readCoding(value: string): void {
    this.#codings++
    this.isChunked = value === 'chunked'
    if (!this.isChunked && !/^[a-z0-9\-, \t]*,[ \t]*chunked$/.test(value)) this.fault = 'Transfer-Encoding'
  }

  /** `isBare`: there is nothing but the start line. */
  #refuseVersion(version: string, isBare: boolean): ReasonCode {
    this.isHttp2Preface = version === 'HTTP/2.0' && this.method === 'PRI' && isBare
    const isOther = /^HTTP\/\d\.\d$/.test(version) && !this.isHttp2Preface
    return this.#refuse(`version ${JSON.stringify(version)}`, isOther ? 'http-version' : 'bad-request')
  }

  #refuse(fault: string, reason: ReasonCode = 'bad-request'): ReasonCode {
    this.fault = fault
    return reason
  }

  #reset(): void {
    this.method = ''
    this.isOld = false
    this.lacksHost = false
    this.isConnect = false
    this.contentLength = -1
    this.isChunked = false
    this.expectsContinue = false
    this.isLast = false
    this.upgrade = ''
    this.hasRequestId = false
    this.hasForwardedProto = false
    this.isHttp2Preface = false
    this.fault = ''
    this.#hosts = 0
    this.#codings = 0
    this.#isLengthOdd = false
    this.#keepsAlive = false
    this.#named = null
    this.#wantsUpgrade = false
    this.#upgradeTo = ''
  }
}

const EMPTY = Buffer.alloc(0)
/** Target of CONNECT, with its port. */
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[\w\-.~%!$&'()*+;=]+):(\d{1,5})$/i
/** Dropping one of these would change where the message ends or for whom it is. */
const CRITICAL = new Set(['host', 'content-length', 'transfer-encoding'])
