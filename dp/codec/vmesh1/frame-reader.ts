/**
 * Cuts bytes into frames of vmesh/1, however they were split. DATA goes on as it lies; a frame of usual size that is
 * split is put together first, since every piece would cost the next connection a write. Of other frames the known
 * payload is gathered, the rest skipped. What a peer can make it hold is one frame.
 */
import { DATA, END, FRAME_HEAD_BYTES, MAX_CONTROL_BYTES, MAX_DATA_BYTES } from './codes.ts'

export interface FrameHandler {
  /** False: stop reading for good. */
  readonly isReading: boolean
  /** A DATA frame, or a piece of a large one. `isCopy`: `bytes` is valid during the call only, whoever read it. */
  onData(id: number, bytes: Buffer, start: number, end: number, isCopy: boolean): void
  onEndOf(id: number): void
  /** A DATA frame that says nothing. */
  onNothing(): void
  /** `payload` holds `length` bytes that are valid during the call only. */
  onControl(type: number, flags: number, id: number, payload: Buffer, length: number): void
}

/** Buffers for frames that are split. */
const MAX_SPARE = 16
const spare: Buffer[] = []

export class FrameReader {
  readonly #handler: FrameHandler
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES)
  /** Bytes of a head that is split. */
  #headBytes = 0
  #isInFrame = false
  #type = 0
  #flags = 0
  #id = 0
  #left = 0
  #isLarge = false
  readonly #payload = Buffer.alloc(MAX_CONTROL_BYTES)
  #payloadBytes = 0
  /** The beginning of a DATA frame that is split. */
  #part: Buffer | null = null
  #partBytes = 0

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  read(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end && this.#handler.isReading) {
      if (!this.#isInFrame) {
        at = this.#readHead(bytes, at, end)
        if (!this.#isInFrame) return
        if (this.#left > 0) continue
      } else {
        const to = Math.min(end, at + this.#left)
        this.#left -= to - at
        if (this.#type === DATA) this.#onData(bytes, at, to)
        else this.#gather(bytes, at, to)
        at = to
      }
      if (this.#left === 0 && this.#handler.isReading) this.#finish()
    }
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    let at = start
    if (this.#headBytes === 0 && end - at >= FRAME_HEAD_BYTES) {
      this.#begin(bytes, at)
      return at + FRAME_HEAD_BYTES
    }
    while (at < end && this.#headBytes < FRAME_HEAD_BYTES) this.#head[this.#headBytes++] = bytes[at++] ?? 0
    if (this.#headBytes < FRAME_HEAD_BYTES) return at
    this.#headBytes = 0
    this.#begin(this.#head, 0)
    return at
  }

  #begin(head: Buffer, at: number): void {
    this.#isInFrame = true
    this.#left = ((head[at] ?? 0) << 8) | (head[at + 1] ?? 0)
    this.#isLarge = this.#left > MAX_DATA_BYTES
    this.#type = head[at + 2] ?? 0
    this.#flags = head[at + 3] ?? 0
    this.#id = head.readUInt32BE(at + 4)
    this.#payloadBytes = 0
    if (this.#type === DATA && this.#left === 0 && (this.#flags & END) === 0) this.#handler.onNothing()
  }

  #onData(bytes: Buffer, start: number, end: number): void {
    const count = end - start
    if (this.#part === null) {
      if (this.#left === 0 || this.#isLarge) {
        this.#handler.onData(this.#id, bytes, start, end, false)
        return
      }
      this.#part = spare.pop() ?? Buffer.allocUnsafeSlow(MAX_DATA_BYTES)
      this.#partBytes = 0
    }
    const part = this.#part
    bytes.copy(part, this.#partBytes, start, end)
    this.#partBytes += count
    if (this.#left > 0) return
    this.#part = null
    this.#handler.onData(this.#id, part, 0, this.#partBytes, true)
    if (spare.length < MAX_SPARE) spare.push(part)
  }

  #gather(bytes: Buffer, start: number, end: number): void {
    const count = Math.min(end - start, MAX_CONTROL_BYTES - this.#payloadBytes)
    bytes.copy(this.#payload, this.#payloadBytes, start, start + count)
    this.#payloadBytes += count
  }

  #finish(): void {
    this.#isInFrame = false
    if (this.#type !== DATA) {
      this.#handler.onControl(this.#type, this.#flags, this.#id, this.#payload, this.#payloadBytes)
    } else if ((this.#flags & END) !== 0) this.#handler.onEndOf(this.#id)
  }
}
