/**
 * A request for a tunnel on a client's HTTP/2 connection: CONNECT (RFC 9113 §8.5), or WebSocket by extended CONNECT
 * (RFC 8441). It goes on as the request that HTTP/1.1 has for it, read by the same strict reader, and what the client
 * sends waits for the answer. Rare, so an object of its own for each.
 */
import { randomBytes } from 'node:crypto'
import type { Stream } from '../cluster/transport.ts'
import { RequestHead } from '../codec/http1/request-head.ts'
import { acceptOf, openedFields, tunnelText } from '../codec/http2/bridge/tunnels.ts'
import { FieldList } from '../codec/http2/field-list.ts'
import { INTERNAL_ERROR, PROTOCOL_ERROR } from '../codec/http2/frames/codes.ts'
import type { HeaderBlock } from '../codec/http2/header-block.ts'
import { type Http2Stream, NO_STREAM_SINK, type StreamSink } from '../codec/http2/stream.ts'
import { StreamBytes } from '../codec/http2/stream-bytes.ts'
import type { AnswerForm, ReasonCode } from '../errors.ts'
import { Exchange } from './exchange.ts'
import { dropRest, type Http2Requests, type RunningRequest } from './http2-request.ts'
import { Http2Response } from './http2-response.ts'
import { outgoingTunnel } from './outgoing.ts'
import type { Requester } from './requester.ts'
import { type HttpRole, refusalOf } from './role.ts'
import { wayOf } from './routing/directions.ts'
import { UpgradedConnection } from './upgraded-connection.ts'

const KEY_BYTES = 16
const REQUEST = new RequestHead()
const ANSWER = new FieldList()

export class Http2Tunnel implements Requester, StreamSink, RunningRequest {
  readonly response = new Http2Response()
  readonly #role: HttpRole
  readonly #requests: Http2Requests
  readonly #exchange: Exchange
  readonly #stream: Http2Stream
  /** What the server has to prove to have read; '' of a CONNECT. */
  #key = ''
  /** What the client sent before it had an answer: no more than its window. */
  #early: Buffer[] = []
  #hasEnded = false
  #isDone = false
  #deadlineMs = 0
  #upgraded: UpgradedConnection | null = null

  constructor(stream: Http2Stream, role: HttpRole, requests: Http2Requests) {
    this.#stream = stream
    this.#role = role
    this.#requests = requests
    this.#exchange = new Exchange(this, role)
    stream.sink = this
  }

  get down(): Http2Tunnel {
    return this
  }

  get remoteAddress(): string {
    return this.#requests.remoteAddress
  }

  get deadlineMs(): number {
    return this.#upgraded?.deadlineMs ?? this.#deadlineMs
  }

  begin(block: HeaderBlock, isEnd: boolean): void {
    this.#role.counters.requests++
    this.response.begins(this.#stream, false)
    this.#hasEnded = isEnd
    // What follows the head is no part of the request.
    this.#exchange.isRequestDone = true
    const reason = this.#read(block)
    if (reason !== '') return this.failed(reason)
    const { caller } = this.#requests
    const refusal = refusalOf(this.#role, caller)
    if (refusal !== '') return this.failed(refusal, caller.policy)
    this.touch()
    this.pause()
    const way = wayOf(this, this.#role, REQUEST)
    if (way === null) return
    const request = outgoingTunnel(REQUEST, caller.addedFields, way.cluster.config.name)
    this.#exchange.begin(way, request, caller)
  }

  cut(reason: ReasonCode): void {
    if (this.#upgraded !== null) return this.#upgraded.end(reason)
    const { isHeadSent } = this.#exchange
    this.#exchange.abort()
    if (isHeadSent) this.truncated(reason)
    else this.failed(reason)
  }

  onHead(): void {}

  onData(_stream: Http2Stream, bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    if (end > start) this.#early.push(Buffer.from(bytes.subarray(start, end)))
    this.#hasEnded = isEnd
  }

  /** RFC 9113 §8.5: nothing but DATA belongs there. */
  onTrailers(stream: Http2Stream): void {
    stream.reset(PROTOCOL_ERROR)
    this.onReset()
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
    this.#deadlineMs = this.#role.deadlines.nowMs + this.#role.limits.streamIdleMs
  }

  pause(): void {
    this.#stream.pause()
  }

  /** Its body does not wait for the server, but for the answer. */
  resume(): void {}

  responded(): void {
    this.#done()
    if (this.#stream.isOpen && !this.#hasEnded) dropRest(this.#stream)
  }

  failed(reason: ReasonCode, policy = '', form: AnswerForm | null = null): void {
    this.#role.counters.fail(reason, policy)
    this.response.fail(reason, false, policy, form)
    this.responded()
  }

  truncated(reason: ReasonCode): void {
    this.#role.counters.fail(reason)
    this.#done()
    this.#stream.reset(INTERNAL_ERROR)
  }

  upgraded(stream: Stream, head: string, rest: Buffer): void {
    ANSWER.clear()
    const accept = openedFields(head, ANSWER)
    if (this.#key !== '' && accept !== acceptOf(this.#key)) {
      stream.release(false, -1)
      return this.failed('bad-response')
    }
    this.#stream.sendHead(ANSWER, false)
    const kept = this.#early.length === 0 ? null : Buffer.concat(this.#early)
    this.#early = []
    const early = { kept, hasEnded: this.#hasEnded }
    const down = new StreamBytes(this.#stream)
    this.#upgraded = new UpgradedConnection(down, stream, early, rest, this.#role, () => this.#done())
  }

  /** Into REQUEST; why it is refused, or ''. */
  #read(block: HeaderBlock): ReasonCode | '' {
    if (block.protocol !== '' && block.protocol !== 'websocket') return 'not-implemented'
    if (block.contentLength >= 0) return 'bad-request'
    if (block.protocol !== '') this.#key = randomBytes(KEY_BYTES).toString('base64')
    const { maxHeadBytes, maxFields } = this.#role.limits
    const head = Buffer.from(tunnelText(block, this.#key), 'latin1')
    const fault = REQUEST.read(head, 0, head.length, maxHeadBytes, maxFields)
    return fault === 'incomplete' ? 'head-too-large' : fault
  }

  #done(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#early = []
    if (this.#upgraded === null) {
      this.#stream.sink = NO_STREAM_SINK
      this.#stream.resume()
    }
    this.#requests.done(this)
  }
}
