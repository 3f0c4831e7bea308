/**
 * How calls get to one endpoint: the seam behind which connections are pooled (pool.ts) or one connection carries many
 * calls (trunks.ts). Users see byte streams that speak HTTP/1.1 or the bytes of a TCP
 * connection, and release each when they are done with it.
 */
import type { ByteStream } from '../codec/byte-stream.ts'
import type { FieldList } from '../codec/http2/field-list.ts'
import type { ReasonCode } from '../errors.ts'
import type { Destination } from './destination.ts'

/** A way to the endpoint for one HTTP exchange or one TCP connection. Set `sink` before the first write. */
export interface Stream extends ByteStream {
  /** It has carried an exchange before, so the other side may be closing it just now. */
  readonly isReused: boolean
  /**
   * Instead of a request head as text, where the other side speaks HTTP/2. `isBodiless`: nothing follows. A body without
   * a length follows in chunks.
   */
  request?(fields: FieldList, isBodiless: boolean): void
  /** The other side has said that it looked at nothing that was sent. */
  readonly isUnprocessed: boolean
  /** Why this side cut it; '' when it did not. */
  readonly cutReason: ReasonCode | ''
  /**
   * To be called exactly once, also after `onClose`. `isReusable`: the exchange is complete in both directions and
   * nothing else arrived. `keepMs`: how long the other side keeps it when idle, -1: unknown.
   */
  release(isReusable: boolean, keepMs: number): void
}

/** Told once whether there is a stream; may be told from within the call that asks. */
export interface StreamWaiter {
  /** False when whoever waits has gone: nothing need be done for it. */
  readonly isWanted: boolean
  /** The exchange may end as bytes of another protocol, which a stream of HTTP/2 does not carry. */
  readonly isUpgrade?: boolean
  onStream(stream: Stream): void
  /** Nothing was sent. `detail`: for the log. */
  onNoStream(reason: ReasonCode, detail: string): void
  /** It was wanted no more, and is told nothing else. */
  onForgotten?(): void
}

export interface Transport {
  /** A stream that is ready for an HTTP exchange, or null. */
  take(): Stream | null
  /** A stream for an HTTP exchange as soon as there is one: new, or given back just now. */
  wait(waiter: StreamWaiter): void
  /** A stream of its own for a TCP connection. */
  open(waiter: StreamWaiter): void
  /** Takes over how the endpoint is reached; connections that would not be made like this any more end. */
  redirect(destination: Destination): void
  /** Trust has changed: cuts streams to servers that are no longer trusted. */
  recheck(): void
  /** No new streams: idle connections close now, others when they are released; waiters are told. */
  retire(): void
}
