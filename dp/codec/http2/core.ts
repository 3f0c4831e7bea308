/** What the parts of an HTTP/2 connection share: its streams, its sender, its limits, and how things end. */
import type { Allowance } from '../allowance.ts'
import type { Sender } from './frames/sender.ts'
import type { HeaderBlock } from './header-block.ts'
import type { Http2Limits } from './http2-limits.ts'
import type { Http2Stream } from './stream.ts'
import type { StreamTable } from './stream-table.ts'

/** The user of a connection. */
export interface Http2Handler {
  /** Server: a request. Sets `stream.sink`; `block` is valid during the call. */
  onRequest(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void
  /** Server: the head of a request is over the limits; the stream waits for an answer (431) or a reset. */
  onTooLarge(stream: Http2Stream): void
  /** Client: `request` may succeed again. */
  onCapacity(): void
  /** The peer takes no new streams on this connection. */
  onGoaway(code: number): void
  /** Once, behind the resets of what was open. `why`: what was wrong, for logs; '' when it ended in order. */
  onClose(code: number, why: string): void
  /** Once, last: the byte stream is closed. */
  onGone(): void
}

export interface ConnectionCore {
  readonly isServer: boolean
  readonly limits: Http2Limits
  readonly handler: Http2Handler
  readonly streams: StreamTable
  readonly sender: Sender
  /** Of streams that end before they are complete. */
  readonly resets: Allowance
  /** Of frames that cost work and move nothing. */
  readonly idleFrames: Allowance
  /** Server: a CONNECT may name a protocol (RFC 8441). */
  readonly takesProtocols: boolean
  /** We are going away: requests above the last promised stream are ignored. */
  readonly isRefusing: boolean
  /** The connection ends with that error. */
  fail(code: number, why: string): void
  /** Counts what only wastes our time; false: it was once too often, the connection has ended. */
  spendIdle(what: string): boolean
  /** Server: counts a stream that ended early; false: it was once too often. */
  spendReset(): boolean
  /** Resets a stream that the peer got wrong and tells its user. */
  streamError(stream: Http2Stream, code: number): void
  /** Resets a stream that is not open here. */
  refuse(id: number, code: number): void
  /** A new stream with the windows of this moment. */
  open(id: number): Http2Stream
  resetByPeer(stream: Http2Stream, code: number): void
  /** Ends the stream when both sides have. */
  closeIfDone(stream: Http2Stream): void
  /** A client's streams above `lastId` were not looked at. */
  onGoaway(lastId: number, code: number): void
  /** An answer to a PING of ours, `payload[start, start + 8)`. */
  onPong(payload: Buffer, start: number): void
}
