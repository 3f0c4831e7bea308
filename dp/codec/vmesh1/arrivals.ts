/**
 * What came for a stream that is paused, copied: small pieces share a block, so that what is kept costs about as much
 * memory as it has bytes, however a peer cuts it.
 */
const BLOCK_BYTES = 4096

export class Arrivals {
  readonly #blocks: Buffer[] = []
  /** Bytes in the last block, which may have room. */
  #lastBytes = 0

  get isEmpty(): boolean {
    return this.#blocks.length === 0
  }

  add(bytes: Buffer, start: number, end: number): void {
    let at = start
    const last = this.#blocks.at(-1)
    if (last !== undefined && this.#lastBytes < last.length) {
      at += bytes.copy(last, this.#lastBytes, start, end)
      this.#lastBytes += at - start
    }
    if (at === end) return
    const block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, end - at))
    this.#lastBytes = bytes.copy(block, 0, at, end)
    this.#blocks.push(block)
  }

  /** The oldest; the caller's own from here on. */
  take(): Buffer | undefined {
    const block = this.#blocks.shift()
    if (block === undefined || this.#blocks.length > 0) return block
    return this.#lastBytes === block.length ? block : block.subarray(0, this.#lastBytes)
  }

  clear(): void {
    this.#blocks.length = 0
  }
}
