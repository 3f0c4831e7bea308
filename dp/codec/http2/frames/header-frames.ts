/**
 * HEADERS and CONTINUATION (RFC 9113 §6.2, §6.10): puts a header block together, decodes it, and gives it to the stream
 * it belongs to as request, response or trailers (§8.1). Blocks that are refused are decoded as well: the table of
 * HPACK is one for the connection.
 */

import type { ConnectionCore } from '../core.ts'
import { type BlockForm, HeaderBlock, REQUEST, RESPONSE, TRAILERS } from '../header-block.ts'
import { HpackDecoder } from '../hpack/decoder.ts'
import type { Http2Stream } from '../stream.ts'
import {
  COMPRESSION_ERROR,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  PADDED,
  PRIORITY_FLAG,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
} from './codes.ts'

/** Shared by all: what it holds is used before the next block is read. */
const BLOCK = new HeaderBlock()

export class HeaderFrames {
  readonly decoder = new HpackDecoder()
  readonly #core: ConnectionCore
  /** Stream whose header block is not complete; 0: none. */
  openId = 0
  #isEnd = false
  #parts: Buffer[] = []
  #bytes = 0

  constructor(core: ConnectionCore) {
    this.#core = core
  }

  onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    let from = start
    let to = end
    if ((flags & PADDED) !== 0) to -= bytes[from++] ?? 0
    if ((flags & PRIORITY_FLAG) !== 0) from += 5
    if (id === 0) return this.#core.fail(PROTOCOL_ERROR, 'HEADERS on stream 0')
    if (from > to) return this.#core.fail(PROTOCOL_ERROR, 'padding longer than its frame')
    this.#isEnd = (flags & END_STREAM) !== 0
    if ((flags & END_HEADERS) !== 0) this.#onBlock(id, bytes, from, to)
    else {
      this.openId = id
      this.#bytes = 0
      this.#keep(bytes, from, to)
    }
  }

  onContinuation(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (this.openId === 0) return this.#core.fail(PROTOCOL_ERROR, 'CONTINUATION without HEADERS')
    if (!this.#keep(bytes, start, end) || (flags & END_HEADERS) === 0) return
    const block = Buffer.concat(this.#parts, this.#bytes)
    this.openId = 0
    this.#parts = []
    this.#onBlock(id, block, 0, block.length)
  }

  #keep(bytes: Buffer, start: number, end: number): boolean {
    const { limits } = this.#core
    this.#bytes += end - start
    if (this.#bytes > limits.maxHeaderListBytes || this.#parts.length > limits.maxContinuations) {
      this.#parts = []
      this.#core.fail(ENHANCE_YOUR_CALM, 'header block without end')
      return false
    }
    this.#parts.push(Buffer.from(bytes.subarray(start, end)))
    return true
  }

  #onBlock(id: number, bytes: Buffer, start: number, end: number): void {
    const { streams, isServer } = this.#core
    const stream = streams.open.get(id)
    if (stream !== undefined) {
      const form = isServer || stream.hasHead ? TRAILERS : RESPONSE
      if (!this.#decode(form, bytes, start, end)) return
      if (stream.isReceiveEnded) this.#core.streamError(stream, STREAM_CLOSED)
      else if (form === TRAILERS) this.#onTrailers(stream)
      else this.#onResponse(stream)
    } else if (streams.isIdle(id)) {
      if (!isServer || (id & 1) === 0)
        return this.#core.fail(PROTOCOL_ERROR, `HEADERS on the idle stream ${id}`)
      streams.lastPeerId = id
      if (this.#decode(REQUEST, bytes, start, end)) this.#onRequest(id)
    } else if (this.#mayFollow(id) && this.#decode(TRAILERS, bytes, start, end)) {
      if (streams.endingOf(id) === 'reset-by-peer' && this.#core.spendReset())
        this.#core.refuse(id, STREAM_CLOSED)
    }
  }

  /** Whether a block on a stream that has ended may be ignored, rather than end the connection. */
  #mayFollow(id: number): boolean {
    const ending = this.#core.streams.endingOf(id)
    if (ending === 'complete') this.#core.fail(STREAM_CLOSED, `HEADERS behind the end of stream ${id}`)
    else if (ending === 'forgotten' && this.#core.isServer) {
      this.#core.fail(PROTOCOL_ERROR, `HEADERS on the old stream ${id}`)
    } else return true
    return false
  }

  #decode(form: BlockForm, bytes: Buffer, start: number, end: number): boolean {
    const { limits } = this.#core
    BLOCK.begin(form, limits.maxHeaderListBytes, limits.maxFields)
    const fault = this.decoder.decode(bytes, start, end, BLOCK)
    if (fault !== '') {
      this.#core.fail(COMPRESSION_ERROR, fault)
      return false
    }
    BLOCK.conclude()
    return true
  }

  #onRequest(id: number): void {
    const core = this.#core
    if (core.isRefusing) {
      core.streams.noteRefused(id)
      return
    }
    if (core.streams.open.size >= core.limits.maxStreams) {
      if (core.spendReset()) core.refuse(id, REFUSED_STREAM)
      return
    }
    const isEnd = this.#isEnd
    const isShort = isEnd && BLOCK.contentLength > 0
    if (BLOCK.fault !== '' || isShort || (BLOCK.protocol !== '' && !core.takesProtocols)) {
      if (core.spendReset()) core.refuse(id, PROTOCOL_ERROR)
      return
    }
    const stream = core.open(id)
    stream.isReceiveEnded = isEnd
    stream.leftBytes = BLOCK.contentLength
    if (BLOCK.isTooLarge) core.handler.onTooLarge(stream)
    else core.handler.onRequest(stream, BLOCK, isEnd)
    core.closeIfDone(stream)
  }

  #onResponse(stream: Http2Stream): void {
    const isEnd = this.#isEnd
    const isInterim = BLOCK.status < 200
    stream.isBodiless = stream.isHeadRequest || BLOCK.status === 204 || BLOCK.status === 304
    if (BLOCK.isTooLarge) return this.#core.streamError(stream, ENHANCE_YOUR_CALM)
    const isShort = isEnd && BLOCK.contentLength > 0 && !stream.isBodiless
    if (BLOCK.fault !== '' || isShort || (isInterim && isEnd)) {
      return this.#core.streamError(stream, PROTOCOL_ERROR)
    }
    stream.leftBytes = BLOCK.contentLength
    stream.hasHead = !isInterim
    stream.isReceiveEnded = isEnd
    stream.sink.onHead(stream, BLOCK, isEnd)
    this.#core.closeIfDone(stream)
  }

  #onTrailers(stream: Http2Stream): void {
    if (BLOCK.isTooLarge) return this.#core.streamError(stream, ENHANCE_YOUR_CALM)
    const isShort = stream.leftBytes > 0 && !stream.isBodiless
    if (BLOCK.fault !== '' || !this.#isEnd || isShort) return this.#core.streamError(stream, PROTOCOL_ERROR)
    stream.isReceiveEnded = true
    stream.sink.onTrailers(stream, BLOCK)
    this.#core.closeIfDone(stream)
  }
}
