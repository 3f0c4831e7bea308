/**
 * The other side of a vmesh/1 session for tests on raw frames: feeds bytes to a session without any socket, and reads
 * what it writes as lines such as `DATA 1 hello` or `RESET 3 1`.
 */
import { type ByteSink, type ByteStream, NO_SINK } from '../../dp/codec/byte-stream.ts'
import { Session } from '../../dp/codec/vmesh1/session.ts'
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../dp/codec/vmesh1/session-limits.ts'
import { type StreamHost, VmeshStream } from '../../dp/codec/vmesh1/stream.ts'

const TYPES = ['DATA', 'OPEN', 'RESET', 'WINDOW', 'PING', 'GOAWAY', 'HELLO']
const FLAG = 1

export function frame(type: string | number, id: number, payload: Buffer | string = '', flags = 0): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const head = Buffer.alloc(8)
  head.writeUInt16BE(bytes.length, 0)
  head[2] = typeof type === 'number' ? type : TYPES.indexOf(type)
  head[3] = flags
  head.writeUInt32BE(id, 4)
  return Buffer.concat([head, bytes])
}

export const open = (id: number): Buffer => frame('OPEN', id)
export const data = (id: number, payload: Buffer | string): Buffer => frame('DATA', id, payload)
export const end = (id: number): Buffer => frame('DATA', id, '', FLAG)
export const reset = (id: number, code = 0): Buffer => frame('RESET', id, Buffer.from([code]))
export const goaway = (lastId: number): Buffer =>
  frame('GOAWAY', 0, Buffer.concat([u32(lastId), Buffer.alloc(1)]))
export const hello = (maxStreams: number): Buffer => frame('HELLO', 0, u32(maxStreams))
export const credit = (id: number, count: number): Buffer => frame('WINDOW', id, u32(count))

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** A byte stream that keeps what is written until it is taken, or holds it back as a peer does that does not read. */
export class FakeWire implements ByteStream {
  sink: ByteSink = NO_SINK
  isOpen = true
  isPaused = false
  hasEnded = false
  pendingBytes = 0
  /** Nothing leaves. */
  isStuck = false
  written: Buffer[] = []

  write(text: string): boolean {
    return this.writeBytes(Buffer.from(text, 'latin1'))
  }

  writeBytes(bytes: Buffer): boolean {
    if (!this.isOpen) return true
    this.written.push(Buffer.from(bytes))
    if (this.isStuck) this.pendingBytes += bytes.length
    return !this.isStuck
  }

  writeBoth(text: string, bytes: Buffer): boolean {
    this.write(text)
    return this.writeBytes(bytes)
  }

  take(): boolean {
    return false
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.hasEnded = true
  }

  destroy(): void {
    this.close()
  }

  reset(): void {
    this.close()
  }

  /** All that was held back leaves. */
  unstick(): void {
    this.isStuck = false
    this.pendingBytes = 0
    this.sink.onDrain()
  }

  close(error?: Error): void {
    if (!this.isOpen) return
    this.isOpen = false
    setImmediate(() => this.sink.onClose(error))
  }
}

/** What happened on a stream, in words: `bytes`, `end`, `drain`, `close` or `close: MESSAGE`. */
export class Witness implements ByteSink {
  readonly stream: VmeshStream
  received = ''
  readonly events: string[] = []

  constructor(stream: VmeshStream) {
    this.stream = stream
    stream.sink = this
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.received += bytes.toString('latin1', start, end)
  }

  onEnd(): void {
    this.events.push('end')
  }

  onDrain(): void {
    this.events.push('drain')
  }

  onClose(error: Error | undefined): void {
    this.events.push(error === undefined ? 'close' : 'cut')
  }
}

export class VmeshPeer {
  readonly wire = new FakeWire()
  readonly session: Session
  /** Of streams that the other side opened, oldest first. */
  readonly witnesses: Witness[] = []
  changes = 0
  isClosed = false
  /** What the session has said first; '' for a client. */
  hello = ''
  #rest = Buffer.alloc(0)

  constructor(isServer: boolean, limits: Partial<SessionLimits> = {}) {
    this.session = new Session(this.wire, {
      isServer,
      ownsReads: false,
      limits: { ...DEFAULT_SESSION_LIMITS, ...limits },
      handler: {
        onStream: stream => {
          this.witnesses.push(new Witness(stream))
        },
        onChange: () => {
          this.changes++
        },
        onClose: () => {
          this.isClosed = true
        },
      },
    })
    if (!isServer) this.say(hello(1024))
  }

  /** Opens a stream on our side. */
  open(): Witness {
    const host: StreamHost = this.session
    return new Witness(this.session.open(id => new VmeshStream(host, id)))
  }

  say(...frames: readonly Buffer[]): void {
    const bytes = Buffer.concat(frames)
    this.wire.sink.onBytes(bytes, 0, bytes.length)
  }

  /** What was written since it was asked last, a line a frame; a turn of the event loop passes. */
  async lines(): Promise<string[]> {
    await turn()
    let bytes = Buffer.concat([this.#rest, ...this.wire.written.splice(0)])
    const lines: string[] = []
    while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUInt16BE(0)) {
      const to = 8 + bytes.readUInt16BE(0)
      const line = lineOf(bytes.subarray(0, 8), bytes.subarray(8, to))
      if (line.startsWith('HELLO')) this.hello = line
      else lines.push(line)
      bytes = bytes.subarray(to)
    }
    this.#rest = Buffer.from(bytes)
    return lines
  }
}

/** All that was put off in this turn of the event loop is done. */
export async function turn(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise(resolve => setImmediate(resolve))
}

function lineOf(head: Buffer, payload: Buffer): string {
  const type = TYPES[head[2] ?? 0] ?? `TYPE${head[2]}`
  const flag = head[3] === 0 ? '' : type === 'PING' ? ' ACK' : ' END'
  return `${type} ${head.readUInt32BE(4)} ${shown(type, payload)}${flag}`.replaceAll(/ +/g, ' ').trim()
}

function shown(type: string, payload: Buffer): string {
  if (type === 'WINDOW' || type === 'HELLO') return String(payload.readUInt32BE(0))
  if (type === 'RESET') return String(payload[0])
  if (type === 'GOAWAY') return `${payload.readUInt32BE(0)} ${payload[4]}`
  return payload.length > 40 ? `(${payload.length})` : payload.toString('latin1')
}
