/** Peers that make us work for nothing: each kind of flood ends the connection, and normal use of the same frames does not. */
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import {
  block,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  headers,
  Peer,
  POST,
  SLOW,
  settings,
  u32,
} from '../../../support/http2-peer.ts'

const CALM = 'connection ENHANCE_YOUR_CALM'
const limits = { idleFrameBurst: 100, resetBurst: 20 }
const update = (id: number, count: number): Buffer => frame('WINDOW_UPDATE', 0, id, u32(count))
const path = (text: string): readonly (readonly [string, string])[] => [...GET.slice(0, 3), [':path', text]]

/** How many rounds of `parts` a server bears, and how it ends. */
function rounds(parts: (round: number) => Buffer[], most: number, first: Buffer[] = []): [number, string] {
  const peer = new Peer('server', { limits }).send(...first)
  peer.heard()
  for (let round = 0; round < most; round++) {
    peer.send(...parts(round))
    if (peer.stream.hasEnded) return [round, peer.verdict()]
    peer.stream.taken()
  }
  return [most, 'none']
}

t.test('each flood is ended', async t => {
  const open = headers(1, 0, SLOW)
  const id = (round: number): number => round * 2 + 3
  const cases: Record<string, readonly [parts: (round: number) => Buffer[], first?: Buffer[]]> = {
    PING: [() => [frame('PING', 0, 0, '12345678')]],
    'PING answers': [() => [frame('PING', 1, 0, '12345678')]],
    SETTINGS: [() => [settings([4, 100])]],
    'SETTINGS acknowledgements': [() => [frame('SETTINGS', 1, 0)]],
    PRIORITY: [round => [frame('PRIORITY', 0, id(round), Buffer.alloc(5))]],
    GOAWAY: [() => [frame('GOAWAY', 0, 0, u32(0, 0))]],
    'unknown frames': [() => [frame(77, 0, 0, 'x')]],
    'empty DATA': [() => [frame('DATA', 0, 1)], [open]],
    'DATA of padding alone': [() => [frame('DATA', 8, 1, '\x03\0\0\0')], [open]],
    'WINDOW_UPDATE of a stream': [() => [update(1, 1)], [open]],
    'WINDOW_UPDATE of the connection': [() => [update(0, 1)]],
    'WINDOW_UPDATE of closed streams': [() => [update(1, 1)], [headers(1, END_STREAM, GET)]],
    'rapid reset': [
      round => [headers(id(round), END_STREAM, SLOW), frame('RST_STREAM', 0, id(round), u32(8))],
    ],
    'made to reset': [round => [headers(id(round), END_STREAM, SLOW), update(id(round), 0)]],
    'malformed requests': [round => [headers(id(round), END_STREAM, [...GET, ['A', 'b']])]],
    'RST_STREAM of closed streams': [
      () => [frame('RST_STREAM', 0, 1, u32(8))],
      [headers(1, END_STREAM, GET)],
    ],
    'a window opened byte by byte': [
      () => [update(1, 1)],
      [settings([4, 1]), headers(1, END_STREAM, path('/bytes/9999'))],
    ],
  }
  for (const [name, [parts, first]] of Object.entries(cases)) {
    const [count, verdict] = rounds(parts, 1000, first)
    t.equal(verdict, CALM, `${name}, after ${count} rounds`)
  }
})

t.test('streams over the limit are refused, and ended when they do not stop', async t => {
  const peer = new Peer('server', { limits: { ...limits, maxStreams: 5 } })
  for (let id = 1; id < 200 && !peer.stream.hasEnded; id += 2) peer.send(headers(id, END_STREAM, SLOW))
  t.equal(peer.streams.length, 5)
  t.equal(peer.verdict(), CALM)
})

t.test('a header block without end is ended, by bytes and by frames', async t => {
  const start = frame('HEADERS', END_STREAM, 1, block(...GET))
  const large = Array.from({ length: 8 }, () => frame('CONTINUATION', 0, 1, block(['x', 'y'.repeat(16_000)])))
  t.equal(new Peer().send(start, ...large).verdict(), CALM, 'bytes')
  const empty = Array.from({ length: 100 }, () => frame('CONTINUATION', 0, 1))
  t.equal(new Peer().send(start, ...empty).verdict(), CALM, 'empty frames')
})

t.test(
  'a small block that stands for a large list is answered with 431, and nothing is kept of it',
  async t => {
    const peer = new Peer()
    peer.send(
      frame(
        'HEADERS',
        END_STREAM | END_HEADERS,
        1,
        Buffer.concat([
          block(...GET),
          Buffer.from([0x40, 1, 0x61]),
          Buffer.from([0x7f, 0xa1, 0x1e]),
          Buffer.alloc(4000, 'v'),
        ]),
      ),
    )
    t.match(peer.heard(), [/^HEADERS 1 :status=200/, 'DATA 1 5 end'], 'one of 4000 bytes is no fault')
    const bomb = Buffer.concat([block(...GET), Buffer.alloc(16_000, 0xbe)])
    peer.send(frame('HEADERS', END_STREAM | END_HEADERS, 3, bomb))
    t.same(peer.heard(), ['HEADERS 3 :status=431 end'])
    const many = Array.from({ length: 101 }, (_, at) => [`x${at}`, 'y'] as const)
    peer.send(headers(5, END_STREAM, [...GET, ...many]))
    t.same(peer.heard(), ['HEADERS 5 :status=431 end'])
    peer.send(headers(7, END_STREAM, GET))
    t.match(peer.heard(), [/^HEADERS 7 :status=200/, 'DATA 7 5 end'], 'the connection goes on')
  },
)

t.test('who asks and does not read is ended', async t => {
  const peer = new Peer('server', {
    limits: { maxBacklogBytes: 100_000, maxPendingBytes: 50_000, idleFrameBurst: 1e9 },
  })
  peer.stream.isStuck = true
  let count = 0
  while (!peer.stream.hasEnded && count++ < 20_000) peer.send(frame('PING', 0, 0, '12345678'))
  t.ok(peer.stream.hasEnded, `after ${count} pings`)
  t.ok(peer.stream.pendingBytes < 110_000)
})

t.test('normal use of the same frames goes on for ever', async t => {
  const peer = new Peer('server', { limits })
  for (let round = 0; round < 2000; round++) {
    const id = round * 2 + 1
    peer.send(headers(id, END_STREAM, path('/bytes/20000')), update(id, 10_000), update(0, 20_000))
    if (round % 100 === 0) {
      peer.send(frame('PING', 0, 0, '12345678'), frame('PRIORITY', 0, id + 2, Buffer.alloc(5)))
      peer.connection.sweep(round * 20)
    }
    peer.stream.taken()
  }
  t.same(peer.events, [])
  t.equal(peer.streams.length, 2000)
})

t.test('allowances come back with time', async t => {
  const peer = new Peer('server', { limits: { ...limits, resetsPerSecond: 10 } })
  let id = 1
  const resets = (count: number): void => {
    for (let left = count; left > 0; left--, id += 2) {
      peer.send(headers(id, END_STREAM, SLOW), frame('RST_STREAM', 0, id, u32(8)))
    }
  }
  peer.connection.sweep(1000)
  resets(15)
  peer.connection.sweep(2000)
  resets(12)
  t.same(peer.events, [])
  resets(5)
  t.same(peer.events, ['close ENHANCE_YOUR_CALM too many streams that end early'])
})

t.test('as many streams may be reset as are complete', async t => {
  const peer = new Peer('server', { limits })
  for (let id = 1; id < 2000; id += 4) {
    peer.send(headers(id, END_STREAM, GET))
    peer.send(headers(id + 2, END_STREAM, SLOW), frame('RST_STREAM', 0, id + 2, u32(8)))
    peer.stream.taken()
  }
  t.same(peer.events, [])
})

t.test('a client that cancels much is no flood to itself', async t => {
  const peer = new Peer('client', { limits })
  for (let round = 0; round < 500; round++) {
    const stream = peer.connection.request(FieldList.of(...POST), false, {
      onHead() {},
      onData() {},
      onTrailers() {},
      onDrain() {},
      onReset() {},
    })
    stream?.reset(8)
    if (stream !== null)
      peer.send(headers(stream.id, 0, [[':status', '200']]), frame('DATA', 1, stream.id, 'late'))
  }
  t.same(peer.events, [])
})
