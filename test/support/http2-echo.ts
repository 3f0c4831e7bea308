/**
 * A server on the HTTP/2 codec over real sockets: echoes bodies with back-pressure, or answers by path: `/bytes/N`,
 * `/status/N`, `/hints` (a 103 first), `/trailers` (like gRPC), `/slow` (never), `/headers` (what it saw, as JSON).
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Http2Connection } from '../../dp/codec/http2/connection.ts'
import type { Http2Handler } from '../../dp/codec/http2/core.ts'
import { FieldList } from '../../dp/codec/http2/field-list.ts'
import type { HeaderBlock } from '../../dp/codec/http2/header-block.ts'
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from '../../dp/codec/http2/http2-limits.ts'
import { type Http2Stream, NO_STREAM_SINK, type StreamSink } from '../../dp/codec/http2/stream.ts'
import { acceptWire, Wire } from '../../dp/codec/wire.ts'

const OK = FieldList.of([':status', '200'], ['content-type', 'text/plain'])
const TOO_LARGE = FieldList.of([':status', '431'])
const HINTS = FieldList.of([':status', '103'], ['link', '</style.css>'])
const GRPC = FieldList.of([':status', '200'], ['content-type', 'application/grpc'])
const GRPC_END = FieldList.of(['grpc-status', '0'], ['grpc-message', ''])

/** Sends back what comes; stops the sender while the other side does not read. */
const ECHO: StreamSink = {
  ...NO_STREAM_SINK,
  onData: (stream, bytes, start, end, isEnd) => {
    if (!stream.sendData(bytes, start, end, isEnd)) stream.pause()
  },
  onTrailers: (stream, block) => stream.sendTrailers(block.fields),
  onDrain: stream => stream.resume(),
}

/** Sends `left` bytes as fast as they are taken. */
class Source implements StreamSink {
  #left: number

  constructor(left: number) {
    this.#left = left
  }

  onHead(): void {}
  onData(): void {}
  onTrailers(): void {}
  onReset(): void {}

  onDrain(stream: Http2Stream): void {
    let isFree = true
    while (isFree && this.#left > 0) {
      const count = Math.min(this.#left, BLOCK.length)
      this.#left -= count
      isFree = stream.sendData(BLOCK, 0, count, this.#left === 0)
    }
  }
}

const BLOCK = Buffer.alloc(64 * 1024, 'x')

/** Answers a request as the file's head says. */
export function answer(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void {
  const [, kind = '', value = ''] = block.path.split('/')
  if (kind === 'bytes') {
    const source = new Source(Number(value))
    stream.sink = source
    stream.sendHead(FieldList.of([':status', '200'], ['content-length', value]), value === '0')
    source.onDrain(stream)
  } else if (kind === 'status') stream.sendHead(FieldList.of([':status', value]), true)
  else if (kind === 'hints') {
    stream.sendHead(HINTS, false)
    stream.sendHead(OK, false)
    stream.sendText('hinted', true)
  } else if (kind === 'trailers') {
    stream.sendHead(GRPC, false)
    stream.sendText('message', false)
    stream.sendTrailers(GRPC_END)
  } else if (kind === 'headers') {
    const { method, scheme, authority, path } = block
    const seen = { method, scheme, authority, path, fields: block.fields.pairs() }
    stream.sendHead(OK, false)
    stream.sendText(JSON.stringify(seen), true)
  } else if (kind !== 'slow') {
    stream.sink = ECHO
    if (block.method === 'HEAD') stream.sendHead(OK, true)
    else {
      stream.sendHead(OK, isEnd && kind === 'empty')
      if (isEnd) stream.sendText('hello', true)
    }
  }
}

export interface EchoServer {
  readonly port: number
  readonly connections: Set<Http2Connection>
  /** How connections ended: code and reason of those that did not end in order. */
  readonly faults: string[]
  /** The next connection is closed. */
  closed(): Promise<void>
  close(): Promise<void>
}

/** `tls`: PEM; the server then speaks TLS with ALPN h2. */
export async function startEcho(
  changed: Partial<Http2Limits> = {},
  tls: { readonly cert: string; readonly key: string } | null = null,
): Promise<EchoServer> {
  const limits = { ...DEFAULT_HTTP2_LIMITS, ...changed }
  const connections = new Set<Http2Connection>()
  const faults: string[] = []
  const sockets = new Set<Socket>()
  let waiting: (() => void)[] = []
  const serve = (wire: Wire): void => {
    const handler: Http2Handler = {
      onRequest: answer,
      onTooLarge: stream => stream.sendHead(TOO_LARGE, true),
      onCapacity() {},
      onGoaway() {},
      onGone() {},
      onClose(code, why) {
        connections.delete(connection)
        if (why !== '') faults.push(`${code} ${why}`)
        for (const resolve of waiting) resolve()
        waiting = []
      },
    }
    const connection = new Http2Connection(wire, { role: 'server', limits, handler })
    connections.add(connection)
    sockets.add(wire.socket)
    wire.socket.on('close', () => sockets.delete(wire.socket))
  }
  const server =
    tls === null
      ? createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, socket =>
          serve(acceptWire(socket, 'shared')),
        )
      : createTlsServer({ ...tls, ALPNProtocols: ['h2'], allowHalfOpen: true }, socket => {
          const wire = new Wire('chunks')
          wire.adopt(socket)
          serve(wire)
        })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    faults,
    closed: () => new Promise(resolve => waiting.push(resolve)),
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
