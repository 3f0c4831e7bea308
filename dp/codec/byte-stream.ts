/**
 * The seam between what moves bytes (a socket, a pooled connection, later a stream of a multiplexed connection) and
 * what understands them. All calls are synchronous; nothing here knows HTTP.
 */
import type { HeaderBlock } from './http2/header-block.ts'

/** Receives what a stream reads. Set as `stream.sink`; may be replaced at any time, also from within a call. */
export interface ByteSink {
  /** `bytes[start, end)` is valid during the call only, unless `stream.take()` says otherwise. */
  onBytes(bytes: Buffer, start: number, end: number): void
  /**
   * Instead of a response head as text, where it came over HTTP/2: valid during the call only. A body without a length
   * follows in chunks.
   */
  onResponse?(block: HeaderBlock, isEnd: boolean): void
  /** The peer will send nothing more; writing goes on. */
  onEnd(): void
  /** All that was written has left; called after a write that returned false. */
  onDrain(): void
  /** Once, last, also after `destroy()`. `error`: undefined when the stream ended in order. */
  onClose(error: Error | undefined): void
}

export interface ByteStream {
  sink: ByteSink
  /** False as soon as it was destroyed or closed: writes are dropped. */
  readonly isOpen: boolean
  /** Written and still here. */
  readonly pendingBytes: number
  /** IP address of the other side; absent: the stream is part of a connection. */
  readonly remoteAddress?: string
  /** Latin-1, one character a byte. False: stop until `onDrain`. */
  write(text: string): boolean
  /** The stream keeps `bytes` until they have left (`pendingBytes` 0). */
  writeBytes(bytes: Buffer): boolean
  /** Text directly followed by bytes, in one system call where possible. */
  writeBoth(text: string, bytes: Buffer): boolean
  /** As writeBoth, of bytes that are the caller's again when it returns. */
  writeCopy?(text: string, bytes: Buffer, start: number, end: number): boolean
  /**
   * Within `onBytes`: true when the caller may keep the buffer; it should hand it to `giveBack` (buffer-pool.ts)
   * once it is done. False: only copies may leave the call.
   */
  take(): boolean
  pause(): void
  resume(): void
  /** Nothing more will be written; reading goes on. */
  end(): void
  /** Ends both directions at once; what is pending may be lost. */
  destroy(): void
  /** As destroy, and the peer sees that the stream was cut rather than finished. */
  reset(): void
  /** As reset, and the peer learns that nothing was looked at of what it may have sent since the last answer. */
  refuse?(): void
}

/** Ignores everything: the sink of streams that nobody owns any more. */
export const NO_SINK: ByteSink = {
  onBytes() {},
  onEnd() {},
  onDrain() {},
  onClose() {},
}
