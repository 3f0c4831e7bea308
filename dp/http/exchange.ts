/**
 * The upstream half of an exchange: hands the response on as it arrives on the stream that dispatch.ts has got. One object
 * for each client connection, used for its requests one after the other; the client's half (connection.ts) reads them.
 */
import type { Stream } from '../cluster/transport.ts'
import type { ByteSink } from '../codec/byte-stream.ts'
import { BodyReader } from '../codec/http1/body.ts'
import { KeptBytes } from '../codec/http1/kept-bytes.ts'
import { ResponseHead } from '../codec/http1/response-head.ts'
import { responseText } from '../codec/http2/bridge/heads.ts'
import type { HeaderBlock } from '../codec/http2/header-block.ts'
import { writeCopy } from '../codec/write-copy.ts'
import { type ReasonCode, reasonAt } from '../errors.ts'
import { Dispatch, type Dispatched } from './dispatch.ts'
import type { Outgoing } from './outgoing.ts'
import type { Requester } from './requester.ts'
import type { Caller, HttpRole } from './role.ts'
import type { Way } from './routing/directions.ts'
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

export class Exchange implements ByteSink, Dispatched {
  /** All of the request was sent. */
  isRequestDone = false
  /** The final head went to the client: no other answer is possible. */
  isHeadSent = false
  readonly #requester: Requester
  readonly #role: HttpRole
  readonly #body = new BodyReader()
  readonly #dispatch: Dispatch
  #stream: Stream | null = null
  #state = IDLE
  #isLast = false
  #keepMs = -1
  /** Beginning of a head that is not complete. */
  #kept: KeptBytes | null = null

  constructor(requester: Requester, role: HttpRole) {
    this.#requester = requester
    this.#role = role
    this.#dispatch = new Dispatch(this, requester, role)
  }

  get isWanted(): boolean {
    return this.#state === WAITING
  }

  get isRunning(): boolean {
    return this.#state !== IDLE
  }

  get idleMs(): number {
    return this.#dispatch.idleMs
  }

  /** `request` is read before this returns. The load has let it in; it leaves with the end of the exchange. */
  begin(way: Way, request: Outgoing, caller: Pick<Caller, 'filters' | 'rules'> | null = null): void {
    this.#kept = null
    this.isHeadSent = false
    this.#state = WAITING
    this.#dispatch.begin(way, request, caller)
  }

  /** More of the request's body; a copy is made where it cannot leave at once. */
  sendBody(bytes: Buffer, start: number, end: number): void {
    const stream = this.#stream
    // Without a stream reading was stopped, but what had been decrypted may still arrive.
    this.#dispatch.add(bytes, start, end, stream !== null)
    if (stream === null || (start === end && !this.isRequestDone)) return
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
    if (!this.isRequestDone) this.#dispatch.way.abort()
    this.#letGo(false)
    this.#rest()
  }

  begun(stream: Stream): void {
    this.#stream = stream
    this.#state = HEAD
    stream.sink = this
  }

  unsent(reason: ReasonCode): void {
    this.#fail(reasonAt(this.#role.isLastHop, reason))
  }

  expired(reason: ReasonCode): void {
    if (reason === 'per-try-timeout') return this.#break(reason)
    this.#letGo(false)
    this.#fail(reason)
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
    this.#dispatch.request.release()
    RESPONSE.take(block, isEnd, this.#dispatch.request.isHead)
    if (!this.#requester.response.takesBlocks)
      RESPONSE.text = responseText(block, isEnd, this.#dispatch.request.isHead)
    if (this.#dispatch.request.switchesAt(block.status)) return this.#break('bad-response')
    if (block.status < 200) return this.#sendInterim()
    if (this.#retries()) return
    this.#sendHead(NOTHING, 0, 0)
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
    this.#dispatch.request.release()
    const { maxHeadBytes, maxFields } = this.#role.limits
    const outcome = RESPONSE.read(bytes, start, end, maxHeadBytes, maxFields, this.#dispatch.request.isHead)
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
    if (RESPONSE.status === 101 || this.#dispatch.request.switchesAt(RESPONSE.status))
      return this.#switchProtocols(bytes, bodyAt, end)
    if (RESPONSE.status < 200) {
      this.#sendInterim()
      return bodyAt
    }
    if (this.#retries()) return -1
    return this.#sendHead(bytes, bodyAt, end)
  }

  /** Whether the answer is dropped, since the call is made again. */
  #retries(): boolean {
    // The word of an application for reasons of the mesh does not count.
    const isAgain = this.#dispatch.retriesAnswer(RESPONSE, this.#role.isLastHop ? '' : RESPONSE.reason)
    if (!isAgain) return false
    this.#letGo(false)
    this.#state = WAITING
    return true
  }

  #sendHead(bytes: Buffer, bodyAt: number, end: number): number {
    this.#dispatch.way.editResponse(RESPONSE)
    // Whoever refused a CONNECT may yet have taken it: nothing else goes there.
    this.#isLast = RESPONSE.isLast || this.#dispatch.request.mustSwitch
    this.#keepMs = RESPONSE.keepAliveMs
    this.#state = BODY
    this.#body.beginResponse(RESPONSE)
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
    const head = switchedHead(RESPONSE, this.#dispatch.request.upgrade)
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
    if (this.#state === BODY) this.#letGo(false)
    else {
      this.#stream = null
      this.#kept = null
      this.#state = WAITING
      if (this.#dispatch.retriesBreak(why, stream)) return
    }
    this.#fail(why)
  }

  #fail(reason: ReasonCode): void {
    const policy = this.#dispatch.policyFor(reason)
    const form = this.#dispatch.formFor(reason)
    if (!this.isRequestDone) this.#dispatch.way.abort()
    this.#rest()
    if (this.isHeadSent) this.#requester.truncated(reason)
    else this.#requester.failed(reason, policy, form)
  }

  #rest(): void {
    if (this.#state === IDLE) return
    this.#state = IDLE
    this.#dispatch.end()
  }

  #letGo(isReusable: boolean): void {
    const stream = this.#stream
    this.#stream = null
    this.#kept = null
    stream?.release(isReusable, this.#keepMs)
  }
}
