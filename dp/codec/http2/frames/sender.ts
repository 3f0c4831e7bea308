/**
 * The sending half of a connection: frames into the output, header blocks through the encoder, DATA as far as the
 * peer's windows allow. Streams that have to wait take turns, a frame each.
 */
import type { Allowance } from '../../allowance.ts'
import type { Output } from '../../output.ts'
import { FieldList } from '../field-list.ts'
import { encodedBound, HpackEncoder } from '../hpack/encoder.ts'
import type { Http2Stream } from '../stream.ts'
import {
  ACK,
  CONTINUATION,
  DATA,
  DEFAULT_WINDOW_BYTES,
  END_HEADERS,
  END_STREAM,
  FRAME_HEAD_BYTES,
  GOAWAY,
  HEADERS,
  MIN_FRAME_BYTES,
  PING,
  PREFACE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './codes.ts'

/** A DATA frame below it, with more to come, is what a peer causes that opens its window byte by byte. */
const SMALL_FRAME_BYTES = 256
const REFUND_FOR_DATA = 4

export class Sender {
  readonly output: Output
  readonly encoder = new HpackEncoder()
  /** The peer's window of the connection. */
  window = DEFAULT_WINDOW_BYTES
  /** Tiny frames, and credit for others; used up: see `isExhausted`. */
  readonly #idleFrames: Allowance
  /** The peer made us send too many tiny frames. */
  isExhausted = false
  readonly #onEnd: (stream: Http2Stream) => void
  #waiting: Http2Stream[] = []

  /** `onEnd`: END_STREAM was written. */
  constructor(output: Output, idleFrames: Allowance, onEnd: (stream: Http2Stream) => void) {
    this.output = output
    this.#idleFrames = idleFrames
    this.#onEnd = onEnd
  }

  preface(): void {
    const { output } = this
    output.reserve(PREFACE.length)
    PREFACE.copy(output.buffer, output.at)
    output.at += PREFACE.length
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#begin(pairs.length * 6, SETTINGS, 0, 0)
    const { buffer } = this.output
    for (const [id, value] of pairs) {
      buffer.writeUInt16BE(id, at)
      buffer.writeUInt32BE(value, at + 2)
      at += 6
    }
  }

  settingsAck(): void {
    this.#begin(0, SETTINGS, ACK, 0)
  }

  /** `payload[start, start + 8)`. */
  ping(payload: Buffer, start: number, flags: number): void {
    const at = this.#begin(8, PING, flags, 0)
    payload.copy(this.output.buffer, at, start, start + 8)
  }

  goaway(lastId: number, code: number, why: string): void {
    const at = this.#begin(8 + why.length, GOAWAY, 0, 0)
    const { buffer } = this.output
    buffer.writeUInt32BE(lastId, at)
    buffer.writeUInt32BE(code, at + 4)
    buffer.write(why, at + 8, why.length, 'latin1')
  }

  rst(id: number, code: number): void {
    const at = this.#begin(4, RST_STREAM, 0, id)
    this.output.buffer.writeUInt32BE(code, at)
  }

  windowUpdate(id: number, count: number): void {
    const at = this.#begin(4, WINDOW_UPDATE, 0, id)
    this.output.buffer.writeUInt32BE(count, at)
  }

  headers(stream: Http2Stream, fields: FieldList, isEnd: boolean): void {
    const { output } = this
    const flags = isEnd ? END_STREAM : 0
    const bound = encodedBound(fields)
    if (bound <= MIN_FRAME_BYTES) {
      output.reserve(FRAME_HEAD_BYTES + bound)
      const start = output.at + FRAME_HEAD_BYTES
      const end = this.encoder.encode(fields, output.buffer, start)
      writeHead(output.buffer, output.at, end - start, HEADERS, flags | END_HEADERS, stream.id)
      output.at = end
    } else this.#largeHeaders(stream.id, fields, flags, bound)
    if (isEnd) this.#onEnd(stream)
  }

  /** False: some was kept with the stream. */
  data(stream: Http2Stream, bytes: Buffer, start: number, end: number, isEnd: boolean): boolean {
    let at = start
    if (!stream.isWaiting) {
      at = this.#write(stream, bytes, start, end, isEnd, Number.POSITIVE_INFINITY)
      if (at === end && (at > start || !isEnd)) return true
      if (start === end && isEnd) {
        this.#writeEnd(stream)
        return true
      }
    }
    if (at < end) {
      stream.queue ??= []
      stream.queue.push(Buffer.from(bytes.subarray(at, end)))
      stream.queuedBytes += end - at
    }
    stream.queuedEnd ||= isEnd
    this.#wait(stream)
    return false
  }

  text(stream: Http2Stream, text: string, isEnd: boolean): boolean {
    const { output } = this
    const { length } = text
    const room = Math.min(this.window, stream.sendWindow, MIN_FRAME_BYTES)
    if (stream.isWaiting || output.isBlocked || length > room || length === 0) {
      const bytes = Buffer.from(text, 'latin1')
      return this.data(stream, bytes, 0, bytes.length, isEnd)
    }
    const at = this.#begin(length, DATA, isEnd ? END_STREAM : 0, stream.id)
    output.buffer.write(text, at, length, 'latin1')
    this.#idleFrames.refund(REFUND_FOR_DATA)
    this.window -= length
    stream.sendWindow -= length
    if (isEnd) this.#onEnd(stream)
    return true
  }

  trailers(stream: Http2Stream, fields: FieldList): void {
    if (!stream.isWaiting) {
      this.headers(stream, fields, true)
      return
    }
    stream.queuedTrailers = new FieldList()
    stream.queuedTrailers.addAll(fields)
  }

  /** Window or connection of this stream have opened. */
  resume(stream: Http2Stream): void {
    if (!stream.isWaiting) return
    while (this.#turn(stream));
    if (!stream.isWaiting) this.#waiting = this.#waiting.filter(other => other !== stream)
  }

  /** The connection has opened: whoever waits gets a frame in turn. */
  resumeAll(): void {
    let isMoving = this.#waiting.length > 0
    while (isMoving) {
      isMoving = false
      const waiting = this.#waiting
      for (const stream of waiting) if (stream.isWaiting && this.#turn(stream)) isMoving = true
      this.#waiting = this.#waiting.filter(stream => stream.isWaiting)
    }
    // Whoever was first when the connection closed again is last next time.
    const first = this.#waiting.shift()
    if (first !== undefined) this.#waiting.push(first)
  }

  /** The stream is closed. */
  forget(stream: Http2Stream): void {
    if (!stream.isWaiting) return
    stream.isWaiting = false
    stream.queue = null
    stream.queuedBytes = 0
    this.#waiting = this.#waiting.filter(other => other !== stream)
  }

  #wait(stream: Http2Stream): void {
    if (stream.isWaiting) return
    stream.isWaiting = true
    this.#waiting.push(stream)
  }

  /** One frame of what the stream has kept; true when more may follow at once. */
  #turn(stream: Http2Stream): boolean {
    const queue = stream.queue ?? []
    const first = queue[0]
    if (first !== undefined) {
      const isEnd = stream.queuedEnd && queue.length === 1
      const at = this.#write(stream, first, 0, first.length, isEnd, MIN_FRAME_BYTES)
      if (!stream.isOpen) return false
      stream.queuedBytes -= at
      if (at === first.length) queue.shift()
      else queue[0] = first.subarray(at)
      if (at === 0) return false
      if (queue.length > 0) return true
    }
    stream.isWaiting = false
    if (stream.queuedTrailers !== null) this.headers(stream, stream.queuedTrailers, true)
    if (stream.isOpen) stream.sink.onDrain(stream)
    return false
  }

  /** As much as windows and connection take, at most `most`; the offset behind it. */
  #write(
    stream: Http2Stream,
    bytes: Buffer,
    start: number,
    end: number,
    isEnd: boolean,
    most: number,
  ): number {
    const { output } = this
    const last = Math.min(end, start + most)
    let at = start
    while (at < last && !output.isBlocked) {
      const count = Math.min(last - at, this.window, stream.sendWindow, MIN_FRAME_BYTES)
      if (count <= 0) break
      const ends = isEnd && at + count === end
      const to = this.#begin(count, DATA, ends ? END_STREAM : 0, stream.id)
      bytes.copy(output.buffer, to, at, at + count)
      at += count
      this.window -= count
      stream.sendWindow -= count
      if (count >= SMALL_FRAME_BYTES || at === end) this.#idleFrames.refund(REFUND_FOR_DATA)
      else if (!this.#idleFrames.spend()) this.isExhausted = true
      if (ends) this.#onEnd(stream)
    }
    return at
  }

  #writeEnd(stream: Http2Stream): void {
    this.#begin(0, DATA, END_STREAM, stream.id)
    this.#onEnd(stream)
  }

  /** A block that may not fit a frame: HEADERS and CONTINUATION, with nothing in between. */
  #largeHeaders(id: number, fields: FieldList, flags: number, bound: number): void {
    const block = Buffer.allocUnsafe(bound)
    const length = this.encoder.encode(fields, block, 0)
    for (let at = 0; at < length; at += MIN_FRAME_BYTES) {
      const count = Math.min(MIN_FRAME_BYTES, length - at)
      const end = at + count === length ? END_HEADERS : 0
      const to = this.#begin(count, at === 0 ? HEADERS : CONTINUATION, (at === 0 ? flags : 0) | end, id)
      block.copy(this.output.buffer, to, at, at + count)
    }
  }

  /** Writes a frame's head and reserves its payload; where that begins. */
  #begin(length: number, type: number, flags: number, id: number): number {
    const { output } = this
    output.reserve(FRAME_HEAD_BYTES + length)
    const at = output.at
    writeHead(output.buffer, at, length, type, flags, id)
    output.at = at + FRAME_HEAD_BYTES + length
    return at + FRAME_HEAD_BYTES
  }
}

function writeHead(into: Buffer, at: number, length: number, type: number, flags: number, id: number): void {
  into[at] = length >>> 16
  into[at + 1] = length >>> 8
  into[at + 2] = length
  into[at + 3] = type
  into[at + 4] = flags
  into[at + 5] = id >>> 24
  into[at + 6] = id >>> 16
  into[at + 7] = id >>> 8
  into[at + 8] = id
}
