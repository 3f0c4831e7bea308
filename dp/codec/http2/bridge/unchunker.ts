/**
 * The data and trailers inside a chunked body of HTTP/1.1, for DATA and HEADERS of HTTP/2. Reads only what ChunkedBody
 * (http1/chunked.ts) has found good, so it knows no faults.
 */
import { HEX } from '../../http1/bytes.ts'
import type { FieldList } from '../field-list.ts'
import { addLines, isForTrailer } from './field-lines.ts'

const SIZE = 0
const EXTENSION = 1
const DATA = 2
const DATA_END = 3
const TRAILERS = 4
const DONE = 5

const LF = 10
const CR_BYTES = 1
const SEMICOLON = 59

export interface ChunkSink {
  /** Data; valid during the call. */
  onChunk(bytes: Buffer, start: number, end: number): void
}

export class Unchunker {
  #state = SIZE
  #left = 0
  #trailers = ''
  /** Of a line of the trailers, so far. */
  #lineBytes = 0

  begin(): void {
    this.#state = SIZE
    this.#left = 0
    this.#trailers = ''
    this.#lineBytes = 0
  }

  get isDone(): boolean {
    return this.#state === DONE
  }

  /** Reads on in `bytes[start, end)`, which belongs to the body as a whole. */
  read(bytes: Buffer, start: number, end: number, sink: ChunkSink): void {
    let at = start
    while (at < end && this.#state !== DONE) {
      if (this.#state !== DATA) this.#step(bytes[at++] ?? 0)
      else {
        const count = Math.min(this.#left, end - at)
        this.#left -= count
        if (this.#left === 0) this.#state = DATA_END
        sink.onChunk(bytes, at, at + count)
        at += count
      }
    }
  }

  /** Adds the trailers that may go on; false: there are none. */
  trailers(into: FieldList): boolean {
    const before = into.length
    addLines(this.#trailers, 0, into, isForTrailer)
    return into.length > before
  }

  #step(byte: number): void {
    if (this.#state === TRAILERS) {
      this.#trailers += String.fromCharCode(byte)
      if (byte !== LF) this.#lineBytes++
      else if (this.#lineBytes > CR_BYTES) this.#lineBytes = 0
      else this.#state = DONE
    } else if (this.#state === DATA_END) {
      if (byte === LF) this.#state = SIZE
    } else if (byte === LF) this.#state = this.#left > 0 ? DATA : TRAILERS
    else if (byte === SEMICOLON) this.#state = EXTENSION
    else if (this.#state === SIZE) {
      const digit = HEX[byte] ?? 0
      if (digit > 0) this.#left = this.#left * 16 + digit - 1
    }
  }
}
