/**
 * Bytes → frames (RFC 9113 §4.1), however they are cut into reads. DATA goes on in pieces as it lies; all other frames
 * are handed over whole, copied only when they did not arrive in one read.
 */
import { DATA, FRAME_HEAD_BYTES, FRAME_SIZE_ERROR, PADDED, PREFACE, PROTOCOL_ERROR } from './codes.ts'

export interface FrameSink {
  /** A whole frame other than DATA; its payload is `bytes[start, end)`, valid during the call. */
  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void
  /** A DATA frame begins. `length`: what counts for flow control; `dataLength`: without padding. */
  onDataHead(flags: number, id: number, length: number, dataLength: number): void
  /** A piece of the DATA frame that began last; at least one comes, an empty one for an empty frame. */
  onData(bytes: Buffer, start: number, end: number, isLast: boolean): void
  /** The bytes are not HTTP/2. */
  onFrameFault(code: number, why: string): void
}

const PREFACE_STATE = 0
const HEAD = 1
const PAYLOAD = 2
const PAD_LENGTH = 3
const DATA_STATE = 4
const PADDING = 5
const STOPPED = 6

export class FrameReader {
  readonly #sink: FrameSink
  readonly #maxFrameBytes: number
  #state: number
  /** Bytes of the preface or of a frame's head that have come. */
  #count = 0
  #head: Buffer | null = null
  #type = 0
  #flags = 0
  #id = 0
  /** Of the payload; of what is left of DATA or padding. */
  #length = 0
  #padding = 0
  #kept: Buffer | null = null

  /** `expectsPreface`: the other side is a client. */
  constructor(sink: FrameSink, maxFrameBytes: number, expectsPreface: boolean) {
    this.#sink = sink
    this.#maxFrameBytes = maxFrameBytes
    this.#state = expectsPreface ? PREFACE_STATE : HEAD
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#state = STOPPED
    this.#kept = null
  }

  read(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      switch (this.#state) {
        case HEAD:
          at = this.#readHead(bytes, at, end)
          break
        case DATA_STATE:
          at = this.#readData(bytes, at, end)
          break
        case PAYLOAD:
          at = this.#readPayload(bytes, at, end)
          break
        case PAD_LENGTH:
          this.#beginPadded(bytes[at] ?? 0, bytes, at + 1)
          at++
          break
        case PADDING: {
          const count = Math.min(this.#padding, end - at)
          this.#padding -= count
          at += count
          if (this.#padding === 0) this.#state = HEAD
          break
        }
        case PREFACE_STATE:
          at = this.#readPreface(bytes, at, end)
          break
        default:
          return
      }
    }
  }

  #readPreface(bytes: Buffer, start: number, end: number): number {
    const count = Math.min(PREFACE.length - this.#count, end - start)
    if (bytes.compare(PREFACE, this.#count, this.#count + count, start, start + count) !== 0) {
      this.#fail(PROTOCOL_ERROR, 'no preface of HTTP/2')
      return end
    }
    this.#count += count
    if (this.#count === PREFACE.length) {
      this.#count = 0
      this.#state = HEAD
    }
    return start + count
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    if (this.#count === 0 && end - start >= FRAME_HEAD_BYTES) {
      this.#begin(bytes, start, bytes, start + FRAME_HEAD_BYTES)
      return start + FRAME_HEAD_BYTES
    }
    this.#head ??= Buffer.allocUnsafe(FRAME_HEAD_BYTES)
    const count = Math.min(FRAME_HEAD_BYTES - this.#count, end - start)
    bytes.copy(this.#head, this.#count, start, start + count)
    this.#count += count
    if (this.#count === FRAME_HEAD_BYTES) {
      this.#count = 0
      this.#begin(this.#head, 0, bytes, start + count)
    }
    return start + count
  }

  /** The head is `head[at, at + 9)`; `bytes` and `next`: where an empty payload would be. */
  #begin(head: Buffer, at: number, bytes: Buffer, next: number): void {
    const length = ((head[at] ?? 0) << 16) | ((head[at + 1] ?? 0) << 8) | (head[at + 2] ?? 0)
    const type = head[at + 3] ?? 0
    const flags = head[at + 4] ?? 0
    this.#id = head.readUInt32BE(at + 5) & 0x7fff_ffff
    this.#type = type
    this.#flags = flags
    if (length > this.#maxFrameBytes) {
      this.#fail(FRAME_SIZE_ERROR, `frame of ${length} bytes`)
    } else if (type !== DATA) {
      this.#length = length
      this.#state = PAYLOAD
      if (length === 0) this.#readPayload(bytes, next, next)
    } else if ((flags & PADDED) === 0) this.#beginData(length, length, bytes, next)
    else if (length === 0) this.#fail(FRAME_SIZE_ERROR, 'padded DATA without padding')
    else {
      this.#length = length
      this.#state = PAD_LENGTH
    }
  }

  #beginPadded(padding: number, bytes: Buffer, next: number): void {
    if (padding >= this.#length) this.#fail(PROTOCOL_ERROR, 'padding longer than its frame')
    else {
      this.#padding = padding
      this.#beginData(this.#length, this.#length - 1 - padding, bytes, next)
    }
  }

  #beginData(length: number, dataLength: number, bytes: Buffer, next: number): void {
    this.#length = dataLength
    this.#state = DATA_STATE
    this.#sink.onDataHead(this.#flags, this.#id, length, dataLength)
    if (dataLength === 0) this.#readData(bytes, next, next)
  }

  #readData(bytes: Buffer, start: number, end: number): number {
    if (this.#state !== DATA_STATE) return end
    const count = Math.min(this.#length, end - start)
    this.#length -= count
    const isLast = this.#length === 0
    if (isLast) this.#state = this.#padding > 0 ? PADDING : HEAD
    this.#sink.onData(bytes, start, start + count, isLast)
    return start + count
  }

  #readPayload(bytes: Buffer, start: number, end: number): number {
    const length = this.#length
    if (this.#kept === null && end - start >= length) {
      this.#state = HEAD
      this.#sink.onFrame(this.#type, this.#flags, this.#id, bytes, start, start + length)
      return start + length
    }
    this.#kept ??= Buffer.allocUnsafe(length)
    const count = Math.min(length - this.#count, end - start)
    bytes.copy(this.#kept, this.#count, start, start + count)
    this.#count += count
    if (this.#count < length) return end
    const kept = this.#kept
    this.#kept = null
    this.#count = 0
    this.#state = HEAD
    this.#sink.onFrame(this.#type, this.#flags, this.#id, kept, 0, length)
    return start + count
  }

  #fail(code: number, why: string): void {
    this.stop()
    this.#sink.onFrameFault(code, why)
  }
}
