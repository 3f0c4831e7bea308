/** RFC 9113 §5.2 and §6.9, both ways: windows hold, credit comes at half, back-pressure reaches the user and stays there. */
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import type { Http2Stream } from '../../../../dp/codec/http2/stream.ts'
import {
  END_STREAM,
  frame,
  GET,
  headers,
  PADDED,
  Peer,
  SLOW,
  StreamLog,
  settings,
  u32,
} from '../../../support/http2-peer.ts'

const OK = FieldList.of([':status', '200'])
const update = (id: number, count: number): Buffer => frame('WINDOW_UPDATE', 0, id, u32(count))
const path = (text: string): readonly (readonly [string, string])[] => [...GET.slice(0, 3), [':path', text]]
const dataOf = (lines: string[]): string[] => lines.filter(line => line.startsWith('DATA'))

/** A server with one open request whose stream the test holds. */
function serving(peer: Peer): {
  peer: Peer
  stream: Http2Stream
  log: StreamLog
} {
  peer.send(headers(1, 0, SLOW))
  const stream = peer.streams.at(-1)
  if (stream === undefined) throw new Error('no stream')
  const log = new StreamLog()
  stream.sink = log
  return { peer, stream, log }
}

t.test('6.9.1 never sends more than the window of a stream', async t => {
  const peer = new Peer().send(settings([4, 1]), headers(1, END_STREAM, path('/bytes/5')))
  t.same(dataOf(peer.heard()), ['DATA 1 1'])
  t.same(dataOf(peer.send(update(1, 3)).heard()), ['DATA 1 3'])
  t.same(dataOf(peer.send(update(1, 3)).heard()), ['DATA 1 1 end'])
})

t.test('6.9.1 never sends more than the window of the connection', async t => {
  const peer = new Peer().send(settings([4, 1_000_000]), headers(1, END_STREAM, path('/bytes/100000')))
  const sum = (lines: string[]) =>
    dataOf(lines).reduce((bytes, line) => bytes + Number(line.split(' ')[2]), 0)
  t.equal(sum(peer.heard()), 65_535)
  t.equal(sum(peer.send(update(0, 10)).heard()), 10)
  t.equal(sum(peer.send(update(0, 100_000)).heard()), 34_455)
})

t.test('6.9.2 windows move with the setting, below zero too', async t => {
  const peer = new Peer().send(settings([4, 3]), headers(1, END_STREAM, path('/bytes/10')))
  t.same(dataOf(peer.heard()), ['DATA 1 3'])
  t.same(dataOf(peer.send(settings([4, 2])).heard()), [], 'one below zero now')
  t.same(dataOf(peer.send(update(1, 1)).heard()), [], 'zero')
  t.same(dataOf(peer.send(settings([4, 4])).heard()), ['DATA 1 2'])
})

t.test('6.9 empty DATA that ends a stream needs no window', async t => {
  const { peer, stream } = serving(new Peer().send(settings([4, 0])))
  stream.sendHead(OK, false)
  t.equal(stream.sendData(Buffer.alloc(0), 0, 0, true), true)
  t.same(dataOf(peer.heard()), ['DATA 1 0 end'])
})

t.test('what does not fit is kept, and the user told to stop and to go on', async t => {
  const { peer, stream, log } = serving(new Peer().send(settings([4, 10])))
  stream.sendHead(OK, false)
  t.equal(stream.sendText('0123456789', false), true, 'fits')
  t.equal(stream.sendText('abc', false), false)
  t.equal(stream.sendData(Buffer.from('-defg-'), 1, 5, false), false)
  t.equal(stream.pendingBytes, 7)
  stream.sendTrailers(FieldList.of(['a', 'b']))
  t.same(dataOf(peer.heard()), ['DATA 1 10'])
  t.same(dataOf(peer.send(update(1, 5)).heard()), ['DATA 1 3', 'DATA 1 2'])
  t.same(log.lines, [])
  t.same(peer.send(update(1, 5)).heard(), ['DATA 1 2', 'HEADERS 1 a=b end'])
  t.same(log.lines, ['drain'])
  t.equal(stream.pendingBytes, 0)
})

t.test('streams that wait for the connection take turns', async t => {
  const peer = new Peer().send(
    settings([4, 1_000_000]),
    headers(1, END_STREAM, path('/bytes/65535')),
    headers(3, END_STREAM, path('/bytes/50000')),
    headers(5, END_STREAM, path('/bytes/50000')),
  )
  peer.heard()
  const ids = dataOf(peer.send(update(0, 16_384 * 4)).heard()).map(line => line.split(' ')[1])
  t.same(ids, ['3', '5', '3', '5'])
})

t.test('6.9 credits what the user has taken at half of a window', async t => {
  const { peer } = serving(
    new Peer('server', { limits: { streamWindowBytes: 100_000, connectionWindowBytes: 120_000 } }),
  )
  const data = (count: number) => frame('DATA', 0, 1, 'x'.repeat(count))
  t.same(peer.send(data(16_000), data(16_000), data(16_000)).heard(), [])
  t.same(peer.send(data(2000)).heard(), ['WINDOW_UPDATE 1 50000'])
  t.same(peer.send(data(10_000)).heard(), ['WINDOW_UPDATE 0 60000'])
})

t.test('padding is credited too', async t => {
  const { peer } = serving(new Peer('server', { limits: { streamWindowBytes: 65_535 } }))
  const padded = frame(
    'DATA',
    PADDED,
    1,
    Buffer.concat([Buffer.from([255]), Buffer.from('x'), Buffer.alloc(255)]),
  )
  for (let round = 0; round < 127; round++) peer.send(padded)
  t.same(peer.heard(), [])
  t.same(peer.send(padded).heard(), ['WINDOW_UPDATE 1 32895'])
})

t.test('a paused user gets no more than a window, and its neighbours go on', async t => {
  const limits = { streamWindowBytes: 65_535, connectionWindowBytes: 200_000 }
  const { peer, stream, log } = serving(new Peer('server', { limits }))
  stream.pause()
  const data = (id: number, count: number) => frame('DATA', 0, id, 'x'.repeat(count))
  peer.send(data(1, 16_000), data(1, 16_000), data(1, 16_000), data(1, 16_000), data(1, 1535))
  t.equal(log.lines.length, 5)
  t.same(peer.heard(), [], 'no credit')
  peer.send(headers(3, 0, SLOW))
  for (let round = 0; round < 12; round++) peer.send(data(3, 16_000))
  t.ok(peer.heard().includes('WINDOW_UPDATE 3 48000'), 'another stream flows')
  stream.resume()
  t.same(peer.heard(), ['WINDOW_UPDATE 0 145535', 'WINDOW_UPDATE 1 65535'])
  stream.pause()
  peer.send(data(1, 16_000), data(1, 16_000), data(1, 16_000), data(1, 16_000), data(1, 1536))
  t.equal(peer.verdict(), 'stream 1 FLOW_CONTROL_ERROR')
  t.equal(log.lines.at(-1), 'reset FLOW_CONTROL_ERROR')
})

t.test('a reset gives the window of the connection back', async t => {
  const limits = { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 }
  const { peer, stream } = serving(new Peer('server', { limits }))
  stream.pause()
  for (let round = 0; round < 3; round++) peer.send(frame('DATA', 0, 1, 'x'.repeat(16_000)))
  t.same(peer.heard(), [])
  peer.send(frame('RST_STREAM', 0, 1, u32(8)))
  t.same(peer.heard(), ['WINDOW_UPDATE 0 48000'])
})

t.test('data over the window of the connection ends it', async t => {
  const limits = { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 }
  const peer = new Peer('server', { limits }).send(headers(1, 0, SLOW), headers(3, 0, SLOW))
  for (const stream of peer.streams) stream.pause()
  for (let round = 0; round < 5; round++) peer.send(frame('DATA', 0, round < 3 ? 1 : 3, 'x'.repeat(15_000)))
  t.equal(peer.verdict(), 'connection FLOW_CONTROL_ERROR')
})

t.test('a smaller window holds once it is acknowledged', async t => {
  const peer = new Peer('server', { isGreeted: false, limits: { streamWindowBytes: 1000 } })
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  peer.send(preface, settings(), headers(1, 0, SLOW), frame('DATA', 0, 1, 'x'.repeat(2000)))
  t.equal(peer.verdict(), 'none', 'the peer did not know yet')
  peer.streams[0]?.pause()
  peer.send(frame('SETTINGS', 1, 0), headers(3, 0, SLOW))
  peer.streams[1]?.pause()
  t.equal(peer.send(frame('DATA', 0, 3, 'x'.repeat(1000))).verdict(), 'none')
  t.equal(peer.send(frame('DATA', 0, 3, 'x')).verdict(), 'stream 3 FLOW_CONTROL_ERROR')
})

t.test('credit that was too little for the large window is given for the small one', async t => {
  const peer = new Peer('server', { isGreeted: false, limits: { streamWindowBytes: 1000 } })
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  peer.send(preface, settings(), headers(1, 0, SLOW), frame('DATA', 0, 1, 'x'.repeat(2000)))
  peer.heard()
  t.same(peer.send(frame('SETTINGS', 1, 0)).heard(), ['WINDOW_UPDATE 1 2000'])
})

t.test('a peer that does not read stops DATA, not the connection', async t => {
  const peer = new Peer().send(settings([4, 10_000_000]), update(0, 10_000_000))
  peer.heard()
  peer.stream.isStuck = true
  peer.send(headers(1, END_STREAM, path('/bytes/5000000')))
  t.ok(peer.stream.pendingBytes < 400_000, `${peer.stream.pendingBytes} bytes pending`)
  t.same(peer.events, [])
  let rounds = 0
  let bytes = 0
  while (bytes < 5_000_000 && rounds++ < 100) {
    bytes += dataOf(peer.heard()).reduce((sum, line) => sum + Number(line.split(' ')[2]), 0)
    peer.stream.unstick()
    peer.stream.isStuck = true
  }
  t.equal(bytes, 5_000_000)
})
