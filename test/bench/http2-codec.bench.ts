/**
 * The HTTP/2 codec alone, in memory: requests a second of a client and a server joined by a pipe, 32 streams, one
 * thread; the server alone on recorded bytes; ns of HPACK for a request and a response; Huffman. Not in scripts/test.
 *
 *   node test/bench/http2-codec.bench.ts [--write]
 */
import type { ByteSink, ByteStream } from '../../dp/codec/byte-stream.ts'
import { NO_SINK } from '../../dp/codec/byte-stream.ts'
import { Http2Connection } from '../../dp/codec/http2/connection.ts'
import type { Http2Handler } from '../../dp/codec/http2/core.ts'
import { FieldList } from '../../dp/codec/http2/field-list.ts'
import { HeaderBlock, REQUEST, RESPONSE } from '../../dp/codec/http2/header-block.ts'
import { HpackDecoder } from '../../dp/codec/http2/hpack/decoder.ts'
import { encodedBound, HpackEncoder } from '../../dp/codec/http2/hpack/encoder.ts'
import { decodeHuffman } from '../../dp/codec/http2/hpack/huffman.ts'
import { DEFAULT_HTTP2_LIMITS } from '../../dp/codec/http2/http2-limits.ts'
import { NO_STREAM_SINK, type StreamSink } from '../../dp/codec/http2/stream.ts'
import { writeResults } from './results.ts'

const STREAMS = 32
const ROUNDS = 5
const BODY = 'x'.repeat(100)
const figures: Record<string, string> = {}

/** Keeps what was written until it is handed to the other side; copies as a socket does. */
class Pipe implements ByteStream {
  sink: ByteSink = NO_SINK
  readonly isOpen = true
  readonly pendingBytes = 0
  written: Buffer[] = []
  write(text: string): boolean {
    this.written.push(Buffer.from(text, 'latin1'))
    return true
  }
  writeBytes(bytes: Buffer): boolean {
    this.written.push(Buffer.from(bytes))
    return true
  }
  writeBoth(): boolean {
    throw new Error('not used')
  }
  take(): boolean {
    return false
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
  reset(): void {}
}

function fail(why: string): void {
  throw new Error(why)
}

const HANDLER: Http2Handler = {
  onRequest() {},
  onTooLarge: () => fail('too large'),
  onCapacity() {},
  onGoaway() {},
  onGone() {},
  onClose: (_, why) => fail(`closed: ${why}`),
}

let serial = 0
const request = new FieldList()
const response = FieldList.of(
  [':status', '200'],
  ['content-type', 'application/json'],
  ['content-length', '100'],
  ['date', 'Mon, 23 Nov 2026 08:00:00 GMT'],
  ['server', 'backend'],
)

function nextRequest(): FieldList {
  const id = (serial++).toString(16).padStart(12, '0')
  request.clear()
  request.add(':method', 'GET')
  request.add(':scheme', 'https')
  request.add(':authority', 'backend.mesh:8080')
  request.add(':path', '/api/v1/items')
  request.add('user-agent', 'curl/8.5.0')
  request.add('accept', 'application/json')
  request.add('x-forwarded-proto', 'http')
  request.add('x-request-id', `6f3a1c52-8f0e-4a63-9d3e-${id}`)
  return request
}

function server(pipe: Pipe): Http2Connection {
  return new Http2Connection(pipe, {
    role: 'server',
    limits: DEFAULT_HTTP2_LIMITS,
    handler: {
      ...HANDLER,
      onRequest(stream) {
        stream.sendHead(response, false)
        stream.sendText(BODY, true)
      },
    },
  })
}

/** Hands over all that one side has written; the bytes handed over are appended to `record`. */
function deliver(from: Pipe, to: ByteSink, record: Buffer[] | null): void {
  const parts = from.written
  from.written = []
  for (const part of parts) {
    record?.push(part)
    to.onBytes(part, 0, part.length)
  }
}

/** Requests per second of both roles together; what the client wrote goes to `record`. */
function bothRoles(count: number, record: Buffer[] | null): number {
  const up = new Pipe()
  const down = new Pipe()
  let done = 0
  const client = new Http2Connection(up, { role: 'client', limits: DEFAULT_HTTP2_LIMITS, handler: HANDLER })
  const sink: StreamSink = {
    ...NO_STREAM_SINK,
    onData: (_stream, _bytes, _start, _end, isEnd) => {
      if (!isEnd) return
      done++
      if (done <= count - STREAMS) client.request(nextRequest(), true, sink)
    },
    onReset: (_, code) => fail(`reset ${code}`),
  }
  const peer = server(down)
  const startedAt = performance.now()
  for (let stream = 0; stream < STREAMS; stream++) client.request(nextRequest(), true, sink)
  while (done < count) {
    client.flush()
    deliver(up, peer, record)
    peer.flush()
    deliver(down, client, null)
  }
  return count / ((performance.now() - startedAt) / 1000)
}

/** The server alone, fed what a client wrote. */
function serverAlone(count: number, record: readonly Buffer[]): number {
  const pipe = new Pipe()
  const peer = server(pipe)
  const startedAt = performance.now()
  for (const part of record) {
    peer.onBytes(part, 0, part.length)
    peer.flush()
    pipe.written = []
  }
  return count / ((performance.now() - startedAt) / 1000)
}

/** Best of some rounds: ns of one call. */
function nsOf(count: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now()
    for (let left = count; left > 0; left--) run()
    best = Math.min(best, ((performance.now() - startedAt) * 1e6) / count)
  }
  return best
}

function hpack(name: string, form: typeof REQUEST | typeof RESPONSE, next: () => FieldList): void {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  const block = new HeaderBlock()
  const into = Buffer.alloc(4096)
  const read = (end: number): void => {
    block.begin(form, 60_000, 100)
    const fault = decoder.decode(into, 0, end, block)
    block.conclude()
    if (fault !== '' || block.fault !== '') fail(fault + block.fault)
  }
  let end = 0
  for (let warm = 0; warm < 4; warm++) read(encoder.encode(next(), into, 0))
  const encode = nsOf(200_000, () => {
    const list = next()
    if (encodedBound(list) > into.length) fail('bound')
    end = encoder.encode(list, into, 0)
  })
  figures[`HPACK encode, ${name} (its fields made anew)`] = `${encode.toFixed(0)} ns, ${end} bytes`
  figures[`HPACK decode and check, ${name}`] = `${nsOf(200_000, () => read(end)).toFixed(0)} ns`
}

const best = (rates: number[]): string => `${Math.round(Math.max(...rates)).toLocaleString('en')} requests/s`
const COUNT = 200_000
const record: Buffer[] = []
bothRoles(COUNT, null)
figures[`client and server, ${STREAMS} streams, 100 B`] = best(
  Array.from({ length: ROUNDS }, () => bothRoles(COUNT, null)),
)
bothRoles(COUNT, record)
figures['server alone'] = best(Array.from({ length: ROUNDS }, () => serverAlone(COUNT, record)))
hpack('request of 8 fields', REQUEST, nextRequest)
hpack('response of 5 fields', RESPONSE, () => response)
const coded = Buffer.from('9d29ad171863c78f0b97c8e9ae82ae43d3', 'hex')
const scratch = Buffer.alloc(64)
let decoded = 0
const huffman = nsOf(500_000, () => {
  decoded = decodeHuffman(coded, 0, coded.length, scratch)
})
figures[`Huffman decode, ${decoded} characters`] = `${huffman.toFixed(0)} ns`
console.table(figures)
if (process.argv.includes('--write')) {
  writeResults('http2-codec', `in memory, one thread, best of ${ROUNDS}`, figures)
}
