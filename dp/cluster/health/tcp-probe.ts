/** A probe by TCP: a connection through the mesh, what is sent on it, and what has to come back. */
import type { ByteSink } from '../../codec/byte-stream.ts'
import type { ReasonCode } from '../../errors.ts'
import type { Stream, StreamWaiter, Transport } from '../transport.ts'
import { bad, type Told, WELL } from './verdict.ts'

/** Of an answer that is looked through. */
const MAX_BYTES = 64 * 1024

export class TcpProbe implements StreamWaiter, ByteSink {
  readonly #transport: Transport
  readonly #send: Buffer | null
  readonly #receive: readonly Buffer[]
  readonly #told: Told
  #stream: Stream | null = null
  #isOver = false
  #heard = Buffer.alloc(0)

  /** `send`, `receive`: base64. */
  constructor(transport: Transport, send: string | undefined, receive: readonly string[] = [], told: Told) {
    this.#transport = transport
    this.#send = send === undefined || send === '' ? null : Buffer.from(send, 'base64')
    this.#receive = receive.map(text => Buffer.from(text, 'base64'))
    this.#told = told
  }

  get isWanted(): boolean {
    return !this.#isOver
  }

  start(): void {
    this.#transport.open(this)
  }

  /** Its time is up, or nobody wants to know. */
  stop(): void {
    this.#isOver = true
    this.#stream?.release(false, -1)
    this.#stream = null
  }

  onStream(stream: Stream): void {
    if (this.#isOver) return stream.release(false, -1)
    this.#stream = stream
    stream.sink = this
    if (this.#send !== null) stream.writeBytes(this.#send)
    if (this.#receive.length === 0) this.#end('')
  }

  onNoStream(reason: ReasonCode): void {
    this.#end(reason)
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#heard = Buffer.concat([this.#heard, bytes.subarray(start, end)])
    if (this.#hasAll()) this.#end('')
    else if (this.#heard.length > MAX_BYTES) this.#end('the answer is another one')
  }

  onEnd(): void {
    this.#end('the connection was closed before the answer')
  }

  onDrain(): void {}

  onClose(): void {
    this.#end('the connection was closed before the answer')
  }

  /** Each behind the one before, with anything between them. */
  #hasAll(): boolean {
    let at = 0
    for (const block of this.#receive) {
      const found = this.#heard.indexOf(block, at)
      if (found < 0) return false
      at = found + block.length
    }
    return true
  }

  #end(fault: string): void {
    if (this.#isOver) return
    this.stop()
    this.#told(fault === '' ? WELL : bad(fault))
  }
}
