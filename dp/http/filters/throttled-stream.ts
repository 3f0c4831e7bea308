/**
 * A stream whose bytes are handed on no faster than a rate: what comes sooner is kept, and the stream paused. One timer while
 * something is kept.
 */
import type { Stream } from '../../cluster/transport.ts'
import type { ByteSink } from '../../codec/byte-stream.ts'
import type { FieldList } from '../../codec/http2/field-list.ts'
import type { HeaderBlock } from '../../codec/http2/header-block.ts'

/** Between two portions. */
const TICK_MS = 20

export class ThrottledStream implements Stream, ByteSink {
  readonly #stream: Stream
  readonly #bytesPerMs: number
  #sink: ByteSink
  readonly #kept: Buffer[] = []
  #timer: NodeJS.Timeout | null = null
  /** When what was handed on so far has had its time. */
  #freeAtMs = 0
  #isPaused = false
  /** What is told behind what is kept. */
  #end: (() => void) | null = null
  readonly request?: (fields: FieldList, isBodiless: boolean) => void

  constructor(stream: Stream, bytesPerSecond: number) {
    this.#stream = stream
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#sink = stream.sink
    stream.sink = this
    if (stream.request !== undefined)
      this.request = (fields, isBodiless) => stream.request?.(fields, isBodiless)
  }

  get sink(): ByteSink {
    return this.#sink
  }

  set sink(sink: ByteSink) {
    this.#sink = sink
  }

  get isOpen(): boolean {
    return this.#stream.isOpen
  }

  get isReused(): boolean {
    return this.#stream.isReused
  }

  get isUnprocessed(): boolean {
    return this.#stream.isUnprocessed
  }

  get cutReason(): Stream['cutReason'] {
    return this.#stream.cutReason
  }

  get pendingBytes(): number {
    return this.#stream.pendingBytes
  }

  write(text: string): boolean {
    return this.#stream.write(text)
  }

  writeBytes(bytes: Buffer): boolean {
    return this.#stream.writeBytes(bytes)
  }

  writeBoth(text: string, bytes: Buffer): boolean {
    return this.#stream.writeBoth(text, bytes)
  }

  take(): boolean {
    return false
  }

  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#kept.length === 0) this.#stream.resume()
    else this.#handOn()
  }

  end(): void {
    this.#stream.end()
  }

  destroy(): void {
    this.#forget()
    this.#stream.destroy()
  }

  reset(): void {
    this.#forget()
    this.#stream.reset()
  }

  release(isReusable: boolean, keepMs: number): void {
    this.#forget()
    this.#stream.release(isReusable, keepMs)
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#kept.push(Buffer.from(bytes.subarray(start, end)))
    this.#stream.pause()
    this.#handOn()
  }

  onResponse(block: HeaderBlock, isEnd: boolean): void {
    this.#sink.onResponse?.(block, isEnd)
  }

  onEnd(): void {
    this.#behind(() => this.#sink.onEnd())
  }

  onDrain(): void {
    this.#sink.onDrain()
  }

  onClose(error: Error | undefined): void {
    this.#behind(() => this.#sink.onClose(error))
  }

  #behind(tell: () => void): void {
    if (this.#kept.length === 0) return tell()
    const before = this.#end
    this.#end = () => {
      before?.()
      tell()
    }
  }

  /** As much as the time since the last portion allows. */
  #handOn(): void {
    while (!this.#isPaused) {
      const [first] = this.#kept
      if (first === undefined) return this.#handedOn()
      const nowMs = performance.now()
      const waitMs = this.#freeAtMs - nowMs
      if (waitMs > 0) return this.#wait(waitMs)
      const most = Math.max(1, Math.floor(this.#bytesPerMs * TICK_MS))
      const count = Math.min(first.length, most)
      if (count === first.length) this.#kept.shift()
      else this.#kept[0] = first.subarray(count)
      this.#freeAtMs = Math.max(nowMs - TICK_MS, this.#freeAtMs) + count / this.#bytesPerMs
      this.#sink.onBytes(first, 0, count)
    }
  }

  #handedOn(): void {
    const end = this.#end
    this.#end = null
    if (end !== null) end()
    else if (this.#stream.isOpen) this.#stream.resume()
  }

  #wait(ms: number): void {
    if (this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#handOn()
    }, ms)
  }

  #forget(): void {
    this.#kept.length = 0
    this.#end = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
