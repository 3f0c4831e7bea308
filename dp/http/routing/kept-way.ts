/** The way of the request that an exchange carries, for as long as it does: of one request after the other. */
import { NO_HASH } from '../../cluster/balance/hash.ts'
import type { CallCounts } from '../../cluster/call-counts.ts'
import type { Cluster, Omits } from '../../cluster/cluster.ts'
import type { Endpoint } from '../../cluster/endpoint.ts'
import type { Stream, StreamWaiter } from '../../cluster/transport.ts'
import type { ResponseHead } from '../../codec/http1/response-head.ts'
import type { ReasonCode } from '../../errors.ts'
import type { Outgoing } from '../outgoing.ts'
import type { Way } from './directions.ts'
import { addToResponse } from './header-edit.ts'
import type { Copies, Route } from './route-table.ts'

export class KeptWay {
  #cluster: Cluster | null = null
  #route: Route | null = null
  #hash = NO_HASH
  #setCookie = ''
  #copies: Copies | null = null
  #isCounted = false

  get #there(): Cluster {
    if (this.#cluster === null) throw new Error('a call that was not begun')
    return this.#cluster
  }

  /** `KIND/POLICY` that chose it; ''. */
  get policy(): string {
    return this.#route?.policy ?? ''
  }

  /** `request`: whose copies go out with it; `isDone`: nothing of it follows. */
  begin({ cluster, route, hash, setCookie }: Way, request: Outgoing, isDone: boolean): void {
    this.#cluster = cluster
    this.#route = route
    this.#hash = hash
    this.#setCookie = setCookie
    this.#copies = route === null ? null : route.copy(request, isDone)
  }

  /** What is under way to its cluster. */
  get counts(): CallCounts {
    return this.#there.counts
  }

  /** `KIND/POLICY` by which its endpoints are healthy or not; ''. */
  get healthPolicy(): string {
    const { endpoints, panic, outliers, healthChecks } = this.#there.config
    if (endpoints.length === 0) return ''
    return panic?.policy ?? healthChecks?.[0]?.policy ?? outliers?.policy ?? ''
  }

  /** Where the stream leads that was handed out just now. */
  get picked(): Endpoint | null {
    return this.#there.picked
  }

  /** Counts the call; why it is refused, ''. */
  enter(): ReasonCode | '' {
    this.#isCounted = this.counts.enterRequest()
    return this.#isCounted ? '' : 'overflow'
  }

  /** The call is over. */
  leave(): void {
    if (this.#isCounted) this.counts.leaveRequest()
    this.#isCounted = false
  }

  /** As Cluster.acquire. */
  acquire(waiter: StreamWaiter, isFresh: boolean, omits: Omits | null): Stream | null {
    return this.#there.acquire(waiter, isFresh, this.#hash, omits)
  }

  /** More of the request's body, for its copies. */
  sendBody(bytes: Buffer, start: number, end: number, isDone: boolean): void {
    this.#copies?.send(bytes, start, end, isDone)
  }

  /** The request has ended before it was whole. */
  abort(): void {
    this.#copies?.abort()
  }

  editResponse(head: ResponseHead): void {
    this.#route?.response?.editResponse(head)
    if (this.#setCookie !== '') addToResponse(head, 'set-cookie', this.#setCookie)
  }
}
