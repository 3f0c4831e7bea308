/**
 * One request of a client's HTTP/2 connection, whose exchange is that of a request of HTTP/1.1. Its head goes on as a
 * list of fields, and becomes text only where the other side speaks HTTP/1.1. Used for one request after the other.
 */
import type { Stream } from '../cluster/transport.ts'
import { chunkedData, chunksEnd } from '../codec/http2/bridge/chunks.ts'
import { isGrpc } from '../codec/http2/bridge/mesh-answer.ts'
import { makeRoomForTrailers } from '../codec/http2/bridge/trailer-room.ts'
import { FieldList } from '../codec/http2/field-list.ts'
import { INTERNAL_ERROR, NO_ERROR } from '../codec/http2/frames/codes.ts'
import type { HeaderBlock } from '../codec/http2/header-block.ts'
import { type Http2Stream, NO_STREAM_SINK, type StreamSink } from '../codec/http2/stream.ts'
import type { AnswerForm, ReasonCode } from '../errors.ts'
import { Exchange } from './exchange.ts'
import { Http2Response } from './http2-response.ts'
import { outgoingFields } from './outgoing.ts'
import type { Requester } from './requester.ts'
import { type Caller, type HttpRole, refusalOf } from './role.ts'
import { wayOfFields } from './routing/directions.ts'

/** A request, as its connection sees it. */
export interface RunningRequest {
  /** When it is over because no byte moves. */
  readonly deadlineMs: number
  /** Ends it, with an answer where that is possible. */
  cut(reason: ReasonCode): void
}

/** The connection, as its requests see it. */
export interface Http2Requests {
  readonly caller: Caller
  /** IP address of the client. */
  readonly remoteAddress: string
  /** As fields of HTTP/2: those that the caller adds. */
  readonly addedFields: FieldList
  /** The request is over and its object free for another. */
  done(request: RunningRequest): void
}

export class Http2Request implements Requester, StreamSink, RunningRequest {
  readonly response = new Http2Response()
  deadlineMs = 0
  readonly #role: HttpRole
  readonly #requests: Http2Requests
  readonly #exchange: Exchange
  /** The head, as long as it may have to be sent again. */
  readonly #fields = new FieldList()
  #stream: Http2Stream | null = null
  #isHead = false
  #isChunked = false

  constructor(role: HttpRole, requests: Http2Requests) {
    this.#role = role
    this.#requests = requests
    this.#exchange = new Exchange(this, role)
  }

  /** Where the request's body comes from. */
  get down(): Http2Request {
    return this
  }

  get remoteAddress(): string {
    return this.#requests.remoteAddress
  }

  /** No CONNECT. */
  begin(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void {
    const { counters } = this.#role
    const { caller } = this.#requests
    counters.requests++
    stream.sink = this
    this.#stream = stream
    this.#isHead = block.method === 'HEAD'
    if (!isEnd) makeRoomForTrailers(block)
    this.#isChunked = block.contentLength < 0
    this.response.begins(stream, isGrpc(block.fields.get('content-type')))
    this.#exchange.isRequestDone = isEnd
    const refusal = refusalOf(this.#role, caller)
    if (refusal !== '') return this.failed(refusal, caller.policy)
    const { addedFields } = this.#requests
    const request = outgoingFields(block, addedFields, isEnd, this.#fields)
    const way = wayOfFields(this, this.#role, this.#fields)
    if (way === null) return
    this.#exchange.begin(way, request, caller)
    if (this.#exchange.isWanted && !isEnd) this.pause()
  }

  /** Answers the head of a request that is over the limits. */
  refuse(stream: Http2Stream, reason: ReasonCode): void {
    this.#stream = stream
    this.#isHead = false
    this.response.begins(stream, false)
    this.#exchange.isRequestDone = false
    this.failed(reason)
  }

  cut(reason: ReasonCode): void {
    const { isHeadSent } = this.#exchange
    this.#exchange.abort()
    if (isHeadSent) this.truncated(reason)
    else this.failed(reason)
  }

  onHead(): void {}

  onData(_stream: Http2Stream, bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    this.touch()
    this.#exchange.isRequestDone = isEnd
    if (!this.#isChunked) return this.#exchange.sendBody(bytes, start, end)
    const chunk = chunkedData(bytes, start, end, isEnd)
    this.#exchange.sendBody(chunk, 0, chunk.length)
  }

  onTrailers(_stream: Http2Stream, block: HeaderBlock): void {
    this.touch()
    this.#exchange.isRequestDone = true
    // a body with a length has no place for trailers in HTTP/1.1
    const text = this.#isChunked ? Buffer.from(chunksEnd(block.fields), 'latin1') : NOTHING
    this.#exchange.sendBody(text, 0, text.length)
  }

  onDrain(): void {
    this.touch()
    this.#exchange.resume()
  }

  onReset(): void {
    this.#exchange.abort()
    this.#done()
  }

  touch(): void {
    this.deadlineMs = this.#role.deadlines.nowMs + this.#exchange.idleMs
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  responded(): void {
    const stream = this.#stream
    const isRequestDone = this.#exchange.isRequestDone
    this.#done()
    if (stream === null || !stream.isOpen || isRequestDone) return
    dropRest(stream)
  }

  failed(reason: ReasonCode, policy = '', form: AnswerForm | null = null): void {
    this.#role.counters.fail(reason, policy)
    this.response.fail(reason, this.#isHead, policy, form)
    this.responded()
  }

  truncated(reason: ReasonCode): void {
    this.#role.counters.fail(reason)
    const stream = this.#stream
    this.#done()
    stream?.reset(INTERNAL_ERROR)
  }

  /** HTTP/2 has no Upgrade: none was asked for. */
  upgraded(stream: Stream): void {
    stream.release(false, -1)
    this.truncated('bad-response')
  }

  #done(): void {
    const stream = this.#stream
    if (stream === null) return
    this.#stream = null
    stream.sink = NO_STREAM_SINK
    stream.resume()
    this.#requests.done(this)
  }
}

const NOTHING = Buffer.alloc(0)

const RESET_WHEN_SENT: StreamSink = { ...NO_STREAM_SINK, onDrain: stream => stream.reset(NO_ERROR) }

/** RFC 9113 §8.1: the answer is whole, the rest of the request is not needed. */
export function dropRest(stream: Http2Stream): void {
  if (stream.pendingBytes === 0) stream.reset(NO_ERROR)
  else stream.sink = RESET_WHEN_SENT
}
