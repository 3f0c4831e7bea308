/**
 * The upstream half of an exchange: gets a stream from the cluster, sends the request, and hands the response on as
 * it arrives. One object for each client connection, used for its requests one after the other; the client's half
 * (connection.ts) reads requests and owns the client's stream.
 */
import type { Cluster } from '../cluster/cluster.ts'
import type { Stream, StreamWaiter } from '../cluster/transport.ts'
import type { ByteSink } from '../codec/byte-stream.ts'
import { BodyReader } from '../codec/http1/body.ts'
import { ResponseHead } from '../codec/http1/response-head.ts'
import type { Limits } from '../codec/limits.ts'
import type { Load } from '../codec/load.ts'
import { writeCopy } from '../codec/write-copy.ts'
import { type ReasonCode, reasonAt } from '../errors.ts'
import type { Outgoing } from './outgoing.ts'
import type { ResponseSink } from './response-sink.ts'

/** The client's half, as the exchange sees it. */
export interface Requester {
  /** What the request's body comes from. */
  readonly down: { pause(): void; resume(): void }
  readonly response: ResponseSink
  /** Bytes have moved. */
  touch(): void
  /** The response is complete and the stream given back. */
  responded(): void
  /** There is no response: `reason` is to be answered. The stream was given back. */
  failed(reason: ReasonCode): void
  /** The response broke off behind its head. The stream was given back. */
  truncated(reason: ReasonCode): void
  /** The server switches protocols; `rest`: what it sent behind its head. The stream is the requester's now. */
  upgraded(stream: Stream, head: string, rest: Buffer): void
}

const IDLE = 0
const WAITING = 1
const HEAD = 2
const BODY = 3
/** The response is complete, the rest of the request is still being sent. */
const ANSWERED = 4

/** Shared by all: what it holds is used before anything else is read. */
const RESPONSE = new ResponseHead()
const NOTHING = Buffer.alloc(0)

export class Exchange implements ByteSink, StreamWaiter {
  /** All of the request was sent. */
  isRequestDone = false
  /** The final head went to the client: no other answer is possible. */
  isHeadSent = false
  readonly #requester: Requester
  readonly #limits: Limits
  readonly #load: Load
  readonly #isLastHop: boolean
  readonly #body = new BodyReader()
  #cluster: Cluster | null = null
  #stream: Stream | null = null
  #state = IDLE
  /** The request until the response begins: to be sent, or sent again. */
  #text = ''
  #bytes: Buffer | null = null
  #isHead = false
  #isReplayable = false
  #upgrade = ''
  #isLast = false
  #keepMs = -1
  /** Beginning of a head that is not complete. */
  #kept: Buffer | null = null

  /** `isLastHop`: responses come from an application, whose word for reasons of the mesh is not passed on. */
  constructor(requester: Requester, limits: Limits, isLastHop: boolean, load: Load) {
    this.#requester = requester
    this.#limits = limits
    this.#load = load
    this.#isLastHop = isLastHop
  }

  get isWanted(): boolean {
    return this.#state === WAITING
  }

  get isRunning(): boolean {
    return this.#state !== IDLE
  }

  /** `request` is read before this returns. The load has let it in; it leaves with the end of the exchange. */
  begin(cluster: Cluster, request: Outgoing): void {
    this.#cluster = cluster
    this.#text = request.text
    this.#bytes = request.body
    this.#isHead = request.isHead
    this.#isReplayable = request.isReplayable
    this.#upgrade = request.upgrade
    this.#kept = null
    this.isHeadSent = false
    this.#state = WAITING
    const stream = cluster.acquire(this, false)
    if (stream !== null) this.onStream(stream)
  }

  /** More of the request's body; a copy is made where it cannot leave at once. */
  sendBody(bytes: Buffer, start: number, end: number): void {
    const stream = this.#stream
    if (stream === null) {
      // Reading was stopped, but what had been decrypted may still arrive.
      this.#bytes = Buffer.concat([this.#bytes ?? NOTHING, bytes.subarray(start, end)])
      return
    }
    const isFree = writeCopy(stream, bytes, start, end)
    if (this.isRequestDone) {
      if (this.#state === ANSWERED) this.#finish(false)
    } else if (!isFree && stream.pendingBytes > 0) this.#requester.down.pause()
  }

  /** The client takes bytes again. */
  resume(): void {
    this.#stream?.resume()
  }

  /** Ends it without an answer. */
  abort(): void {
    this.#letGo(false)
    this.#rest()
  }

  onStream(stream: Stream): void {
    if (this.#state !== WAITING) {
      // The client has gone; nothing was sent on it.
      stream.release(true, -1)
      return
    }
    this.#stream = stream
    this.#state = HEAD
    stream.sink = this
    const bytes = this.#bytes
    const isFree = bytes === null ? stream.write(this.#text) : stream.writeBoth(this.#text, bytes)
    this.#bytes = null
    if (this.isRequestDone) return
    if (isFree || stream.pendingBytes === 0) this.#requester.down.resume()
  }

  onNoStream(reason: ReasonCode): void {
    if (this.#state !== WAITING) return
    this.#rest()
    this.#requester.failed(reasonAt(this.#isLastHop, reason))
  }

  onDrain(): void {
    this.#requester.touch()
    this.#requester.down.resume()
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#requester.touch()
    let from = start
    let to = end
    let buffer = bytes
    if (this.#kept !== null) {
      buffer = Buffer.concat([this.#kept, bytes.subarray(start, end)])
      from = 0
      to = buffer.length
      this.#kept = null
    }
    let at = from
    while (at < to && this.#state === HEAD) {
      at = this.#readHead(buffer, at, to)
      if (at < 0) return
    }
    if (this.#state === ANSWERED) this.#finish(true)
    if (this.#state !== BODY) return
    if (at < to && !this.#body.isDone) {
      at = this.#forward(false, buffer, at, to)
      if (at < 0) return
    }
    if (!this.#body.isDone) return
    const hasSurplus = at < to
    if (this.isRequestDone || this.#isLast || hasSurplus) this.#finish(hasSurplus)
    else this.#state = ANSWERED
  }

  onEnd(): void {
    if (this.#state === ANSWERED) this.#finish(true)
    else if (this.#state !== BODY || !this.#body.isUntilClose) this.#break('connection-termination')
    else {
      this.#requester.response.end()
      this.#finish(false)
    }
  }

  onClose(): void {
    if (this.#state === ANSWERED) this.#finish(true)
    else this.#break('connection-termination')
  }

  /** Offset behind the head and the part of its body that was sent with it; -1: stop reading. */
  #readHead(bytes: Buffer, start: number, end: number): number {
    this.#isReplayable = false
    const { maxHeadBytes, maxFields } = this.#limits
    const outcome = RESPONSE.read(bytes, start, end, maxHeadBytes, maxFields, this.#isHead)
    if (outcome === 'incomplete') {
      this.#kept = Buffer.from(bytes.subarray(start, end))
      return -1
    }
    if (outcome === 'bad') {
      this.#break('bad-response')
      return -1
    }
    const bodyAt = start + RESPONSE.byteLength
    if (RESPONSE.status === 101) return this.#switchProtocols(bytes, bodyAt, end)
    if (RESPONSE.status < 200) {
      const { response } = this.#requester
      if (!response.interim(RESPONSE) && response.pendingBytes > 0) this.#stream?.pause()
      return bodyAt
    }
    return this.#sendHead(bytes, bodyAt, end)
  }

  #sendHead(bytes: Buffer, bodyAt: number, end: number): number {
    this.#isLast = RESPONSE.isLast
    this.#keepMs = RESPONSE.keepAliveMs
    this.#text = ''
    this.#state = BODY
    if (RESPONSE.framing === 'none') this.#body.beginLength(0)
    else if (RESPONSE.framing === 'length') this.#body.beginLength(RESPONSE.contentLength)
    else if (RESPONSE.framing === 'chunked') this.#body.beginChunked()
    else this.#body.beginUntilClose()
    return this.#forward(true, bytes, bodyAt, end)
  }

  /** Sends what belongs to the body, behind the head with `hasHead`; the offset behind it, -1: malformed. */
  #forward(hasHead: boolean, bytes: Buffer, start: number, limit: number): number {
    const end = this.#body.read(bytes, start, limit)
    if (end < 0) {
      this.#break('bad-response')
      return -1
    }
    this.isHeadSent = true
    const { response } = this.#requester
    const { isDone } = this.#body
    const reason = this.#isLastHop ? '' : RESPONSE.reason
    const isFree = hasHead
      ? response.begin(RESPONSE, reason, bytes, start, end, isDone)
      : response.body(bytes, start, end, isDone)
    if (!isFree && response.pendingBytes > 0) this.#stream?.pause()
    return end
  }

  #switchProtocols(bytes: Buffer, restAt: number, end: number): number {
    const stream = this.#stream
    if (stream === null || this.#upgrade === '' || RESPONSE.upgrade !== this.#upgrade) {
      this.#break('bad-response')
      return -1
    }
    const rest = Buffer.from(bytes.subarray(restAt, end))
    this.#stream = null
    this.#rest()
    this.isHeadSent = true
    const head = `${RESPONSE.text}connection: upgrade\r\nupgrade: ${this.#upgrade}\r\n\r\n`
    this.#requester.upgraded(stream, head, rest)
    return -1
  }

  #finish(hasSurplus: boolean): void {
    this.#letGo(!this.#isLast && !hasSurplus && this.isRequestDone)
    this.#rest()
    this.#requester.responded()
  }

  #break(reason: ReasonCode): void {
    const stream = this.#stream
    const why = stream === null || stream.cutReason === '' ? reason : stream.cutReason
    const mayRetry = this.#isReplayable && (stream?.isReused === true || stream?.isUnprocessed === true)
    this.#letGo(false)
    if (mayRetry && why === 'connection-termination' && this.#cluster !== null) {
      this.#isReplayable = false
      this.#state = WAITING
      this.#cluster.acquire(this, true)
      return
    }
    this.#rest()
    if (this.isHeadSent) this.#requester.truncated(why)
    else this.#requester.failed(why)
  }

  #rest(): void {
    if (this.#state === IDLE) return
    this.#state = IDLE
    this.#load.leaveCall()
  }

  #letGo(isReusable: boolean): void {
    const stream = this.#stream
    this.#stream = null
    this.#kept = null
    this.#bytes = null
    stream?.release(isReusable, this.#keepMs)
  }
}
