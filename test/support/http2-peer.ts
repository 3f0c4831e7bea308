/**
 * The other side of an HTTP/2 connection for tests on raw frames: builds frames, feeds them to a connection without
 * any socket, and reads what it writes as lines such as `RST_STREAM 1 PROTOCOL_ERROR`.
 */
import { type ByteSink, type ByteStream, NO_SINK } from '../../dp/codec/byte-stream.ts'
import { Http2Connection } from '../../dp/codec/http2/connection.ts'
import type { Http2Handler } from '../../dp/codec/http2/core.ts'
import { FieldList } from '../../dp/codec/http2/field-list.ts'
import { errorName, PREFACE } from '../../dp/codec/http2/frames/codes.ts'
import { type FieldSink, HpackDecoder } from '../../dp/codec/http2/hpack/decoder.ts'
import { encodedBound, HpackEncoder } from '../../dp/codec/http2/hpack/encoder.ts'
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from '../../dp/codec/http2/http2-limits.ts'
import type { Http2Stream, StreamSink } from '../../dp/codec/http2/stream.ts'
import { answer } from './http2-echo.ts'

const TYPES = [
  ...['DATA', 'HEADERS', 'PRIORITY', 'RST_STREAM', 'SETTINGS', 'PUSH_PROMISE', 'PING', 'GOAWAY'],
  ...['WINDOW_UPDATE', 'CONTINUATION'],
]

export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4
export const PADDED = 8
export const PRIORITY = 32

export function frame(
  type: string | number,
  flags: number,
  id: number,
  payload: Buffer | string = '',
): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const head = Buffer.alloc(9)
  head.writeUIntBE(bytes.length, 0, 3)
  head[3] = typeof type === 'number' ? type : TYPES.indexOf(type)
  head[4] = flags
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, bytes])
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, at * 4)
  return bytes
}

export function settings(...pairs: [id: number, value: number][]): Buffer {
  const payload = Buffer.concat(pairs.map(([id, value]) => Buffer.concat([u32(id).subarray(2), u32(value)])))
  return frame('SETTINGS', 0, 0, payload)
}

export const SETTINGS_ACK = frame('SETTINGS', ACK, 0)

/** A header block that leaves the dynamic table alone. */
export function block(...fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => {
      const text = (one: string) => Buffer.concat([integer(one.length), Buffer.from(one, 'latin1')])
      return Buffer.concat([Buffer.from([0]), text(name), text(value)])
    }),
  )
}

function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const bytes = [127]
  let left = value - 127
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128)
  return Buffer.from([...bytes, left])
}

export const GET: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'b'],
  [':path', '/'],
]
export const POST: readonly (readonly [string, string])[] = [[':method', 'POST'], ...GET.slice(1)]
/** Never answered by the server of these tests. */
export const SLOW: readonly (readonly [string, string])[] = [
  [':method', 'POST'],
  ...GET.slice(1, 3),
  [':path', '/slow'],
]

export function headers(id: number, flags: number, fields: readonly (readonly [string, string])[]): Buffer {
  return frame('HEADERS', flags | END_HEADERS, id, block(...fields))
}

/** Keeps what is written; takes everything unless told otherwise. */
export class MemoryStream implements ByteStream {
  sink: ByteSink = NO_SINK
  isOpen = true
  pendingBytes = 0
  hasEnded = false
  wasDestroyed = false
  /** Writes stay pending, as with a peer that does not read. */
  isStuck = false
  #written: Buffer[] = []

  write(text: string): boolean {
    return this.writeBytes(Buffer.from(text, 'latin1'))
  }

  writeBytes(bytes: Buffer): boolean {
    if (this.hasEnded) throw new Error('write after end')
    this.#written.push(Buffer.from(bytes))
    if (this.isStuck) this.pendingBytes += bytes.length
    return !this.isStuck
  }

  writeBoth(text: string, bytes: Buffer): boolean {
    this.write(text)
    return this.writeBytes(bytes)
  }

  /** What was written since the last call. */
  taken(): Buffer {
    const bytes = Buffer.concat(this.#written)
    this.#written = []
    return bytes
  }

  unstick(): void {
    this.isStuck = false
    this.pendingBytes = 0
    this.sink.onDrain()
  }

  take(): boolean {
    return false
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    this.hasEnded = true
  }
  destroy(): void {
    this.isOpen = false
    this.wasDestroyed = true
  }
  reset(): void {
    this.destroy()
  }
}

/** Notes what happens to a stream as lines: `head 200`, `data 5 end`, `trailers a=b`, `drain`, `reset CANCEL`. */
export class StreamLog implements StreamSink {
  readonly lines: string[] = []
  onHead(_: Http2Stream, head: { readonly status: number }, isEnd: boolean): void {
    this.lines.push(`head ${head.status}${isEnd ? ' end' : ''}`)
  }
  onData(_: Http2Stream, _bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    this.lines.push(`data ${end - start}${isEnd ? ' end' : ''}`)
  }
  onTrailers(_: Http2Stream, trailers: { readonly fields: FieldList }): void {
    const pairs = trailers.fields.pairs().map(pair => pair.join('='))
    this.lines.push(`trailers ${pairs.join(' ')}`)
  }
  onDrain(): void {
    this.lines.push('drain')
  }
  onReset(_: Http2Stream, code: number): void {
    this.lines.push(`reset ${code < 0 ? 'LOST' : errorName(code)}`)
  }
}

export class Peer {
  readonly stream = new MemoryStream()
  readonly connection: Http2Connection
  readonly streams: Http2Stream[] = []
  /** `goaway NAME`, `close NAME why`. */
  readonly events: string[] = []
  readonly encoder = new HpackEncoder()
  readonly #decoder = new HpackDecoder()

  /** `role`: of the connection under test; greetings are exchanged unless `isGreeted` is false. */
  constructor(
    role: 'server' | 'client' = 'server',
    options: { limits?: Partial<Http2Limits>; isGreeted?: boolean; handler?: Partial<Http2Handler> } = {},
  ) {
    const handler: Http2Handler = {
      onRequest: (stream, head, isEnd) => {
        this.streams.push(stream)
        answer(stream, head, isEnd)
      },
      onTooLarge: stream => stream.sendHead(FieldList.of([':status', '431']), true),
      onCapacity() {},
      onGoaway: code => this.events.push(`goaway ${errorName(code)}`),
      onGone() {},
      onClose: (code, why) => this.events.push(`close ${errorName(code)} ${why}`.trim()),
      ...options.handler,
    }
    const limits = { ...DEFAULT_HTTP2_LIMITS, ...options.limits }
    this.connection = new Http2Connection(this.stream, { role, limits, handler })
    if (options.isGreeted === false) return
    if (role === 'server') this.send(PREFACE)
    this.send(settings(), SETTINGS_ACK)
    this.stream.taken()
  }

  /** Feeds bytes, in one read or in pieces of `step`. */
  send(...parts: Buffer[]): this {
    return this.sendIn(Number.POSITIVE_INFINITY, ...parts)
  }

  sendIn(step: number, ...parts: Buffer[]): this {
    const bytes = Buffer.concat(parts)
    for (let at = 0; at < bytes.length; at += step) {
      // A copy that is overwritten afterwards: nothing may be kept of a read.
      const piece = Buffer.from(bytes.subarray(at, Math.min(bytes.length, at + step)))
      this.stream.sink.onBytes(piece, 0, piece.length)
      piece.fill(0xee)
    }
    this.connection.flush()
    return this
  }

  /** A block through the encoder, dynamic table included. */
  encoded(fields: FieldList): Buffer {
    const bytes = Buffer.alloc(encodedBound(fields))
    return bytes.subarray(0, this.encoder.encode(fields, bytes, 0))
  }

  /** What the connection has written since the last call, a line a frame. */
  heard(): string[] {
    this.connection.flush()
    const bytes = this.stream.taken()
    const lines: string[] = []
    let at = bytes.subarray(0, PREFACE.length).equals(PREFACE) ? PREFACE.length : 0
    while (at < bytes.length) {
      const length = bytes.readUIntBE(at, 3)
      const payload = bytes.subarray(at + 9, at + 9 + length)
      lines.push(this.#line(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5), payload))
      at += 9 + length
    }
    if (at !== bytes.length) throw new Error('the connection wrote half of a frame')
    return lines
  }

  /** The error that was answered: `connection CODE`, `stream ID CODE`, or `none`. */
  verdict(): string {
    const lines = this.heard()
    const goaway = lines.find(line => line.startsWith('GOAWAY'))
    if (goaway !== undefined) return `connection ${goaway.split(' ')[2]}`
    const reset = lines.find(line => line.startsWith('RST_STREAM'))
    return reset === undefined ? 'none' : `stream ${reset.slice('RST_STREAM '.length)}`
  }

  #line(type: number, flags: number, id: number, payload: Buffer): string {
    const name = TYPES[type] ?? `type ${type}`
    const end = type < 2 && (flags & END_STREAM) !== 0 ? ' end' : ''
    if (name === 'DATA') return `DATA ${id} ${payload.length}${end}`
    if (name === 'HEADERS' && (flags & END_HEADERS) !== 0) {
      const fields: string[] = []
      const sink: FieldSink = { onField: (field, value) => fields.push(`${field}=${value}`) }
      const fault = this.#decoder.decode(payload, 0, payload.length, sink)
      if (fault !== '') throw new Error(fault)
      return `HEADERS ${id} ${fields.join(' ')}${end}`
    }
    if (name === 'RST_STREAM') return `RST_STREAM ${id} ${errorName(payload.readUInt32BE(0))}`
    if (name === 'GOAWAY') {
      const why = payload.toString('latin1', 8)
      return `GOAWAY ${payload.readUInt32BE(0)} ${errorName(payload.readUInt32BE(4))} ${why}`.trim()
    }
    if (name === 'WINDOW_UPDATE') return `WINDOW_UPDATE ${id} ${payload.readUInt32BE(0)}`
    const ack = (flags & ACK) !== 0 && (name === 'SETTINGS' || name === 'PING') ? ' ack' : ''
    return name === 'PING' ? `PING ${payload.toString('latin1')}${ack}` : `${name} ${id}${ack}`
  }
}
