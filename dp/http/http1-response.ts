/** A response in the form of the client's HTTP/1.1 connection: bodies go on as they lie, in the framing that they have. */
import type { ByteStream } from '../codec/byte-stream.ts'
import { CHUNKED } from '../codec/http1/fields.ts'
import type { ResponseHead } from '../codec/http1/response-head.ts'
import { writeBehind, writeCopy } from '../codec/write-copy.ts'
import type { ResponseSink } from './response-sink.ts'

export class Http1Response implements ResponseSink {
  readonly takesBlocks = false
  readonly #down: ByteStream
  readonly #decidesToClose: () => boolean
  #isUntilClose = false

  /** `decidesToClose`: asked with every head whether the connection ends behind this response. */
  constructor(down: ByteStream, decidesToClose: () => boolean) {
    this.#down = down
    this.#decidesToClose = decidesToClose
  }

  get pendingBytes(): number {
    return this.#down.pendingBytes
  }

  interim(head: ResponseHead): boolean {
    return this.#down.write(`${head.text}\r\n`)
  }

  begin(head: ResponseHead, reason: string, bytes: Buffer, start: number, end: number): boolean {
    let text = head.text
    // Chunks tell the client whether it got all, and keep its connection.
    this.#isUntilClose = head.framing === 'until-close'
    if (this.#isUntilClose) text += CHUNKED
    if (reason !== '') text += `x-vmesh-reason: ${reason}\r\n`
    text += this.#decidesToClose() ? 'connection: close\r\n\r\n' : '\r\n'
    if (this.#isUntilClose && end > start) return this.#chunk(text, bytes, start, end)
    return writeBehind(this.#down, text, bytes, start, end)
  }

  body(bytes: Buffer, start: number, end: number): boolean {
    return this.#isUntilClose ? this.#chunk('', bytes, start, end) : writeCopy(this.#down, bytes, start, end)
  }

  end(): void {
    this.#down.write('0\r\n\r\n')
  }

  #chunk(head: string, bytes: Buffer, start: number, end: number): boolean {
    writeBehind(this.#down, `${head}${(end - start).toString(16)}\r\n`, bytes, start, end)
    return this.#down.write('\r\n')
  }
}
