/**
 * Bytes that nobody meant: frames made at random and frames mutated, in reads of any size. Nothing is thrown, what is
 * written stays whole frames, memory stays bounded. FUZZ_RUNS sets how long; a failure prints its seed and input.
 */
import fc from 'fast-check'
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import { HeaderBlock, REQUEST } from '../../../../dp/codec/http2/header-block.ts'
import { HpackDecoder } from '../../../../dp/codec/http2/hpack/decoder.ts'
import { encodedBound, HpackEncoder } from '../../../../dp/codec/http2/hpack/encoder.ts'
import { decodeHuffman, maxDecodedBytes } from '../../../../dp/codec/http2/hpack/huffman.ts'
import {
  block,
  frame,
  GET,
  headers,
  Peer,
  POST,
  SETTINGS_ACK,
  SLOW,
  StreamLog,
  settings,
  u32,
} from '../../../support/http2-peer.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400)
const options = { numRuns: RUNS, seed: 20_261_123 }
const limits = {
  maxStreams: 8,
  resetBurst: 10,
  idleFrameBurst: 50,
  streamWindowBytes: 65_535,
  connectionWindowBytes: 100_000,
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(array => Buffer.from(array))
const GOOD: readonly Buffer[] = [
  headers(1, 1, GET),
  headers(3, 0, POST),
  headers(5, 0, [...SLOW, ['content-length', '9'], ['cookie', 'a=b'], ['cookie', 'c=d']]),
  headers(1, 1, [[':status', '200']]),
  headers(1, 0, [[':status', '103']]),
  headers(3, 1, [['grpc-status', '0']]),
  frame('HEADERS', 0, 7, block(...GET).subarray(0, 9)),
  frame('CONTINUATION', 4, 7, block(...GET).subarray(9)),
  frame('DATA', 0, 3, 'data'),
  frame('DATA', 9, 3, '\x02data\0\0'),
  frame('DATA', 0, 5, 'x'.repeat(3000)),
  frame('RST_STREAM', 0, 3, u32(8)),
  frame('WINDOW_UPDATE', 0, 0, u32(1000)),
  frame('WINDOW_UPDATE', 0, 3, u32(1)),
  frame('PING', 0, 0, '12345678'),
  frame('PING', 1, 0, 'vmesh-go'),
  frame('GOAWAY', 0, 0, u32(1, 0)),
  frame('PRIORITY', 0, 3, Buffer.alloc(5)),
  settings([1, 0], [4, 3], [5, 16_384]),
  settings([1, 4096], [4, 100_000], [3, 0]),
  SETTINGS_ACK,
]

const anyFrame = fc
  .tuple(fc.nat(12), fc.nat(255), fc.constantFrom(0, 1, 2, 3, 5, 7, 9, 0x7fff_ffff), bytes(40))
  .map(([type, flags, id, payload]) => frame(type, flags, id, payload))
const mutated = fc
  .tuple(fc.constantFrom(...GOOD), fc.nat(), fc.nat(255), fc.nat(3))
  .map(([good, at, byte, kind]) => {
    const copy = Buffer.from(good)
    if (kind === 0) copy[at % copy.length] = byte
    else if (kind === 1) return copy.subarray(0, at % copy.length)
    else if (kind === 2) return Buffer.concat([copy, Buffer.alloc(byte % 8, byte)])
    return copy
  })
const traffic = fc.array(
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...GOOD) }, { weight: 3, arbitrary: mutated }, anyFrame),
  {
    maxLength: 40,
  },
)

/** Feeds it all and looks at what must hold whatever came. */
function feed(peer: Peer, parts: Buffer[], step: number): void {
  for (const [at, part] of parts.entries()) {
    peer.sendIn(step, part)
    if (at % 7 === 3) peer.connection.sweep(at * 600)
    if (at % 11 === 5) for (const stream of peer.streams) if (stream.id % 4 === 1) stream.pause()
    if (at % 11 === 9) for (const stream of peer.streams) stream.resume()
    peer.heard()
    const { open } = peer.connection.streams
    if (open.size > limits.maxStreams) throw new Error(`${open.size} streams`)
    for (const stream of open.values()) {
      if (stream.heldBytes > 65_535 || stream.pendingBytes > 1_000_000) throw new Error('kept too much')
    }
    if (peer.stream.hasEnded && open.size > 0) throw new Error('streams of an ended connection')
  }
  peer.stream.sink.onClose(undefined)
  if (peer.connection.streams.open.size > 0) throw new Error('streams of a closed connection')
  if (peer.events.filter(line => line.startsWith('close')).length !== 1)
    throw new Error('closed twice or never')
}

t.test('a server survives whatever a client sends', async t => {
  fc.assert(
    fc.property(traffic, fc.constantFrom(1, 3, 10, 10_000), (parts, step) =>
      feed(new Peer('server', { limits }), parts, step),
    ),
    options,
  )
  t.pass(`${RUNS} runs`)
})

t.test('a client survives whatever a server sends', async t => {
  fc.assert(
    fc.property(traffic, fc.constantFrom(1, 3, 10, 10_000), (parts, step) => {
      const peer = new Peer('client', { limits })
      for (let count = 0; count < 4; count++) {
        peer.connection
          .request(FieldList.of(...POST), count % 2 === 0, new StreamLog())
          ?.sendText('body', true)
      }
      feed(peer, parts, step)
    }),
    options,
  )
  t.pass(`${RUNS} runs`)
})

t.test('bytes that are no HTTP/2 at all end the connection, without a throw', async t => {
  fc.assert(
    fc.property(bytes(200), fc.boolean(), (noise, hasPreface) => {
      const peer = new Peer('server', { isGreeted: false, limits })
      peer.send(hasPreface ? Buffer.concat([PREFACE, noise]) : noise)
      peer.heard()
    }),
    options,
  )
  t.pass(`${RUNS} runs`)
})

t.test('blocks made of anything leave a bounded table, and say the same in any decoder', async t => {
  const pieces = fc.array(
    fc.oneof(bytes(60), fc.constantFrom(...GOOD.slice(0, 6).map(good => good.subarray(9)))),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(pieces, blocks => {
      const [one, two] = [new HpackDecoder(), new HpackDecoder()]
      const [first, second] = [new HeaderBlock(), new HeaderBlock()]
      for (const piece of blocks) {
        first.begin(REQUEST, 10_000, 50)
        second.begin(REQUEST, 10_000, 50)
        const fault = one.decode(piece, 0, piece.length, first)
        t.equal(two.decode(Buffer.concat([Buffer.alloc(3), piece]), 3, piece.length + 3, second), fault)
        if (one.tableBytes > 4096 || one.tableBytes !== two.tableBytes)
          throw new Error(`${one.tableBytes} bytes`)
        if (JSON.stringify(first.fields.pairs()) !== JSON.stringify(second.fields.pairs()))
          throw new Error('differ')
        if (fault !== '') return
      }
    }),
    { ...options, numRuns: Math.min(RUNS, 400) },
  )
})

t.test('Huffman decoding stays in its room', async t => {
  fc.assert(
    fc.property(bytes(64), coded => {
      const room = maxDecodedBytes(coded.length)
      const into = Buffer.alloc(room + 8, 0xee)
      const count = decodeHuffman(coded, 0, coded.length, into)
      return count <= room && into.subarray(room).every(byte => byte === 0xee)
    }),
    { ...options, numRuns: RUNS * 5 },
  )
  t.pass()
})

t.test('two ends of ours, cut anywhere, windows of any size: bodies arrive as they were', async t => {
  const sizes = fc.array(fc.nat(60_000), { minLength: 1, maxLength: 6 })
  const window = fc.constantFrom(1000, 5000, 65_535, 300_000)
  fc.assert(
    fc.property(sizes, window, window, fc.integer({ min: 300, max: 40_000 }), (bodies, up, down, step) => {
      const server = new Peer('server', { isGreeted: false, limits: { streamWindowBytes: up } })
      const client = new Peer('client', { isGreeted: false, limits: { streamWindowBytes: down } })
      const heard = bodies.map(() => [] as Buffer[])
      const ended = new Set<number>()
      for (const [at, size] of bodies.entries()) {
        const log = new StreamLog()
        log.onData = (_stream, from, start, end, isEnd) => {
          heard[at]?.push(Buffer.from(from.subarray(start, end)))
          if (isEnd) ended.add(at)
        }
        const stream = client.connection.request(FieldList.of(...POST), false, log)
        stream?.sendData(bodyOf(size, at), 0, size, true)
      }
      for (let turn = 0; turn < 5000 && ended.size < bodies.length; turn++) {
        client.connection.flush()
        server.sendIn(step, client.stream.taken())
        client.sendIn(step, server.stream.taken())
      }
      for (const [at, size] of bodies.entries()) {
        if (!Buffer.concat(heard[at] ?? []).equals(bodyOf(size, at)))
          throw new Error(`body ${at} of ${size} bytes`)
      }
    }),
    { ...options, numRuns: Math.ceil(RUNS / 8) },
  )
  t.pass()
})

function bodyOf(size: number, salt: number): Buffer {
  const body = Buffer.alloc(size)
  for (let at = 0; at < size; at++) body[at] = (at * 31 + (at >> 8) + salt * 7) & 255
  return body
}

t.test('what is encoded is decoded, and no encoder writes beyond its bound', async t => {
  const field = fc.tuple(
    fc.string({ minLength: 1, maxLength: 40 }).map(name => name.toLowerCase().replace(/[^a-z0-9-]/g, 'x')),
    fc.string({ maxLength: 200 }).map(value => value.replace(/[^\x20-\x7e]/g, '~').trim()),
  )
  fc.assert(
    fc.property(fc.array(fc.array(field, { maxLength: 12 }), { maxLength: 10 }), lists => {
      const encoder = new HpackEncoder()
      const decoder = new HpackDecoder()
      for (const fields of lists) {
        const list = FieldList.of(...fields)
        const into = Buffer.alloc(encodedBound(list) + 4, 0xee)
        const end = encoder.encode(list, into, 0)
        if (end > encodedBound(list) || into.readUInt32BE(into.length - 4) !== 0xeeee_eeee)
          throw new Error('bound')
        const seen: [string, string][] = []
        const fault = decoder.decode(into, 0, end, { onField: (name, value) => seen.push([name, value]) })
        if (fault !== '' || JSON.stringify(seen) !== JSON.stringify(fields))
          throw new Error(`differs ${fault}`)
      }
    }),
    options,
  )
  t.pass()
})
