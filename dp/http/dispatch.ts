/**
 * How the request of an exchange gets to an endpoint: the stream that is asked for, the tries that are made again by the
 * rules of its listener or route, the times that it has. One object for each exchange, used for its requests one after the
 * other; what comes back is for the exchange.
 */
import type { Omits } from '../cluster/cluster.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import type { Stream, StreamWaiter } from '../cluster/transport.ts'
import type { ResponseHead } from '../codec/http1/response-head.ts'
import type { AnswerForm, ReasonCode } from '../errors.ts'
import type { Refusal } from './filters/terms.ts'
import { ThrottledStream } from './filters/throttled-stream.ts'
import { KeptRequest } from './kept-request.ts'
import type { Outgoing } from './outgoing.ts'
import type { Requester } from './requester.ts'
import { CallClock, type Timed } from './resilience/call-clock.ts'
import type { CallRules } from './resilience/call-rules.ts'
import type { RetryRules } from './resilience/retry-rules.ts'
import type { Caller, HttpRole } from './role.ts'
import type { Way } from './routing/directions.ts'
import { KeptWay } from './routing/kept-way.ts'

/** The exchange, as its dispatch sees it. */
export interface Dispatched extends Timed {
  readonly isRequestDone: boolean
  /** The request is about to be sent on `stream`. */
  begun(stream: Stream): void
  /** There is no stream, and there will be none. */
  unsent(reason: ReasonCode): void
}

export class Dispatch implements Timed {
  readonly request = new KeptRequest()
  readonly way = new KeptWay()
  readonly #exchange: Dispatched
  readonly #requester: Requester
  readonly #role: HttpRole
  #rules: CallRules
  /** Who is told of a stream; null: nobody waits for one. */
  #waiting: Waiting | null = null
  /** That nobody else knows of. */
  #spare: Waiting | null = null
  /** null: no call was timed yet. */
  #clock: CallClock | null = null
  /** Where it went; null: nobody was asked. */
  #endpoint: Endpoint | null = null
  /** null: the call is not made again. */
  #retry: RetryRules | null = null
  #retries = 0
  #isCountedAsRetry = false
  readonly #tried: Endpoint[] = []
  /** For tries after the first. */
  #omits: Omits | null = null
  #pause: NodeJS.Timeout | null = null
  /** By a filter, before its first try. */
  #isHeld = false
  /** null: it is taken. */
  #refusal: Refusal | null = null
  /** Of the response; 0: as fast as it comes. */
  #bytesPerSecond = 0

  constructor(exchange: Dispatched, requester: Requester, role: HttpRole) {
    this.#exchange = exchange
    this.#requester = requester
    this.#role = role
    this.#rules = role.rules
  }

  /** How long the call may be without a byte. */
  get idleMs(): number {
    return this.#rules.idleMs
  }

  /** `KIND/POLICY` that decided where the mesh answers for that reason; ''. */
  policyFor(reason: ReasonCode): string {
    if (this.#refusal?.reason === reason) return this.#refusal.policy
    if (reason === 'overflow') return this.way.counts.policy
    if (reason === 'no-healthy-endpoint') return this.way.healthPolicy || this.way.policy
    if (reason === 'per-try-timeout') return this.#retry?.policy ?? ''
    const isTimeout = reason === 'request-timeout' || reason === 'max-stream-duration'
    return isTimeout ? this.#rules.policy : this.way.policy
  }

  /** How the mesh's own answer for that reason differs from what its table says. */
  formFor(reason: ReasonCode): AnswerForm | null {
    return this.#refusal?.reason === reason ? this.#refusal.form : null
  }

  /** `caller`: on which terms it is taken; null: on those of the listener. */
  begin(way: Way, outgoing: Outgoing, caller: Pick<Caller, 'filters' | 'rules'> | null): void {
    const { isRequestDone } = this.#exchange
    const rules = way.route?.rules ?? caller?.rules ?? this.#role.rules
    this.#rules = rules
    this.#requester.touch()
    this.#retry = rules.retry !== null && outgoing.upgrade === '' && way.mayRetry ? rules.retry : null
    this.#endpoint = null
    this.way.begin(way, outgoing, isRequestDone)
    const maxKept = this.#retry === null ? 0 : this.#role.limits.maxReplayBytes
    this.request.begin(outgoing, isRequestDone, maxKept)
    const filters = caller === null ? null : caller.filters
    const terms = filters === null ? null : filters.termsFor(this.#role.counters)
    this.#refusal = terms === null ? null : terms.refusal
    this.#bytesPerSecond = terms === null ? 0 : terms.bytesPerSecond
    const holdMs = terms === null ? 0 : terms.holdMs
    this.#isHeld = holdMs > 0
    if (this.#isHeld) this.#wait(holdMs)
    else this.#enter()
  }

  /** Behind what its filters do: its time begins, and it counts as running. */
  #enter(): void {
    this.#isHeld = false
    if (this.#refusal !== null) return this.#exchange.unsent(this.#refusal.reason)
    const overflow = this.way.enter()
    if (overflow !== '') return this.#exchange.unsent(overflow)
    if (this.#rules.isTimed) {
      this.#clock ??= new CallClock(this)
      this.#clock.begin(this.#rules, this.#retry?.perTryMs ?? 0)
      if (this.#exchange.isRequestDone) this.#clock.requestDone()
    }
    this.#ask(this.request.upgrade !== '')
  }

  /** More of its body; `isSent`: on a stream that is there. */
  add(bytes: Buffer, start: number, end: number, isSent: boolean): void {
    const { isRequestDone } = this.#exchange
    this.way.sendBody(bytes, start, end, isRequestDone)
    if (isSent) this.request.keep(bytes, start, end)
    else this.request.add(bytes, start, end)
    if (isRequestDone && this.#rules.isTimed && !this.#isHeld) this.#clock?.requestDone()
  }

  isWaitingFor(waiting: Waiting): boolean {
    return this.#waiting === waiting
  }

  streamFor(waiting: Waiting, stream: Stream): void {
    if (this.#waiting === waiting) this.#send(stream)
    // The client has gone, or its time was up; nothing was sent on it.
    else stream.release(true, -1)
  }

  noStreamFor(waiting: Waiting, reason: ReasonCode): void {
    if (this.#waiting !== waiting) return
    this.#waiting = null
    if (this.#retry?.wantsAfterFailure(reason, false) !== true || !this.#again(null))
      this.#exchange.unsent(reason)
  }

  expired(reason: ReasonCode): void {
    // a try that is over has its own verdict
    if (reason !== 'per-try-timeout') this.#endpoint?.judge?.failed(reason)
    this.#exchange.expired(reason)
  }

  /** Whether that answer is not for the client, since the call is made again. The stream is to be let go. */
  retriesAnswer(head: ResponseHead, reason: string): boolean {
    this.#endpoint?.judge?.answered(head.status)
    if (this.#retry === null) return false
    this.#clock?.tried()
    return this.#retry.wantsAfter(head, reason) && this.#again(head)
  }

  /**
   * Likewise of a call that broke before its answer began; `stream` is given back. What nobody has looked at, or may have
   * looked at and is harmless, is sent again in any case.
   */
  retriesBreak(reason: ReasonCode, stream: Stream | null): boolean {
    this.#endpoint?.judge?.failed(reason)
    const isHarmless = reason === 'connection-termination' && this.request.retries(stream)
    const isUnprocessed = stream?.isUnprocessed === true
    stream?.release(false, -1)
    if (isHarmless) {
      this.#ask(true)
      return true
    }
    if (this.#retry === null) return false
    return this.#retry.wantsAfterFailure(reason, isUnprocessed) && this.#again(null)
  }

  /** The exchange is over, or was never begun. */
  end(): void {
    this.#waiting = null
    if (this.#rules.isTimed) this.#clock?.end()
    if (this.#pause !== null) clearTimeout(this.#pause)
    this.#pause = null
    this.request.forget()
    if (this.#isCountedAsRetry) this.way.counts.leaveRetry()
    this.#isCountedAsRetry = false
    this.#retries = 0
    if (this.#tried.length > 0) this.#tried.length = 0
    this.way.leave()
    this.#role.load.leaveCall()
  }

  /** False: it was made often enough, cannot be made again, or too many are. */
  #again(head: ResponseHead | null): boolean {
    const retry = this.#retry
    if (retry === null || !this.request.isKept) return false
    const { counters } = this.#role
    if (this.#retries >= retry.retries) {
      counters.retriesExhausted++
      return false
    }
    if (!this.#isCountedAsRetry && !this.way.counts.enterRetry()) {
      counters.retriesOverflow++
      return false
    }
    // Neither a stream that comes late nor the time of this try is for the next.
    this.#waiting = null
    this.#clock?.tried()
    this.#isCountedAsRetry = true
    counters.retries++
    this.#retries++
    if (this.#endpoint !== null && !this.#tried.includes(this.#endpoint)) this.#tried.push(this.#endpoint)
    this.#endpoint = null
    this.#omits = { endpoints: this.#tried, ...retry.omits }
    if (!this.#exchange.isRequestDone) this.#requester.down.pause()
    this.#wait(retry.pauseMs(this.#retries, head))
    return true
  }

  #wait(ms: number): void {
    this.#pause = setTimeout(() => {
      this.#pause = null
      if (this.#isHeld) this.#enter()
      else this.#ask(this.request.upgrade !== '')
    }, ms)
  }

  #ask(isFresh: boolean): void {
    if (this.#rules.isTimed) this.#clock?.tries()
    const waiting = this.#spare ?? new Waiting(this)
    this.#spare = null
    this.#waiting = waiting
    const stream = this.way.acquire(waiting, isFresh, this.#retries === 0 ? null : this.#omits)
    if (stream === null) return
    this.#spare = waiting
    this.#send(stream)
  }

  #send(plain: Stream): void {
    const stream = this.#bytesPerSecond === 0 ? plain : new ThrottledStream(plain, this.#bytesPerSecond)
    this.#waiting = null
    this.#endpoint = this.way.picked
    const { isRequestDone } = this.#exchange
    this.#exchange.begun(stream)
    const isFree = this.request.send(stream, isRequestDone)
    if (isRequestDone) return
    if (isFree || stream.pendingBytes === 0) this.#requester.down.resume()
  }
}

/** Told of a stream for one try. It may be told when nobody waits for that any more. */
class Waiting implements StreamWaiter {
  readonly #dispatch: Dispatch

  constructor(dispatch: Dispatch) {
    this.#dispatch = dispatch
  }

  get isWanted(): boolean {
    return this.#dispatch.isWaitingFor(this)
  }

  get isUpgrade(): boolean {
    return this.#dispatch.request.upgrade !== ''
  }

  onStream(stream: Stream): void {
    this.#dispatch.streamFor(this, stream)
  }

  onNoStream(reason: ReasonCode): void {
    this.#dispatch.noStreamFor(this, reason)
  }
}
