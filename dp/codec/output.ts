/**
 * What a connection writes in one turn of the event loop, gathered: frames go into a buffer of a pool, and one flush
 * writes them all. Up to 16 KB leave as a copy, so the buffer is free again at once; a larger one stays with the write
 * until the stream below has nothing pending.
 */
import type { ByteStream } from './byte-stream.ts'
import { MAX_TEXT_BYTES } from './write-copy.ts'

/** Most that may be reserved at once. */
export const OUTPUT_BYTES = 64 * 1024

const MAX_SPARE = 16
const NOTHING = Buffer.alloc(0)
const spare: Buffer[] = []
const due: Output[] = []

export class Output {
  /** Room for what was reserved begins at `at`; whoever writes moves `at` behind it. */
  buffer: Buffer = NOTHING
  at = 0
  /** The peer does not take what was written: no more DATA until it does. */
  isBlocked = false
  /** Nobody else is about to write: what there is leaves with the callback that runs, not with the turn. */
  isAlone = false
  readonly #stream: ByteStream
  readonly #maxPendingBytes: number
  #isDue = false
  #isClosed = false
  #inFlight: Buffer[] = []

  constructor(stream: ByteStream, maxPendingBytes: number) {
    this.#stream = stream
    this.#maxPendingBytes = maxPendingBytes
  }

  /** Written and not taken. */
  get pendingBytes(): number {
    return this.#stream.pendingBytes
  }

  /** Makes room for `count` bytes, at most `OUTPUT_BYTES`, and sees that they are flushed within this turn. */
  reserve(count: number): void {
    if (this.buffer.length - this.at < count) {
      if (this.at > 0) this.flush()
      if (this.buffer.length === 0) this.buffer = spare.pop() ?? Buffer.allocUnsafeSlow(OUTPUT_BYTES)
    }
    if (this.#isDue) return
    this.#isDue = true
    if (this.isAlone) process.nextTick(flushOne, this)
    else if (due.push(this) === 1) setImmediate(flushDue)
  }

  /** Writes now what there is. */
  flush(): void {
    const { buffer, at } = this
    const stream = this.#stream
    if (at === 0) return
    this.at = 0
    this.buffer = NOTHING
    if (this.#isClosed) give(buffer)
    else if (at <= MAX_TEXT_BYTES) {
      stream.write(buffer.toString('latin1', 0, at))
      give(buffer)
    } else {
      this.#inFlight.push(buffer)
      stream.writeBytes(at === buffer.length ? buffer : buffer.subarray(0, at))
    }
    this.release()
    this.isBlocked = stream.pendingBytes > this.#maxPendingBytes
  }

  /** To be called when the stream may have taken everything. */
  release(): void {
    if (this.#inFlight.length === 0 || this.#stream.pendingBytes > 0) return
    for (const buffer of this.#inFlight) give(buffer)
    this.#inFlight = []
  }

  /** The stream has drained. */
  unblock(): void {
    this.isBlocked = false
    this.release()
  }

  /** Writes what there is; what comes later is dropped, and buffers of pending writes are left to the collector. */
  close(): void {
    this.flush()
    this.#isClosed = true
    this.#inFlight = []
  }

  turn(): void {
    this.#isDue = false
    this.flush()
  }
}

/** Runs behind all sockets that were ready in this turn, so batches form by themselves (data-plane.md 9). */
function flushDue(): void {
  const outputs = due.splice(0)
  for (const output of outputs) output.turn()
}

function flushOne(output: Output): void {
  output.turn()
}

function give(buffer: Buffer): void {
  if (spare.length < MAX_SPARE) spare.push(buffer)
}
