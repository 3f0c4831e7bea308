/**
 * One stream of a vmesh/1 session as a byte stream (byte-stream.ts): what it writes goes into frames as far as the
 * peer's credit and the connection take it, the rest waits here by reference. What arrives while it is paused is
 * copied and kept, at most its window: credit is given only for what was handed on.
 */
import { type ByteSink, type ByteStream, NO_SINK } from '../byte-stream.ts'
import { Arrivals } from './arrivals.ts'
import { CUT, FIRST_WINDOW_BYTES, MAX_DATA_BYTES, MAX_WINDOW_BYTES, REFUSED } from './codes.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { Windows } from './windows.ts'

/** The session, as its streams see it. */
export interface StreamHost {
  readonly writer: FrameWriter
  readonly windows: Windows
  /** The stream has bytes that could not leave. */
  waits(stream: VmeshStream): void
  /** Bytes have moved in that direction. */
  moved(stream: VmeshStream, isOut: boolean): void
  /** `deliver` is to be called outside of all that runs now. */
  defer(stream: VmeshStream): void
  /** No more frames of the stream. */
  forget(stream: VmeshStream): void
}

export class VmeshStream implements ByteStream {
  readonly id: number
  sink: ByteSink = NO_SINK
  isOpen = true
  /** The other side has said that it looked at nothing that was sent. */
  isUnprocessed = false
  /** Bytes of the user, without frames. */
  bytesRead = 0
  bytesWritten = 0
  pendingBytes = 0
  isWaiting = false
  /** A question without its answer, as far as one can tell without knowing what is said. */
  isBusy = false
  /** The peer will send nothing more. */
  hasEnded = false
  readonly #host: StreamHost
  #queue: Buffer[] = []
  #credit = FIRST_WINDOW_BYTES
  #isEnding = false
  #hasSentEnd = false
  /** Came while it was paused. */
  readonly #arrived = new Arrivals()
  #isPaused = false
  #wasPaused = false
  #lends = false
  /** What the peer may still send, out of a window of that size. */
  #granted = FIRST_WINDOW_BYTES
  #windowBytes = FIRST_WINDOW_BYTES
  #handedOn = 0
  #hasToldEnd = false
  #isDestroyed = false
  /** `onClose` was told. */
  #isOver = false
  #loss: Error | undefined

  constructor(host: StreamHost, id: number) {
    this.#host = host
    this.id = id
  }

  write(text: string): boolean {
    const { length } = text
    if (!this.#canSend(length)) return this.writeBytes(Buffer.from(text, 'latin1'))
    this.#host.writer.text(this.id, text)
    this.#credit -= length
    this.bytesWritten += length
    return true
  }

  writeBytes(bytes: Buffer): boolean {
    if (!this.isOpen || this.#isEnding) return true
    this.#host.moved(this, true)
    const at = this.pendingBytes === 0 ? this.#send(bytes, bytes.length) : 0
    if (at < bytes.length) {
      this.#queue.push(at === 0 ? bytes : bytes.subarray(at))
      this.pendingBytes += bytes.length - at
      this.#host.waits(this)
    }
    return this.pendingBytes === 0
  }

  writeCopy(text: string, bytes: Buffer, start: number, end: number): boolean {
    const count = text.length + end - start
    if (!this.#canSend(count)) return this.writeBoth(text, Buffer.from(bytes.subarray(start, end)))
    this.#host.writer.both(this.id, text, bytes, start, end)
    this.#credit -= count
    this.bytesWritten += count
    return true
  }

  writeBoth(text: string, bytes: Buffer): boolean {
    if (text !== '') this.write(text)
    return this.writeBytes(bytes)
  }

  take(): boolean {
    return this.#lends
  }

  pause(): void {
    this.#isPaused = true
    this.#wasPaused = true
  }

  resume(): void {
    if (!this.#isPaused || this.#isOver) return
    this.#isPaused = false
    const hasToTell = this.#loss !== undefined || (this.hasEnded && !this.#hasToldEnd)
    if (hasToTell || !this.#arrived.isEmpty) this.#host.defer(this)
    else this.#report()
  }

  end(): void {
    if (!this.isOpen || this.#isEnding) return
    this.#isEnding = true
    if (this.pendingBytes === 0) this.#sendEnd()
  }

  destroy(): void {
    this.#abandon(CUT)
  }

  reset(): void {
    this.#abandon(CUT)
  }

  refuse(): void {
    this.#abandon(REFUSED)
  }

  /** DATA; `lends`: the buffer may be kept. False: more than the peer was allowed to send. */
  receive(bytes: Buffer, start: number, end: number, lends: boolean): boolean {
    const count = end - start
    this.#granted -= count
    if (this.hasEnded || this.#granted < 0) return false
    this.bytesRead += count
    this.#host.moved(this, false)
    if (this.#isPaused || !this.#arrived.isEmpty) {
      this.#arrived.add(bytes, start, end)
      return true
    }
    this.#lends = lends
    this.sink.onBytes(bytes, start, end)
    this.#handedOn += count
    this.#report()
    return true
  }

  /** False: it had ended before. */
  receiveEnd(): boolean {
    if (this.hasEnded) return false
    this.hasEnded = true
    if (!this.#isPaused && this.#arrived.isEmpty) this.#tellEnd()
    return true
  }

  /** False: more than can be. The caller lets it take its turn. */
  addCredit(count: number): boolean {
    this.#credit += count
    return this.#credit <= MAX_WINDOW_BYTES
  }

  /**
   * Reset by the peer, or lost. What came before an end or a refusal is handed on, maybe a whole answer; not if `isCutHere`.
   */
  lose(error: Error, isCutHere: boolean): void {
    const hasWaited = this.pendingBytes > 0
    this.isOpen = false
    this.#drop()
    this.#host.forget(this)
    if (this.#isDestroyed) return
    if (isCutHere || !(this.hasEnded || (this.isUnprocessed && !this.#arrived.isEmpty)))
      return this.#finish(error)
    if (this.#hasToldEnd) return this.#finish(this.#hasSentEnd ? undefined : error)
    this.#loss = this.hasEnded && this.#hasSentEnd ? undefined : error
    // Its user may take what came before only when the other direction goes on.
    if (hasWaited) this.sink.onDrain()
  }

  /** One frame of what waits; true when something has moved. */
  turn(): boolean {
    const first = this.#queue[0]
    if (first !== undefined) {
      const at = this.#send(first, MAX_DATA_BYTES)
      this.pendingBytes -= at
      if (at === first.length) this.#queue.shift()
      else if (at > 0) this.#queue[0] = first.subarray(at)
      if (this.pendingBytes > 0) return at > 0
    }
    this.isWaiting = false
    if (this.#isEnding && !this.#hasSentEnd) this.#sendEnd()
    this.sink.onDrain()
    return true
  }

  /** Hands on what was kept, and tells ends. */
  deliver(): void {
    if (this.#isDestroyed) return this.#finish(undefined)
    while (!this.#isPaused && !this.#isOver) {
      const bytes = this.#arrived.take()
      if (bytes === undefined) break
      this.#lends = true
      this.sink.onBytes(bytes, 0, bytes.length)
      this.#handedOn += bytes.length
    }
    if (this.#isPaused || this.#isOver || this.#isDestroyed) return
    if (!this.hasEnded && this.#loss !== undefined) this.#finish(this.#loss)
    else if (!this.hasEnded) this.#report()
    else if (!this.#hasToldEnd) this.#tellEnd()
    else if (this.#hasSentEnd) this.#finish(undefined)
  }

  #abandon(why: number): void {
    if (this.#isOver || this.#isDestroyed) return
    this.#isDestroyed = true
    this.#drop()
    this.#arrived.clear()
    if (this.isOpen) {
      this.isOpen = false
      if (!this.#hasSentEnd || !this.hasEnded) this.#host.writer.reset(this.id, why)
      this.#host.forget(this)
    }
    this.#host.defer(this)
  }

  /** Whether so many bytes may leave as one frame now. */
  #canSend(count: number): boolean {
    const isDirect = this.isOpen && !this.#isEnding && this.pendingBytes === 0 && count > 0
    const { writer } = this.#host
    if (!isDirect || count > this.#credit || count > MAX_DATA_BYTES || writer.output.isBlocked) return false
    this.#host.moved(this, true)
    return true
  }

  /** Sends at most `most` bytes from the beginning; the offset behind them. */
  #send(bytes: Buffer, most: number): number {
    const { writer } = this.#host
    const last = Math.min(most, bytes.length)
    let at = 0
    while (at < last && !writer.output.isBlocked) {
      const count = Math.min(last - at, this.#credit, MAX_DATA_BYTES)
      if (count <= 0) break
      writer.data(this.id, bytes, at, at + count)
      at += count
      this.#credit -= count
    }
    this.bytesWritten += at
    return at
  }

  #sendEnd(): void {
    this.#hasSentEnd = true
    this.#host.writer.end(this.id)
    if (this.#hasToldEnd) this.#host.defer(this)
  }

  #tellEnd(): void {
    this.#hasToldEnd = true
    this.sink.onEnd()
    if (this.#isDestroyed) return
    if (this.#hasSentEnd || this.#loss !== undefined || !this.isOpen) this.#finish(this.#loss)
  }

  /** Gives credit for what was handed on, in halves of the window; whoever keeps up gets a larger one. */
  #report(): void {
    if (this.#isPaused || this.hasEnded || !this.isOpen || this.#handedOn * 2 < this.#windowBytes) return
    let count = this.#handedOn
    if (!this.#wasPaused && this.#host.windows.grow(this.#windowBytes)) {
      count += this.#windowBytes
      this.#windowBytes *= 2
    }
    this.#wasPaused = false
    this.#handedOn = 0
    this.#granted += count
    this.#host.writer.window(this.id, count)
  }

  #drop(): void {
    this.#queue = []
    this.pendingBytes = 0
    this.isWaiting = false
  }

  #finish(error: Error | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.isOpen = false
    this.#arrived.clear()
    this.#host.forget(this)
    this.#host.windows.giveBack(this.#windowBytes)
    const { sink } = this
    this.sink = NO_SINK
    sink.onClose(error)
  }
}
