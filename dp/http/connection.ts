/**
 * One HTTP/1.1 connection of a client: reads its requests one after the other, sends each to its exchange, and decides
 * when it ends. No promise, closure, timer or header object is made for a request (data-plane.md 9).
 */
import type { Stream } from '../cluster/transport.ts'
import type { ByteSink, ByteStream } from '../codec/byte-stream.ts'
import type { Sweepable } from '../codec/deadlines.ts'
import { BodyReader } from '../codec/http1/body.ts'
import { skipEmptyLines } from '../codec/http1/head-text.ts'
import { KeptBytes } from '../codec/http1/kept-bytes.ts'
import { RequestHead } from '../codec/http1/request-head.ts'
import type { AnswerForm, ReasonCode } from '../errors.ts'
import { Exchange } from './exchange.ts'
import { Http1Response } from './http1-response.ts'
import { Http2ClientConnection } from './http2-connection.ts'
import { Linger } from './linger.ts'
import { outgoingRequest } from './outgoing.ts'
import type { Requester } from './requester.ts'
import { type Caller, type HttpRole, refusalOf } from './role.ts'
import { wayOf } from './routing/directions.ts'
import { UpgradedConnection } from './upgraded-connection.ts'

const HEAD = 0
const BODY = 1
/** The request is complete; what follows waits for its response. */
const DONE = 2
/** We have ended our side and drop what still arrives. */
const LINGER = 3

/** Of answers, above what a socket takes before it asks for a pause: there will be a drain. */
const MAX_UNREAD_BYTES = 256 * 1024
/** Shared: what it holds is used before anything else is read. */
const REQUEST = new RequestHead()

export class HttpConnection implements ByteSink, Requester, Sweepable {
  readonly down: ByteStream
  readonly response: Http1Response
  caller: Caller
  readonly #role: HttpRole
  readonly #exchange: Exchange
  readonly #body = new BodyReader()
  #state = HEAD
  #deadlineMs: number
  /** The beginning of a head, or requests behind the one that runs. */
  #kept: KeptBytes | null = null
  /** Nothing was asked yet. */
  #isFresh = true
  #isReading = false
  #isDiscarding = false
  #closesAfter = false
  /** The client does not read its answers: no further request before it does. */
  #isBlocked = false
  #hasEnded = false
  #isHead = false
  #expectsContinue = false
  #linger: Linger | null = null

  constructor(down: ByteStream, role: HttpRole, caller: Caller) {
    this.down = down
    this.caller = caller
    this.#role = role
    this.response = new Http1Response(down, mustClose => this.#decidesToClose(mustClose))
    this.#exchange = new Exchange(this, role)
    this.#deadlineMs = role.deadlines.nowMs + role.limits[role.isRetiring ? 'lingerMs' : 'keepAliveMs']
    down.sink = this
  }

  reconsider(caller: Caller): void {
    this.caller = caller
    if (caller.denial !== '') this.cut(caller.denial)
  }

  /** Ends what runs, with an answer where that is possible; a connection at rest stays. */
  cut(reason: ReasonCode): void {
    if (!this.#exchange.isRunning) return
    const isHeadSent = this.#exchange.isHeadSent
    this.#exchange.abort()
    if (isHeadSent) this.truncated(reason)
    else this.#refuse(reason)
  }

  /** As `cut`, and the connection ends whatever it does. */
  end(reason: ReasonCode): void {
    this.cut(reason)
    if (this.#linger === null) this.down.destroy()
    else this.#linger.hurry()
  }

  retire(): void {
    this.#closesAfter = true
    if (this.#state !== HEAD || this.#kept !== null || this.#exchange.isRunning) return
    // Whoever has not had the last answer cannot have asked for another; other callers may just have done so.
    if (!this.#role.isLastHop || this.down.pendingBytes > 0) this.#close()
    else this.#deadlineMs = this.#role.deadlines.nowMs + this.#role.limits.lingerMs
  }

  sweep(nowMs: number): void {
    if (this.#linger?.isOver(nowMs) === true) this.down.destroy()
    else if (this.#linger === null && nowMs > this.#deadlineMs) {
      if (this.#exchange.isRunning) this.end('stream-timeout')
      else if (this.#state === HEAD && this.#kept !== null) this.#refuse('head-timeout')
      else if (this.#state === HEAD && this.down.refuse !== undefined) this.down.refuse()
      else this.down.destroy()
    }
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#kept === null) return this.#read(bytes, start, end)
    this.#keep(bytes, start, end)
    if (this.#state === HEAD && this.#kept.mayBeHead(this.#role.limits.maxHeadBytes)) this.#readKept()
  }

  onEnd(): void {
    this.#hasEnded = true
    this.#finishAsked()
  }

  onDrain(): void {
    this.touch()
    this.#exchange.resume()
    if (this.#isBlocked && this.#state === DONE) this.responded()
  }

  onClose(): void {
    this.#exchange.abort()
    this.#role.closed(this)
  }

  touch(): void {
    this.#deadlineMs = this.#role.deadlines.nowMs + this.#exchange.idleMs
  }

  responded(): void {
    if (this.#closesAfter) this.#close()
    else if (this.#state === DONE) this.#next()
    else {
      this.#isDiscarding = true
      this.down.resume()
    }
  }

  failed(reason: ReasonCode, policy = '', form: AnswerForm | null = null): void {
    this.#role.counters.fail(reason, policy)
    this.response.fail(reason, this.#isHead, policy, form)
    this.responded()
  }

  truncated(reason: ReasonCode): void {
    this.#role.counters.fail(reason)
    this.down.reset()
  }

  upgraded(stream: Stream, head: string, rest: Buffer): void {
    this.down.write(head)
    const early = { kept: this.#kept?.all ?? null, hasEnded: this.#hasEnded }
    this.#kept = null
    this.#role.replaced(this, new UpgradedConnection(this.down, stream, early, rest, this.#role))
  }

  #readKept(): void {
    const kept = this.#kept
    this.#kept = null
    if (kept !== null) this.#read(kept.all, 0, kept.length)
  }

  #read(bytes: Buffer, start: number, end: number): void {
    let at = start
    this.#isReading = true
    while (at >= 0 && at < end && this.#state !== LINGER) {
      if (this.#state === HEAD) at = this.#readHead(bytes, at, end)
      else if (this.#state === BODY) at = this.#readBody(bytes, at, end)
      else at = this.#keep(bytes, at, end)
    }
    this.#isReading = false
    if (this.#hasEnded) this.#finishAsked()
  }

  /** The client will ask for nothing more: what it asked for is answered. */
  #finishAsked(): void {
    // Half of a request will never be a whole one.
    if (this.#exchange.isRunning && this.#state === BODY) {
      this.#exchange.abort()
      this.down.destroy()
    } else if (this.#state === HEAD || this.#state === BODY) this.#close()
    else if (this.#state === DONE && this.#kept === null) this.#closesAfter = true
  }

  /** Offset behind the head and the part of its body that was sent with it; -1: stop reading. */
  #readHead(bytes: Buffer, start: number, end: number): number {
    const { maxHeadBytes, maxFields } = this.#role.limits
    const from = skipEmptyLines(bytes, start, end)
    this.#isHead = false
    const fault = REQUEST.read(bytes, from, end, maxHeadBytes, maxFields)
    if (fault === 'bad-request' && REQUEST.isHttp2Preface && this.#isFresh)
      return this.#speakHttp2(bytes, from, end)
    if (fault === '') return this.#begin(bytes, from + REQUEST.byteLength, end)
    if (fault !== 'incomplete') this.#refuse(fault)
    else if (end > from) this.#keep(bytes, from, end)
    return -1
  }

  /** HTTP/2 with prior knowledge (RFC 9113 §3.3): another object serves the connection from here on. */
  #speakHttp2(bytes: Buffer, start: number, end: number): number {
    const connection = new Http2ClientConnection(this.down, this.#role, this.caller)
    this.#role.replaced(this, connection)
    connection.read(bytes, start, end)
    return -1
  }

  #begin(bytes: Buffer, bodyAt: number, end: number): number {
    this.#role.counters.requests++
    this.#isFresh = false
    this.#isHead = REQUEST.method === 'HEAD'
    this.#expectsContinue = REQUEST.expectsContinue
    this.response.isOld = REQUEST.isOld
    // what follows a CONNECT is no request, whatever the answer
    this.#closesAfter ||= REQUEST.isLast || REQUEST.isConnect
    this.#body.begin(REQUEST)
    const bodyEnd = this.#body.read(bytes, bodyAt, end)
    this.#state = this.#body.isDone ? DONE : BODY
    if (bodyEnd < 0) {
      this.#refuse('bad-request')
      return -1
    }
    const refusal = refusalOf(this.#role, this.caller)
    if (refusal === '') this.#send(bytes, bodyAt, this.#body.outputEnd)
    else this.failed(refusal, this.caller.policy)
    return bodyEnd
  }

  #send(bytes: Buffer, bodyAt: number, bodyEnd: number): void {
    const way = wayOf(this, this.#role, REQUEST)
    if (way === null) return
    const { name } = way.cluster.config
    const request = outgoingRequest(REQUEST, this.caller.addedFields, name, bytes, bodyAt, bodyEnd)
    this.#exchange.isRequestDone = this.#state === DONE
    this.#exchange.begin(way, request, this.caller)
    if (this.#exchange.isWanted && !this.#exchange.isRequestDone) this.down.pause()
  }

  #readBody(bytes: Buffer, start: number, end: number): number {
    const bodyEnd = this.#body.read(bytes, start, end)
    if (bodyEnd < 0) {
      this.#exchange.abort()
      if (this.#exchange.isHeadSent || this.#isDiscarding) this.truncated('bad-request')
      else this.#refuse('bad-request')
      return -1
    }
    this.touch()
    if (this.#body.isDone) this.#state = DONE
    this.#exchange.isRequestDone = this.#state === DONE
    if (!this.#isDiscarding) this.#exchange.sendBody(bytes, start, this.#body.outputEnd)
    else if (this.#state === DONE) this.responded()
    return bodyEnd
  }

  #keep(bytes: Buffer, start: number, end: number): number {
    const { deadlines, limits, rules } = this.#role
    // The time for a head counts from its first byte, however slowly the others come.
    if (this.#state === HEAD && this.#kept === null) this.#deadlineMs = deadlines.nowMs + rules.headMs
    this.#kept ??= new KeptBytes()
    this.#kept.add(bytes, start, end)
    if (this.#state === DONE && this.#kept.length > limits.maxPipelinedBytes) this.down.pause()
    return end
  }

  /** It may stay where the rest of the request, if there is one, can be read and dropped. */
  #decidesToClose(mustClose: boolean): boolean {
    const { isRetiring, limits } = this.#role
    const mayDrop = !this.#expectsContinue && this.#body.canDrop(limits.maxDiscardBytes)
    const canDrop = this.#state === DONE || (this.#state === BODY && mayDrop)
    this.#closesAfter ||= mustClose || isRetiring || !canDrop
    return this.#closesAfter
  }

  #next(): void {
    this.#isBlocked = this.down.pendingBytes > MAX_UNREAD_BYTES
    if (this.#isBlocked) return
    this.#state = HEAD
    this.#isDiscarding = false
    this.#deadlineMs = this.#role.deadlines.nowMs + this.#role.limits.keepAliveMs
    this.down.resume()
    if (this.#isReading) return
    if (this.#kept !== null) this.#readKept()
    else if (this.#hasEnded) this.#close()
  }

  #refuse(reason: ReasonCode): void {
    this.#closesAfter = true
    this.failed(reason)
  }

  #close(): void {
    this.#state = LINGER
    this.#kept = null
    this.#linger = new Linger(this.down, this.#role.deadlines, this.#role.limits)
  }
}
