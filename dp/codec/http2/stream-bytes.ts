/**
 * A stream of HTTP/2 that has become a tunnel (RFC 9113 §8.5) as a byte stream: DATA is its bytes, END_STREAM the end of
 * a side, RST_STREAM a cut.
 */
import { type ByteSink, type ByteStream, NO_SINK } from '../byte-stream.ts'
import { CANCEL, CONNECT_ERROR, PROTOCOL_ERROR } from './frames/codes.ts'
import { type Http2Stream, NO_STREAM_SINK, type StreamSink } from './stream.ts'

const NOTHING = Buffer.alloc(0)

export class StreamBytes implements ByteStream, StreamSink {
  sink: ByteSink = NO_SINK
  isOpen = true
  readonly #stream: Http2Stream
  readonly #reader: { sink: ByteSink }
  #hasEnded = false
  #isEnding = false

  /** Takes over a stream whose heads have gone both ways. `reader`: whose sink is told, where it is not this one's. */
  constructor(stream: Http2Stream, reader?: { sink: ByteSink }) {
    this.#stream = stream
    this.#reader = reader ?? this
    stream.sink = this
  }

  get pendingBytes(): number {
    return this.#stream.pendingBytes
  }

  write(text: string): boolean {
    return this.#stream.sendText(text, false)
  }

  writeBytes(bytes: Buffer): boolean {
    return this.#stream.sendData(bytes, 0, bytes.length, false)
  }

  writeBoth(text: string, bytes: Buffer): boolean {
    this.write(text)
    return this.writeBytes(bytes)
  }

  writeCopy(text: string, bytes: Buffer, start: number, end: number): boolean {
    if (text !== '') this.write(text)
    return this.#stream.sendData(bytes, start, end, false)
  }

  /** What is read belongs to the connection. */
  take(): boolean {
    return false
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#stream.sendData(NOTHING, 0, 0, true)
    // What waits for credit leaves by itself.
    if (this.#hasEnded) this.#close(undefined)
  }

  destroy(): void {
    this.#cut(CANCEL)
  }

  reset(): void {
    this.#cut(CONNECT_ERROR)
  }

  onHead(): void {}

  onData(_stream: Http2Stream, bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    if (end > start) this.#reader.sink.onBytes(bytes, start, end)
    if (!isEnd) return
    this.#hasEnded = true
    this.#reader.sink.onEnd()
    if (this.#isEnding) this.#close(undefined)
  }

  /** RFC 9113 §8.5: nothing but DATA belongs into a tunnel. */
  onTrailers(): void {
    this.#stream.reset(PROTOCOL_ERROR)
    this.#close(new Error('trailers in a tunnel'))
  }

  onDrain(): void {
    this.#reader.sink.onDrain()
  }

  onReset(_stream: Http2Stream, code: number): void {
    this.#close(new Error(`the stream was reset with code ${code}`))
  }

  #cut(code: number): void {
    if (!this.isOpen) return
    this.#stream.sink = NO_STREAM_SINK
    this.#stream.reset(code)
    this.#close(undefined)
  }

  /** Told when whoever is calling has returned. */
  #close(error: Error | undefined): void {
    if (!this.isOpen) return
    this.isOpen = false
    const reader = this.#reader
    queueMicrotask(() => {
      const { sink } = reader
      reader.sink = NO_SINK
      sink.onClose(error)
    })
  }
}
