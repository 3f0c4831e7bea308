/**
 * DATA as it arrives (RFC 9113 §6.1, §5.2): held against the windows that we gave and the length that was announced,
 * passed on in pieces, and credited to the peer once the user has taken it; WINDOW_UPDATE goes out at half a window.
 */

import type { ConnectionCore } from '../core.ts'
import type { Http2Stream } from '../stream.ts'
import {
  DEFAULT_WINDOW_BYTES,
  END_STREAM,
  FLOW_CONTROL_ERROR,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from './codes.ts'

export class DataFrames {
  /** Of new streams: what the peer may know, before it has acknowledged our settings. */
  streamWindow: number
  readonly #core: ConnectionCore
  #window = DEFAULT_WINDOW_BYTES
  #credit = 0
  /** Of the frame that is being read; null: its data is dropped. */
  #stream: Http2Stream | null = null
  #isEnd = false

  constructor(core: ConnectionCore) {
    this.#core = core
    this.streamWindow = Math.max(DEFAULT_WINDOW_BYTES, core.limits.streamWindowBytes)
  }

  /** The window of the connection, larger than what it begins with. */
  begin(): void {
    const more = this.#core.limits.connectionWindowBytes - DEFAULT_WINDOW_BYTES
    if (more <= 0) return
    this.#window += more
    this.#core.sender.windowUpdate(0, more)
  }

  /** Our settings were acknowledged: a smaller window holds from now on. */
  onAcknowledged(): void {
    const less = this.streamWindow - this.#core.limits.streamWindowBytes
    this.streamWindow -= less
    for (const stream of this.#core.streams.open.values()) {
      stream.receiveWindow -= less
      // What was little of a large window may be all of a small one.
      this.credit(stream, 0)
    }
  }

  onHead(flags: number, id: number, length: number, dataLength: number): void {
    const core = this.#core
    this.#stream = null
    this.#isEnd = (flags & END_STREAM) !== 0
    this.#window -= length
    if (this.#window < 0) return core.fail(FLOW_CONTROL_ERROR, 'DATA over the window of the connection')
    if (dataLength === 0 && !this.#isEnd && !core.spendIdle('empty DATA')) return
    const stream = core.streams.open.get(id)
    if (stream === undefined) {
      this.creditConnection(length)
      this.#onClosed(id)
      return
    }
    stream.receiveWindow -= length
    const error = this.#check(stream, dataLength)
    if (error !== 0) {
      this.creditConnection(length)
      core.streamError(stream, error)
      return
    }
    this.#stream = stream
    if (length > dataLength) this.credit(stream, length - dataLength)
  }

  onData(bytes: Buffer, start: number, end: number, isLast: boolean): void {
    const stream = this.#stream
    if (stream === null) return
    const isEnd = isLast && this.#isEnd
    if (stream.isOpen) {
      if (isEnd) stream.isReceiveEnded = true
      if (isEnd || end > start) stream.sink.onData(stream, bytes, start, end, isEnd)
    }
    if (!stream.isOpen) this.creditConnection(end - start)
    else if (stream.isPaused) stream.heldBytes += end - start
    else if (end > start) this.credit(stream, end - start)
    if (isEnd && stream.isOpen) this.#core.closeIfDone(stream)
  }

  credit(stream: Http2Stream, count: number): void {
    this.creditConnection(count)
    if (!stream.isOpen || stream.isReceiveEnded) return
    stream.creditBytes += count
    if (stream.creditBytes * 2 < this.streamWindow) return
    stream.receiveWindow += stream.creditBytes
    this.#core.sender.windowUpdate(stream.id, stream.creditBytes)
    stream.creditBytes = 0
  }

  creditConnection(count: number): void {
    this.#credit += count
    if (this.#credit * 2 < Math.max(DEFAULT_WINDOW_BYTES, this.#core.limits.connectionWindowBytes)) return
    this.#window += this.#credit
    this.#core.sender.windowUpdate(0, this.#credit)
    this.#credit = 0
  }

  /** Error code of the stream; 0: the frame is good. */
  #check(stream: Http2Stream, dataLength: number): number {
    if (stream.isReceiveEnded) return STREAM_CLOSED
    if (stream.receiveWindow < 0) return FLOW_CONTROL_ERROR
    if (!this.#core.isServer && !stream.hasHead) return PROTOCOL_ERROR
    if (stream.isBodiless && dataLength > 0) return PROTOCOL_ERROR
    if (stream.leftBytes < 0 || stream.isBodiless) return 0
    stream.leftBytes -= dataLength
    return stream.leftBytes < 0 || (this.#isEnd && stream.leftBytes > 0) ? PROTOCOL_ERROR : 0
  }

  #onClosed(id: number): void {
    const core = this.#core
    if (id === 0) return core.fail(PROTOCOL_ERROR, 'DATA on stream 0')
    if (core.streams.isIdle(id)) return core.fail(PROTOCOL_ERROR, `DATA on the idle stream ${id}`)
    const ending = core.streams.endingOf(id)
    if (ending === 'complete') core.fail(STREAM_CLOSED, `DATA behind the end of stream ${id}`)
    else if (ending !== 'reset-by-us' && core.spendReset()) core.refuse(id, STREAM_CLOSED)
  }
}
