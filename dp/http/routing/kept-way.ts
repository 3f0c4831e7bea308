/** The way of the request that an exchange carries, for as long as it does: of one request after the other. */
import { NO_HASH } from '../../cluster/balance/hash.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { Stream, StreamWaiter } from '../../cluster/transport.ts'
import type { ResponseHead } from '../../codec/http1/response-head.ts'
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

  /** As Cluster.acquire. */
  acquire(waiter: StreamWaiter, isFresh: boolean): Stream | null {
    return this.#cluster?.acquire(waiter, isFresh, this.#hash) ?? null
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
