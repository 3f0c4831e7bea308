/** Where the body of an HTTP/1.1 message ends, for each of its framings (RFC 9112 §6.3); bytes are counted, not kept. */
import { ChunkedBody } from './chunked.ts'
import type { ResponseHead } from './response-head.ts'

export class BodyReader {
  isDone = true
  /** Its end is the end of the connection. */
  isUntilClose = false
  isChunked = false
  /** Of a body with a length. */
  leftBytes = 0
  /** Set by `read`: where the bytes that go on end; before its answer where it took some out. */
  outputEnd = 0
  #chunked: ChunkedBody | null = null

  /** Of a request, where no length means no body. */
  begin(head: { readonly isChunked: boolean; readonly contentLength: number }): void {
    if (head.isChunked) this.beginChunked()
    else this.beginLength(Math.max(0, head.contentLength))
  }

  /** Of a response. */
  beginResponse({ framing, contentLength }: Pick<ResponseHead, 'framing' | 'contentLength'>): void {
    if (framing === 'none') this.beginLength(0)
    else if (framing === 'length') this.beginLength(contentLength)
    else if (framing === 'chunked') this.beginChunked()
    else this.beginUntilClose()
  }

  /** `length`: 0 for no body. */
  beginLength(length: number): void {
    this.isDone = length === 0
    this.isUntilClose = false
    this.isChunked = false
    this.leftBytes = length
  }

  beginChunked(): void {
    this.#chunked ??= new ChunkedBody()
    this.#chunked.begin()
    this.isDone = false
    this.isUntilClose = false
    this.isChunked = true
  }

  beginUntilClose(): void {
    this.isDone = false
    this.isUntilClose = true
    this.isChunked = false
  }

  /** Whether what is left is known and no more than that. */
  canDrop(maxBytes: number): boolean {
    return !this.isChunked && !this.isUntilClose && this.leftBytes <= maxBytes
  }

  /** Offset behind what belongs to the body in `bytes[start, end)`; -1: malformed. */
  read(bytes: Buffer, start: number, end: number): number {
    if (this.isChunked && !this.isDone && this.#chunked !== null) {
      const bodyEnd = this.#chunked.read(bytes, start, end)
      this.isDone = this.#chunked.isDone
      this.outputEnd = this.#chunked.outputEnd
      return bodyEnd
    }
    this.outputEnd = this.#plainEnd(start, end)
    return this.outputEnd
  }

  #plainEnd(start: number, end: number): number {
    if (this.isDone) return start
    if (this.isUntilClose) return end
    const count = Math.min(this.leftBytes, end - start)
    this.leftBytes -= count
    this.isDone = this.leftBytes === 0
    return start + count
  }
}
