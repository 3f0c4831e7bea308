/**
 * What a connection writes in one turn of the event loop, gathered: frames go into a buffer of a pool, and one flush
 * writes them all. Up to 16 KB leave as a copy, so the buffer is free again at once; a larger one stays with the write
 * until the stream below has nothing pending.
 */
import type { ByteStream } from './byte-stream.ts'
import { MAX_TEXT_BYTES } from './write-copy.ts'

/**
 * `none`: what there is leaves with the callback that runs. `some`: it waits for another look at the sockets as long as
 * each brings more. `unknown`: it leaves with the turn of the event loop.
 */
export type Company = 'none' | 'some' | 'unknown'

/** Most that may be reserved at once. */
export const OUTPUT_BYTES = 64 * 1024

/** Looks at the sockets that company is waited for; each costs a system call and brings a longer write. */
const MAX_WAITS = 5
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
  /** Who else is about to write, as far as the owner knows. */
  company: Company = 'unknown'
  readonly #stream: ByteStream
  readonly #maxPendingBytes: number
  #isDue = false
  /** Turns that were waited for company, and what there was at the last. */
  #waits = 0
  #lastAt = 0
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
    // While a write is under way (TLS finishes none within its turn) another one would only wait behind it.
    const isEarly = this.company === 'none' && this.#stream.pendingBytes === 0
    if (isEarly) process.nextTick(flushOne, this)
    else if (due.push(this) === 1) setImmediate(flushDue)
  }

  /** Writes now what there is. */
  flush(): void {
    const { buffer, at } = this
    const stream = this.#stream
    if (at === 0) return
    this.at = 0
    this.buffer = NOTHING
    this.release()
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
    const isGrowing = this.at > this.#lastAt && this.at <= MAX_TEXT_BYTES
    if (this.company === 'some' && isGrowing && this.#waits < MAX_WAITS) {
      this.#waits++
      this.#lastAt = this.at
      if (due.push(this) === 1) setImmediate(flushDue)
      return
    }
    this.#waits = 0
    this.#lastAt = 0
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
