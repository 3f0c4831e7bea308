/** Writes frames of vmesh/1 into the output that gathers a turn of the event loop into one write. */
import type { Output } from '../output.ts'
import { CUT, DATA, END, FRAME_HEAD_BYTES, GOAWAY, HELLO, OPEN, PING, RESET, WINDOW } from './codes.ts'

export class FrameWriter {
  readonly output: Output

  constructor(output: Output) {
    this.output = output
  }

  /** At most MAX_DATA_BYTES, Latin-1. */
  text(id: number, text: string): void {
    const at = this.#begin(text.length, DATA, 0, id)
    this.output.buffer.write(text, at, text.length, 'latin1')
  }

  /** Latin-1 and `bytes[start, end)` behind it, together at most MAX_DATA_BYTES. */
  both(id: number, text: string, bytes: Buffer, start: number, end: number): void {
    const at = this.#begin(text.length + end - start, DATA, 0, id)
    if (text !== '') this.output.buffer.write(text, at, text.length, 'latin1')
    bytes.copy(this.output.buffer, at + text.length, start, end)
  }

  /** `bytes[start, end)`, at most MAX_DATA_BYTES. */
  data(id: number, bytes: Buffer, start: number, end: number): void {
    const at = this.#begin(end - start, DATA, 0, id)
    bytes.copy(this.output.buffer, at, start, end)
  }

  end(id: number): void {
    this.#begin(0, DATA, END, id)
  }

  open(id: number): void {
    this.#begin(0, OPEN, 0, id)
  }

  reset(id: number, code: number = CUT): void {
    const at = this.#begin(1, RESET, 0, id)
    this.output.buffer[at] = code
  }

  window(id: number, count: number): void {
    const at = this.#begin(4, WINDOW, 0, id)
    this.output.buffer.writeUInt32BE(count, at)
  }

  /** `payload[0, 8)`. */
  ping(flags: number, payload: Buffer): void {
    const at = this.#begin(8, PING, flags, 0)
    payload.copy(this.output.buffer, at, 0, 8)
  }

  hello(maxStreams: number): void {
    const at = this.#begin(4, HELLO, 0, 0)
    this.output.buffer.writeUInt32BE(maxStreams, at)
  }

  goaway(lastId: number, code: number): void {
    const at = this.#begin(5, GOAWAY, 0, 0)
    this.output.buffer.writeUInt32BE(lastId, at)
    this.output.buffer[at + 4] = code
  }

  /** Where the payload goes. */
  #begin(length: number, type: number, flags: number, id: number): number {
    const { output } = this
    output.reserve(FRAME_HEAD_BYTES + length)
    const { at, buffer } = output
    buffer[at] = length >>> 8
    buffer[at + 1] = length
    buffer[at + 2] = type
    buffer[at + 3] = flags
    buffer[at + 4] = id >>> 24
    buffer[at + 5] = id >>> 16
    buffer[at + 6] = id >>> 8
    buffer[at + 7] = id
    output.at = at + FRAME_HEAD_BYTES + length
    return at + FRAME_HEAD_BYTES
  }
}
