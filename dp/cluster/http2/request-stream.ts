/**
 * A stream of an HTTP/2 connection to an endpoint as a byte stream that speaks HTTP/1.1: for one exchange. What is
 * written is a request as dp/http makes it, its head in the first write; what is read is the response as text and, where
 * its length is not known, in chunks.
 */
import { type ByteSink, NO_SINK } from '../../codec/byte-stream.ts'
import { chunkedData, chunksEnd } from '../../codec/http2/bridge/chunks.ts'
import { requestFields, responseText } from '../../codec/http2/bridge/heads.ts'
import { makeRoomForTrailers } from '../../codec/http2/bridge/trailer-room.ts'
import { connectFields, openedText, tunnelOf, webSocketFields } from '../../codec/http2/bridge/tunnels.ts'
import { type ChunkSink, Unchunker } from '../../codec/http2/bridge/unchunker.ts'
import type { Http2Connection } from '../../codec/http2/connection.ts'
import { FieldList } from '../../codec/http2/field-list.ts'
import { CANCEL, REFUSED_STREAM } from '../../codec/http2/frames/codes.ts'
import type { HeaderBlock } from '../../codec/http2/header-block.ts'
import { type Http2Stream, NO_STREAM_SINK, type StreamSink } from '../../codec/http2/stream.ts'
import { StreamBytes } from '../../codec/http2/stream-bytes.ts'
import type { ReasonCode } from '../../errors.ts'
import type { Stream } from '../transport.ts'

export interface RequestStreamLender {
  released(stream: RequestStream): void
}

const NOTHING = Buffer.alloc(0)
/** Place of :scheme in the head of a request. */
const SCHEME_AT = 1
/** Shared by all: what it holds is sent before anything else is read. */
const FIELDS = new FieldList()

export class RequestStream implements Stream, StreamSink, ChunkSink {
  sink: ByteSink = NO_SINK
  isOpen = true
  readonly isReused: boolean
  isUnprocessed = false
  cutReason: ReasonCode | '' = ''
  readonly #connection: Http2Connection
  readonly #scheme: 'http' | 'https'
  readonly #lender: RequestStreamLender
  #stream: Http2Stream | null = null
  #isReleased = false
  #isHead = false
  /** Of the request's body: with a length the bytes that are left, else -1. */
  #left = 0
  #unchunker: Unchunker | null = null
  /** The response's body needs chunks. */
  #isChunked = false
  #isFree = true
  /** An answer of 2xx opens a tunnel. */
  #asksTunnel = false
  /** Of the client that wants to switch to WebSocket; ''. */
  #key = ''
  #tunnel: StreamBytes | null = null

  /** `scheme`: how the connection was made. */
  constructor(
    connection: Http2Connection,
    scheme: 'http' | 'https',
    isReused: boolean,
    lender: RequestStreamLender,
  ) {
    this.#connection = connection
    this.#scheme = scheme
    this.isReused = isReused
    this.#lender = lender
  }

  get pendingBytes(): number {
    return this.#stream?.pendingBytes ?? 0
  }

  write(text: string): boolean {
    if (this.#stream !== null) return this.#sendText(text)
    const bodyAt = this.#begin(text)
    return bodyAt < text.length ? this.#sendText(text.slice(bodyAt)) : true
  }

  request(fields: FieldList, isBodiless: boolean): void {
    this.#isHead = fields.values[0] === 'HEAD'
    fields.setValue(SCHEME_AT, this.#scheme)
    const length = isBodiless ? '0' : fields.get('content-length')
    this.#open(fields, length === undefined ? -1 : Number(length))
  }

  writeBytes(bytes: Buffer): boolean {
    return this.#sendBody(bytes, 0, bytes.length)
  }

  writeBoth(text: string, bytes: Buffer): boolean {
    this.write(text)
    return this.#sendBody(bytes, 0, bytes.length)
  }

  /** What is read belongs to the connection. */
  take(): boolean {
    return false
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  /** A request ends by its framing. */
  end(): void {
    this.#tunnel?.end()
  }

  destroy(): void {
    this.isOpen = false
    const stream = this.#stream
    if (this.#tunnel !== null) return this.#tunnel.destroy()
    if (stream === null) return
    stream.sink = NO_STREAM_SINK
    stream.reset(CANCEL)
  }

  reset(): void {
    if (this.#tunnel !== null) this.#tunnel.reset()
    else this.destroy()
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.sink = NO_SINK
    // One that is complete is closed already, and this does nothing.
    this.destroy()
    this.#lender.released(this)
  }

  onHead(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void {
    const isFinal = block.status >= 200
    if (this.#asksTunnel && isFinal && block.status < 300) return this.#opened(stream, block, isEnd)
    if (isFinal && !isEnd && !this.#isHead) makeRoomForTrailers(block)
    this.#isChunked = isFinal && !isEnd && block.contentLength < 0
    if (this.sink.onResponse !== undefined) return this.sink.onResponse(block, isEnd)
    const bytes = Buffer.from(`${responseText(block, isEnd, this.#isHead)}\r\n`, 'latin1')
    this.sink.onBytes(bytes, 0, bytes.length)
  }

  onData(_stream: Http2Stream, bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    if (!this.#isChunked) {
      if (end > start) this.sink.onBytes(bytes, start, end)
      return
    }
    const chunk = chunkedData(bytes, start, end, isEnd)
    if (chunk.length > 0) this.sink.onBytes(chunk, 0, chunk.length)
  }

  onTrailers(_stream: Http2Stream, block: HeaderBlock): void {
    // a body with a length has no place for trailers in HTTP/1.1
    if (!this.#isChunked) return
    const bytes = Buffer.from(chunksEnd(block.fields), 'latin1')
    this.sink.onBytes(bytes, 0, bytes.length)
  }

  onDrain(): void {
    this.sink.onDrain()
  }

  onReset(_stream: Http2Stream, code: number): void {
    this.isOpen = false
    this.isUnprocessed = code === REFUSED_STREAM
    this.sink.onClose(new Error(`the stream was reset with code ${code}`))
  }

  onChunk(bytes: Buffer, start: number, end: number): void {
    if (this.#stream?.sendData(bytes, start, end, false) === false) this.#isFree = false
  }

  /** Opens the stream with the head; the offset of the body in `text`. */
  #begin(text: string): number {
    const headEnd = text.indexOf('\r\n\r\n')
    const head = text.slice(0, headEnd + 2)
    const asked = tunnelOf(text)
    if (asked !== '') {
      this.#ask(asked, head)
      return text.length
    }
    FIELDS.clear()
    const hasForm = requestFields(head, this.#scheme, FIELDS)
    this.#isHead = text.startsWith('HEAD ')
    const length = FIELDS.get('content-length')
    const isChunked = length === undefined && /\r\ntransfer-encoding:/i.test(head)
    if (hasForm) this.#open(FIELDS, isChunked ? -1 : Number(length ?? 0))
    else this.#fail()
    return headEnd + 4
  }

  /** `head`: without the blank line. WebSocket is asked for where it is known whether the server takes it. */
  #ask(asked: 'connect' | 'websocket', head: string): void {
    if (asked === 'connect') {
      FIELDS.clear()
      connectFields(head, FIELDS)
      return this.#openTunnel()
    }
    this.#connection.onceSettled(takesProtocols => {
      if (this.#isReleased) return
      FIELDS.clear()
      if (takesProtocols) {
        this.#key = webSocketFields(head, this.#scheme, FIELDS)
        this.#openTunnel()
      } else if (requestFields(head, this.#scheme, FIELDS)) this.#open(FIELDS, 0)
      else this.#fail()
    })
  }

  #openTunnel(): void {
    this.#asksTunnel = true
    this.#left = Number.POSITIVE_INFINITY
    this.#openStream(FIELDS, false)
  }

  /** The tunnel is there: the sink has changed when the head has been read. */
  #opened(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void {
    this.#tunnel = new StreamBytes(stream, this)
    const bytes = Buffer.from(openedText(block, this.#key), 'latin1')
    this.sink.onBytes(bytes, 0, bytes.length)
    if (isEnd) this.#tunnel.onData(stream, NOTHING, 0, 0, true)
  }

  /** `length`: of the body that follows; -1: it comes in chunks. */
  #open(fields: FieldList, length: number): void {
    this.#left = length
    if (length < 0) {
      this.#unchunker = new Unchunker()
      this.#unchunker.begin()
    }
    this.#openStream(fields, length === 0)
  }

  #openStream(fields: FieldList, isEnd: boolean): void {
    this.#stream = this.#connection.request(fields, isEnd, this)
    // Gone since it was lent: nobody has looked at the request.
    this.isUnprocessed = this.#stream === null
    if (this.#stream === null) this.#fail()
  }

  /** The exchange hears of it when it has returned from its call. */
  #fail(): void {
    this.isOpen = false
    queueMicrotask(() => this.sink.onClose(new Error('no stream')))
  }

  #sendText(text: string): boolean {
    const bytes = Buffer.from(text, 'latin1')
    return this.#sendBody(bytes, 0, bytes.length)
  }

  #sendBody(bytes: Buffer, start: number, end: number): boolean {
    const stream = this.#stream
    if (stream === null) return true
    const unchunker = this.#unchunker
    if (unchunker === null) {
      this.#left -= end - start
      return stream.sendData(bytes, start, end, this.#left === 0)
    }
    this.#isFree = true
    unchunker.read(bytes, start, end, this)
    if (unchunker.isDone) {
      FIELDS.clear()
      if (unchunker.trailers(FIELDS)) stream.sendTrailers(FIELDS)
      else stream.sendData(NOTHING, 0, 0, true)
    }
    return this.#isFree
  }
}
