/**
 * Bytes that wait for more, such as the beginning of a head: a copy that grows in place. However small the pieces, each
 * byte is copied and searched a few times at most, and not once more for every piece behind it.
 */

export class KeptBytes {
  #bytes = EMPTY
  #length = 0
  /** No head ends before this. */
  #searchedTo = 0

  get length(): number {
    return this.#length
  }

  /** Not a copy: valid until something is added. */
  get all(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** A copy of `bytes[start, end)` goes to the end. */
  add(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    bytes.copy(this.#bytes, this.#length, start, end)
    this.#length = length
  }

  /** Whether it is of use to read them as a head: the end of one has come, or `maxBytes` without. */
  mayBeHead(maxBytes: number): boolean {
    if (this.#length >= maxBytes) return true
    const from = this.#searchedTo
    this.#searchedTo = Math.max(0, this.#length - END.length + 1)
    return this.#bytes.subarray(from, this.#length).includes(END)
  }
}

const EMPTY = Buffer.alloc(0)
const END = Buffer.from('\r\n\r\n')
