/**
 * One HTTP/2 connection of a client: its requests, each with an exchange of its own, and what ends them together. The
 * frames are dp/codec/http2's.
 */
import type { ByteStream } from '../codec/byte-stream.ts'
import { addLines, isForMessage } from '../codec/http2/bridge/field-lines.ts'
import { Http2Connection } from '../codec/http2/connection.ts'
import type { Http2Handler } from '../codec/http2/core.ts'
import { FieldList } from '../codec/http2/field-list.ts'
import { NO_ERROR } from '../codec/http2/frames/codes.ts'
import type { HeaderBlock } from '../codec/http2/header-block.ts'
import type { Http2Stream } from '../codec/http2/stream.ts'
import type { ReasonCode } from '../errors.ts'
import { Http2Request, type Http2Requests, type RunningRequest } from './http2-request.ts'
import { Http2Tunnel } from './http2-tunnel.ts'
import type { Caller, HttpRole, LiveConnection } from './role.ts'

export class Http2ClientConnection implements LiveConnection, Http2Handler, Http2Requests {
  caller: Caller
  readonly addedFields = new FieldList()
  readonly #down: ByteStream
  readonly #role: HttpRole
  readonly #connection: Http2Connection
  readonly #running = new Set<RunningRequest>()
  readonly #free: Http2Request[] = []
  #idleUntilMs: number

  /** Nothing was read of `down`, or it is given to `read`. */
  constructor(down: ByteStream, role: HttpRole, caller: Caller) {
    this.caller = caller
    this.#down = down
    addLines(caller.addedFields, 0, this.addedFields, isForMessage)
    this.#role = role
    this.#idleUntilMs = role.deadlines.nowMs + role.limits.keepAliveMs
    this.#connection = new Http2Connection(down, {
      role: 'server',
      limits: role.limits.http2,
      handler: this,
      takesProtocols: true,
    })
    if (role.isRetiring) this.retire()
  }

  get remoteAddress(): string {
    return this.#down.remoteAddress ?? ''
  }

  /** What was read before it was known that the client speaks HTTP/2. */
  read(bytes: Buffer, start: number, end: number): void {
    this.#connection.onBytes(bytes, start, end)
  }

  reconsider(caller: Caller): void {
    this.caller = caller
    this.addedFields.clear()
    addLines(caller.addedFields, 0, this.addedFields, isForMessage)
    if (caller.denial !== '') this.#cut(caller.denial)
  }

  end(reason: ReasonCode): void {
    this.#cut(reason)
    this.#connection.fail(NO_ERROR, reason)
  }

  retire(): void {
    this.#connection.drain()
  }

  sweep(nowMs: number): void {
    for (const request of this.#running) if (nowMs > request.deadlineMs) request.cut('stream-timeout')
    if (this.#running.size > 0) this.#idleUntilMs = nowMs + this.#role.limits.keepAliveMs
    else if (nowMs > this.#idleUntilMs) this.#connection.drain()
    this.#connection.sweep(nowMs)
  }

  onRequest(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void {
    if (block.method !== 'CONNECT') return this.#take().begin(stream, block, isEnd)
    const tunnel = new Http2Tunnel(stream, this.#role, this)
    this.#running.add(tunnel)
    tunnel.begin(block, isEnd)
  }

  onTooLarge(stream: Http2Stream): void {
    this.#take().refuse(stream, 'head-too-large')
  }

  done(request: RunningRequest): void {
    if (this.#running.delete(request) && request instanceof Http2Request) this.#free.push(request)
  }

  onCapacity(): void {}

  onGoaway(): void {}

  onClose(): void {}

  onGone(): void {
    this.#role.closed(this)
  }

  #take(): Http2Request {
    const request = this.#free.pop() ?? new Http2Request(this.#role, this)
    this.#running.add(request)
    return request
  }

  #cut(reason: ReasonCode): void {
    for (const request of [...this.#running]) request.cut(reason)
  }
}
