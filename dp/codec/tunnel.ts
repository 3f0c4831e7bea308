/**
 * Two byte streams joined: opaque forwarding with half-close, back-pressure and resets, for TCP and for upgraded
 * HTTP connections. What one side sends is written to the other; a cut on one side cuts the other.
 */
import { giveBack } from './buffer-pool.ts'
import type { ByteSink, ByteStream } from './byte-stream.ts'
import type { Deadlines } from './deadlines.ts'
import { writeCopy } from './write-copy.ts'

export interface TunnelOptions {
  readonly deadlines: Deadlines
  /** Cut when no byte moves in either direction for this long. */
  readonly idleMs: number
  /** Both streams are closed. */
  onClose(): void
}

/** From here on it pays to write the buffer itself where the reader may keep it. */
const MIN_LENT_BYTES = 1024

export class Tunnel {
  readonly #a: Half
  readonly #b: Half
  readonly #options: TunnelOptions
  #open = 2
  deadlineMs: number

  /** Takes both streams over; bytes that were read before have to be written by the caller. */
  constructor(a: ByteStream, b: ByteStream, options: TunnelOptions) {
    this.#options = options
    this.deadlineMs = options.deadlines.nowMs + options.idleMs
    this.#a = new Half(this, a, b)
    this.#b = new Half(this, b, a)
    a.sink = this.#a
    b.sink = this.#b
  }

  touch(): void {
    this.deadlineMs = this.#options.deadlines.nowMs + this.#options.idleMs
  }

  /** Passes the end of a stream on that came before the tunnel was made. */
  endFrom(stream: ByteStream): void {
    const half = stream.sink === this.#a ? this.#a : this.#b
    half.onEnd()
  }

  /** Both peers see that the connection was cut. */
  cut(): void {
    this.#a.reset()
    this.#b.reset()
  }

  /** Called by its halves. */
  halfClosed(half: Half, error: Error | undefined): void {
    const other = half === this.#a ? this.#b : this.#a
    this.#open--
    if (this.#open === 0) this.#options.onClose()
    else if (error !== undefined || !half.hasEnded || !other.hasEnded) other.reset()
  }
}

class Half implements ByteSink {
  hasEnded = false
  readonly #tunnel: Tunnel
  readonly #from: ByteStream
  readonly #to: ByteStream
  /** Buffers of the reader that pending writes refer to. */
  #lent: Buffer[] = []

  constructor(tunnel: Tunnel, from: ByteStream, to: ByteStream) {
    this.#tunnel = tunnel
    this.#from = from
    this.#to = to
  }

  reset(): void {
    this.#from.reset()
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#tunnel.touch()
    const to = this.#to
    const isFree = this.#forward(bytes, start, end)
    if (to.pendingBytes === 0) this.reclaim()
    else if (!isFree) this.#from.pause()
  }

  onEnd(): void {
    this.hasEnded = true
    this.#to.end()
  }

  /** What was written to `from` has left: its writer, the other half, may read on. */
  onDrain(): void {
    this.#tunnel.touch()
    const writer = this.#to.sink
    if (writer instanceof Half) writer.reclaim()
    this.#to.resume()
  }

  onClose(error: Error | undefined): void {
    this.#lent = []
    this.#tunnel.halfClosed(this, error)
  }

  reclaim(): void {
    if (this.#lent.length === 0 || this.#to.pendingBytes > 0) return
    for (const buffer of this.#lent) giveBack(buffer)
    this.#lent = []
  }

  #forward(bytes: Buffer, start: number, end: number): boolean {
    const count = end - start
    if (count > MIN_LENT_BYTES && this.#from.take()) {
      this.#lent.push(bytes)
      return this.#to.writeBytes(bytes.subarray(start, end))
    }
    return writeCopy(this.#to, bytes, start, end)
  }
}
