/**
 * A socket as a byte stream (byte-stream.ts). Plain sockets read without a buffer of their own: into the shared
 * buffer, or for bulk readers into buffers they own (data-plane.md 9). TLS sockets over a socket of ours deliver
 * chunks instead, since Node ignores `onread` there; in return the socket below can be reset.
 */
import { Socket } from 'node:net'
import {
  giveBack,
  giveScratch,
  SCRATCH_BYTES,
  SHARED_BUFFER,
  takeBuffer,
  takeScratch,
} from './buffer-pool.ts'
import { type ByteSink, type ByteStream, NO_SINK } from './byte-stream.ts'

/** `shared`: consumed within the callback. `bulk`: large reads go to owned buffers. `chunks`: Node allocates. */
export type ReadMode = 'shared' | 'bulk' | 'chunks'

/** Options for net.connect and tls.connect that make the socket read into a wire. */
export interface ReadOptions {
  readonly allowHalfOpen: true
  readonly onread?: { buffer: Uint8Array | (() => Uint8Array); callback(count: number): boolean }
}

/** Below it a string is cheaper. */
const MIN_SCRATCH_BYTES = 4096

/** A read that leaves this much of an owned buffer empty sends the wire back to the shared one. */
const SMALL_READ = 64 * 1024

export class Wire implements ByteStream {
  sink: ByteSink = NO_SINK
  isOpen = true
  readonly #mode: ReadMode
  #socket: Socket
  /** Below TLS: the socket that can be reset. */
  #below: Socket | null = null
  #buffer: Buffer = SHARED_BUFFER
  #isPaused = false
  #error: Error | undefined

  constructor(mode: ReadMode) {
    this.#mode = mode
    this.#socket = UNCONNECTED
  }

  get socket(): Socket {
    return this.#socket
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? ''
  }

  get pendingBytes(): number {
    return this.#socket.writableLength
  }

  /** To be given to the socket that `adopt` gets. */
  readOptions(): ReadOptions {
    if (this.#mode === 'chunks') return { allowHalfOpen: true }
    if (this.#mode === 'shared') {
      const callback = (count: number) => {
        this.sink.onBytes(SHARED_BUFFER, 0, count)
        return true
      }
      return { allowHalfOpen: true, onread: { buffer: SHARED_BUFFER, callback } }
    }
    const callback = (count: number) => this.#onBulkRead(count)
    return { allowHalfOpen: true, onread: { buffer: () => this.#buffer, callback } }
  }

  /** Takes a socket over that was made with `readOptions()`; `below` is the socket that a TLS socket wraps. */
  adopt(socket: Socket, below: Socket | null = null): void {
    this.#socket = socket
    this.#below = below
    if (this.#mode === 'chunks') {
      socket.on('data', (chunk: Buffer) => {
        this.#buffer = chunk
        this.sink.onBytes(chunk, 0, chunk.length)
      })
    }
    socket.on('end', () => this.sink.onEnd())
    socket.on('drain', () => this.sink.onDrain())
    socket.on('error', (error: Error) => {
      this.#error = error
    })
    socket.on('close', () => this.#onClose())
  }

  write(text: string): boolean {
    return this.isOpen ? this.#socket.write(text, 'latin1') : true
  }

  writeBytes(bytes: Buffer): boolean {
    return this.isOpen ? this.#socket.write(bytes) : true
  }

  writeBoth(text: string, bytes: Buffer): boolean {
    if (!this.isOpen) return true
    this.#socket.cork()
    this.#socket.write(text, 'latin1')
    const isFree = this.#socket.write(bytes)
    this.#socket.uncork()
    return isFree
  }

  writeCopy(text: string, bytes: Buffer, start: number, end: number): boolean {
    const count = text.length + end - start
    if (count < MIN_SCRATCH_BYTES) return this.write(text + bytes.toString('latin1', start, end))
    if (!this.isOpen) return true
    const socket = this.#socket
    if (count > SCRATCH_BYTES || 'encrypted' in socket || socket.writableLength > 0) {
      const copy = Buffer.from(bytes.subarray(start, end))
      return text === '' ? this.writeBytes(copy) : this.writeBoth(text, copy)
    }
    const scratch = takeScratch()
    if (text !== '') scratch.write(text, 0, text.length, 'latin1')
    bytes.copy(scratch, text.length, start, end)
    const isFree = socket.write(scratch.subarray(0, count))
    // Otherwise it belongs to the write.
    if (socket.writableLength === 0) giveScratch(scratch)
    return isFree
  }

  take(): boolean {
    if (this.#buffer === SHARED_BUFFER) return false
    this.#buffer = SHARED_BUFFER
    return true
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  /** Costs nothing where reading goes on. */
  resume(): void {
    if (!this.#isPaused || !this.isOpen) return
    this.#isPaused = false
    // With onread, resume() would start reading again a tick later, whoever has paused meanwhile.
    if (this.#mode === 'chunks') this.#socket.resume()
    else this.#socket.read(0)
  }

  end(): void {
    if (this.isOpen) this.#socket.end()
  }

  destroy(): void {
    this.isOpen = false
    this.#socket.destroy()
  }

  reset(): void {
    this.isOpen = false
    const socket = this.#below ?? this.#socket
    if ('encrypted' in socket) socket.destroy()
    else socket.resetAndDestroy()
  }

  /** A read that fills the buffer moves the wire to an owned one, a small read moves it back. */
  #onBulkRead(count: number): boolean {
    const buffer = this.#buffer
    this.sink.onBytes(buffer, 0, count)
    const wasTaken = this.#buffer !== buffer
    if (buffer === SHARED_BUFFER) {
      if (count === SHARED_BUFFER.length) this.#buffer = takeBuffer()
    } else if (wasTaken) {
      this.#buffer = count > SMALL_READ ? takeBuffer() : SHARED_BUFFER
    } else if (count <= SMALL_READ) {
      this.#buffer = SHARED_BUFFER
      giveBack(buffer)
    }
    return true
  }

  #onClose(): void {
    this.isOpen = false
    if (this.#mode === 'bulk' && this.#buffer !== SHARED_BUFFER) giveBack(this.#buffer)
    this.#buffer = SHARED_BUFFER
    const sink = this.sink
    this.sink = NO_SINK
    sink.onClose(this.#error)
  }
}

const UNCONNECTED = new Socket()

/**
 * A wire over a socket that a server with `pauseOnConnect` accepted. Its handle is moved to a socket that reads the
 * wire's way, which `net` offers for outgoing sockets only; without the handle it falls back to chunks.
 */
export function acceptWire(accepted: Socket, mode: 'shared' | 'bulk'): Wire {
  const handle: unknown = Reflect.get(accepted, '_handle')
  if (typeof handle !== 'object' || handle === null) {
    const slow = new Wire('chunks')
    slow.adopt(accepted)
    accepted.resume()
    return slow
  }
  const wire = new Wire(mode)
  Reflect.set(accepted, '_handle', null)
  // The husk still counts as a connection of its server until it is destroyed.
  accepted.destroy()
  const options = { ...wire.readOptions(), handle, readable: true, writable: true }
  const socket = Reflect.construct(Socket, [options])
  if (!(socket instanceof Socket)) throw new Error('net.Socket made something else')
  wire.adopt(socket)
  return wire
}
