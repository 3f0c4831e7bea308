/**
 * Finds the end of a chunked body (RFC 9112 §7.1) in bytes that go on as they lie, without chunk extensions, which
 * servers read in different ways or not at all. Strict where recipients are known to differ: sizes are 1 to 15
 * hexadecimal digits, every line ends with CRLF, extensions and trailers hold no control characters and are bounded,
 * trailers are none that belong into a head.
 */
import { HEX, TOKEN, VALUE } from './bytes.ts'
import { isTrailerName } from './trailer-names.ts'

const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const TRAILER_NAME = 6
const TRAILER_VALUE = 7
const TRAILER_LF = 8
const END_LF = 9
const DONE = 10

const CR = 13
const LF = 10
const SEMICOLON = 59
const COLON = 58
const MAX_DIGITS = 15
/** Extensions of one body, and its trailer section. */
const MAX_EXTRA_BYTES = 8192

export class ChunkedBody {
  /** Set by `read`: where the bytes that go on end. */
  outputEnd = 0
  #state = SIZE
  #digits = 0
  #left = 0
  #extraBytes = 0
  #name = ''

  get isDone(): boolean {
    return this.#state === DONE
  }

  begin(): void {
    this.#state = SIZE
    this.#digits = 0
    this.#left = 0
    this.#extraBytes = 0
    this.#name = ''
  }

  /**
   * Reads on in `bytes[start, end)`: the offset behind the last byte that belongs to the body, or -1 when it is
   * malformed. Ends early only when the body is done. Extensions are taken out: what goes on lies together in
   * `bytes[start, outputEnd)`.
   */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start
    let to = start
    while (at < end && this.#state !== DONE) {
      if (this.#state === DATA) {
        const count = Math.min(this.#left, end - at)
        if (to !== at) bytes.copyWithin(to, at, at + count)
        this.#left -= count
        at += count
        to += count
        if (this.#left === 0) this.#state = DATA_CR
      } else {
        const byte = bytes[at++] ?? 0
        if (!this.#step(byte)) return -1
        if (this.#state === EXTENSION) continue
        bytes[to++] = byte
      }
    }
    this.outputEnd = to
    return at
  }

  #step(byte: number): boolean {
    switch (this.#state) {
      case SIZE:
        return this.#onSize(byte)
      case EXTENSION:
        if (byte === CR) this.#state = SIZE_LF
        else if (VALUE[byte] !== 1 || ++this.#extraBytes > MAX_EXTRA_BYTES) return false
        return true
      case SIZE_LF:
        this.#digits = 0
        this.#state = this.#left > 0 ? DATA : TRAILER_NAME
        return byte === LF
      case DATA_CR:
        this.#state = DATA_LF
        return byte === CR
      case DATA_LF:
        this.#state = SIZE
        return byte === LF
      case TRAILER_NAME:
        return this.#onTrailerName(byte)
      case TRAILER_VALUE:
        if (byte === CR) this.#state = TRAILER_LF
        else if (VALUE[byte] !== 1 || ++this.#extraBytes > MAX_EXTRA_BYTES) return false
        return true
      case TRAILER_LF:
        this.#state = TRAILER_NAME
        return byte === LF
      default:
        this.#state = DONE
        return byte === LF
    }
  }

  #onSize(byte: number): boolean {
    const digit = HEX[byte] ?? 0
    if (digit > 0) {
      this.#left = this.#left * 16 + digit - 1
      return ++this.#digits <= MAX_DIGITS && this.#left <= Number.MAX_SAFE_INTEGER
    }
    if (this.#digits === 0) return false
    this.#state = byte === CR ? SIZE_LF : EXTENSION
    return byte === CR || (byte === SEMICOLON && ++this.#extraBytes <= MAX_EXTRA_BYTES)
  }

  #onTrailerName(byte: number): boolean {
    if (byte === CR && this.#name === '') {
      this.#state = END_LF
      return true
    }
    if (byte === COLON) {
      const name = this.#name.toLowerCase()
      this.#name = ''
      this.#state = TRAILER_VALUE
      return name !== '' && isTrailerName(name)
    }
    this.#name += String.fromCharCode(byte)
    return TOKEN[byte] === 1 && ++this.#extraBytes <= MAX_EXTRA_BYTES
  }
}
