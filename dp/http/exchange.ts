/**
 * The upstream half of an exchange: gets a stream from the cluster, sends the request, and hands the response on as
 * it arrives. One object for each client connection, used for its requests one after the other; the client's half
 * (connection.ts) reads requests and owns the client's stream.
 */
import type { Stream, StreamWaiter } from '../cluster/transport.ts'
import type { ByteSink } from '../codec/byte-stream.ts'
import { BodyReader } from '../codec/http1/body.ts'
import { KeptBytes } from '../codec/http1/kept-bytes.ts'
import { ResponseHead } from '../codec/http1/response-head.ts'
import { responseText } from '../codec/http2/bridge/heads.ts'
import type { HeaderBlock } from '../codec/http2/header-block.ts'
import { writeCopy } from '../codec/write-copy.ts'
import { type ReasonCode, reasonAt } from '../errors.ts'
import { KeptRequest } from './kept-request.ts'
import type { Outgoing } from './outgoing.ts'
import type { Requester } from './requester.ts'
import type { HttpRole } from './role.ts'
import type { Way } from './routing/directions.ts'
import { KeptWay } from './routing/kept-way.ts'
import { switchedHead } from './upgraded-connection.ts'

const IDLE = 0
const WAITING = 1
const HEAD = 2
const BODY = 3
/** The response is complete, the rest of the request is still being sent. */
const ANSWERED = 4

/** Shared: what it holds is used before anything else is read. */
const RESPONSE = new ResponseHead()
const NOTHING = Buffer.alloc(0)

export class Exchange implements ByteSink, StreamWaiter {
  /** All of the request was sent. */
  isRequestDone = false
  /** The final head went to the client: no other answer is possible. */
  isHeadSent = false
  readonly #requester: Requester
  readonly #role: HttpRole
  readonly #body = new BodyReader()
  readonly #way = new KeptWay()
  #stream: Stream | null = null
  #state = IDLE
  readonly #request = new KeptRequest()
  #isLast = false
  #keepMs = -1
  /** Beginning of a head that is not complete. */
  #kept: KeptBytes | null = null

  constructor(requester: Requester, role: HttpRole) {
    this.#requester = requester
    this.#role = role
  }

  get isWanted(): boolean {
    return this.#state === WAITING
  }

  get isUpgrade(): boolean {
    return this.#request.upgrade !== ''
  }

  get isRunning(): boolean {
    return this.#state !== IDLE
  }

  /** `request` is read before this returns. The load has let it in; it leaves with the end of the exchange. */
  begin(way: Way, request: Outgoing): void {
    this.#way.begin(way, request, this.isRequestDone)
    this.#request.begin(request, this.isRequestDone)
    this.#kept = null
    this.isHeadSent = false
    this.#state = WAITING
    const stream = this.#way.acquire(this, this.isUpgrade)
    if (stream !== null) this.onStream(stream)
  }

  /** More of the request's body; a copy is made where it cannot leave at once. */
  sendBody(bytes: Buffer, start: number, end: number): void {
    this.#way.sendBody(bytes, start, end, this.isRequestDone)
    const stream = this.#stream
    if (stream === null) {
      // Reading was stopped, but what had been decrypted may still arrive.
      this.#request.add(bytes, start, end)
      return
    }
    if (start === end && !this.isRequestDone) return
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
    if (!this.isRequestDone) this.#way.abort()
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
    const isFree = this.#request.send(stream, this.isRequestDone)
    if (this.isRequestDone) return
    if (isFree || stream.pendingBytes === 0) this.#requester.down.resume()
  }

  onNoStream(reason: ReasonCode): void {
    if (this.#state !== WAITING) return
    this.#rest()
    this.#requester.failed(reasonAt(this.#role.isLastHop, reason), this.#way.policy)
  }

  onDrain(): void {
    this.#requester.touch()
    this.#requester.down.resume()
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#requester.touch()
    const kept = this.#kept
    kept?.add(bytes, start, end)
    if (kept?.mayBeHead(this.#role.limits.maxHeadBytes) === false) return
    this.#kept = null
    const buffer = kept === null ? bytes : kept.all
    const to = kept === null ? end : buffer.length
    let at = kept === null ? start : 0
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
    this.#endBody(at < to)
  }

  onResponse(block: HeaderBlock, isEnd: boolean): void {
    this.#requester.touch()
    if (this.#state !== HEAD) return
    this.#request.release()
    RESPONSE.take(block, isEnd, this.#request.isHead)
    if (!this.#requester.response.takesBlocks)
      RESPONSE.text = responseText(block, isEnd, this.#request.isHead)
    if (this.#request.switchesAt(block.status)) return this.#break('bad-response')
    if (block.status < 200) this.#sendInterim()
    else this.#sendHead(NOTHING, 0, 0)
    this.#endBody(false)
  }

  onEnd(): void {
    if (this.#state === ANSWERED) this.#finish(true)
    else if (this.#state === BODY && this.#body.isUntilClose) {
      this.#requester.response.end()
      this.#finish(false)
    } else this.#break('connection-termination')
  }

  onClose(): void {
    if (this.#state === ANSWERED) this.#finish(true)
    else this.#break('connection-termination')
  }

  #endBody(hasSurplus: boolean): void {
    if (this.#state !== BODY || !this.#body.isDone) return
    if (this.isRequestDone || this.#isLast || hasSurplus) this.#finish(hasSurplus)
    else this.#state = ANSWERED
  }

  #sendInterim(): void {
    const { response } = this.#requester
    if (!response.interim(RESPONSE) && response.pendingBytes > 0) this.#stream?.pause()
  }

  /** Offset behind the head and the part of its body that was sent with it; -1: stop reading. */
  #readHead(bytes: Buffer, start: number, end: number): number {
    this.#request.release()
    const { maxHeadBytes, maxFields } = this.#role.limits
    const outcome = RESPONSE.read(bytes, start, end, maxHeadBytes, maxFields, this.#request.isHead)
    if (outcome === 'incomplete') {
      this.#kept = new KeptBytes()
      this.#kept.add(bytes, start, end)
      return -1
    }
    if (outcome === 'bad') {
      this.#break('bad-response')
      return -1
    }
    const bodyAt = start + RESPONSE.byteLength
    if (RESPONSE.status === 101 || this.#request.switchesAt(RESPONSE.status))
      return this.#switchProtocols(bytes, bodyAt, end)
    if (RESPONSE.status < 200) {
      this.#sendInterim()
      return bodyAt
    }
    return this.#sendHead(bytes, bodyAt, end)
  }

  #sendHead(bytes: Buffer, bodyAt: number, end: number): number {
    this.#way.editResponse(RESPONSE)
    // Whoever refused a CONNECT may yet have taken it: nothing else goes there.
    this.#isLast = RESPONSE.isLast || this.#request.mustSwitch
    this.#keepMs = RESPONSE.keepAliveMs
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
    const { isDone, outputEnd } = this.#body
    // The word of an application for reasons of the mesh is not passed on.
    const reason = this.#role.isLastHop ? '' : RESPONSE.reason
    const isFree = hasHead
      ? response.begin(RESPONSE, reason, bytes, start, outputEnd, isDone)
      : outputEnd === start || response.body(bytes, start, outputEnd, isDone)
    if (!isFree && response.pendingBytes > 0) this.#stream?.pause()
    return end
  }

  #switchProtocols(bytes: Buffer, restAt: number, end: number): number {
    const stream = this.#stream
    const head = switchedHead(RESPONSE, this.#request.upgrade)
    if (stream === null || head === '') {
      this.#break('bad-response')
      return -1
    }
    const rest = Buffer.from(bytes.subarray(restAt, end))
    this.#stream = null
    this.#rest()
    this.isHeadSent = true
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
    const retries = why === 'connection-termination' && this.#request.retries(stream)
    this.#letGo(false)
    if (retries) {
      this.#state = WAITING
      this.#way.acquire(this, true)
      return
    }
    this.#rest()
    if (this.isHeadSent) this.#requester.truncated(why)
    else this.#requester.failed(why, this.#way.policy)
  }

  #rest(): void {
    if (this.#state === IDLE) return
    this.#state = IDLE
    this.#request.release()
    this.#role.load.leaveCall()
  }

  #letGo(isReusable: boolean): void {
    const stream = this.#stream
    this.#stream = null
    this.#kept = null
    stream?.release(isReusable, this.#keepMs)
  }
}
