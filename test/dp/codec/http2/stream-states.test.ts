/** RFC 9113 §5: states of streams, their numbers, their concurrency, errors and extensions; the cases h2spec names. */
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import {
  END_STREAM,
  frame,
  GET,
  headers,
  Peer,
  POST,
  SLOW,
  StreamLog,
  u32,
} from '../../../support/http2-peer.ts'

const reset = (id: number, code = 8): Buffer => frame('RST_STREAM', 0, id, u32(code))
const update = (id: number, count: number): Buffer => frame('WINDOW_UPDATE', 0, id, u32(count))
const priority = (id: number): Buffer => frame('PRIORITY', 0, id, Buffer.alloc(5))
const data = (id: number, flags = 0): Buffer => frame('DATA', flags, id, 'data')
const continuation = (id: number): Buffer => frame('CONTINUATION', 4, id, '')

t.test('5.1 frames that a state does not allow', async t => {
  const cases: Record<string, readonly [parts: Buffer[], verdict: string]> = {
    'idle: DATA': [[data(1, END_STREAM)], 'connection PROTOCOL_ERROR'],
    'idle: RST_STREAM': [[reset(1)], 'connection PROTOCOL_ERROR'],
    'idle: WINDOW_UPDATE': [[update(1, 100)], 'connection PROTOCOL_ERROR'],
    'idle: CONTINUATION': [[continuation(1)], 'connection PROTOCOL_ERROR'],
    'idle: PRIORITY': [[priority(1)], 'none'],
    'half-closed: DATA': [[headers(1, END_STREAM, SLOW), data(1)], 'stream 1 STREAM_CLOSED'],
    'half-closed: HEADERS': [
      [headers(1, END_STREAM, SLOW), headers(1, END_STREAM, [['a', 'b']])],
      'stream 1 STREAM_CLOSED',
    ],
    'half-closed: CONTINUATION': [
      [headers(1, END_STREAM, SLOW), continuation(1)],
      'connection PROTOCOL_ERROR',
    ],
    'half-closed: WINDOW_UPDATE': [[headers(1, END_STREAM, SLOW), update(1, 100)], 'none'],
    'half-closed: PRIORITY': [[headers(1, END_STREAM, SLOW), priority(1)], 'none'],
    'half-closed: RST_STREAM': [[headers(1, END_STREAM, SLOW), reset(1)], 'none'],
    'reset by the peer: DATA': [[headers(1, 0, SLOW), reset(1), data(1)], 'stream 1 STREAM_CLOSED'],
    'reset by the peer: HEADERS': [
      [headers(1, 0, SLOW), reset(1), headers(1, END_STREAM, [['a', 'b']])],
      'stream 1 STREAM_CLOSED',
    ],
    'reset by the peer: CONTINUATION': [
      [headers(1, 0, SLOW), reset(1), continuation(1)],
      'connection PROTOCOL_ERROR',
    ],
    'reset by the peer: RST_STREAM again': [[headers(1, 0, SLOW), reset(1), reset(1)], 'none'],
    'closed: DATA': [[headers(1, END_STREAM, GET), data(1)], 'connection STREAM_CLOSED'],
    'closed: HEADERS': [
      [headers(1, END_STREAM, GET), headers(1, END_STREAM, GET)],
      'connection STREAM_CLOSED',
    ],
    'closed: CONTINUATION': [[headers(1, END_STREAM, GET), continuation(1)], 'connection PROTOCOL_ERROR'],
    'closed: WINDOW_UPDATE': [[headers(1, END_STREAM, GET), update(1, 10)], 'none'],
    'closed: PRIORITY': [[headers(1, END_STREAM, GET), priority(1)], 'none'],
    'closed: RST_STREAM': [[headers(1, END_STREAM, GET), reset(1)], 'none'],
  }
  for (const [name, [parts, verdict]] of Object.entries(cases)) {
    t.equal(new Peer().send(...parts).verdict(), verdict, name)
  }
})

t.test('5.1 what still comes on a stream that we have reset is ignored, and counts', async t => {
  const peer = new Peer()
  peer.send(headers(1, 0, SLOW))
  peer.streams[0]?.reset(8)
  const block = peer.encoded(FieldList.of(['x-once', 'a'], ['x-once', 'a']))
  peer.send(data(1), frame('HEADERS', 5, 1, block), reset(1), update(1, 5), data(1))
  t.same(peer.heard(), ['RST_STREAM 1 CANCEL'])
  const fields = FieldList.of(...POST, ['x-once', 'a'])
  peer.send(frame('HEADERS', 5, 3, peer.encoded(fields)))
  t.match(peer.heard(), [/^HEADERS 3/, 'DATA 3 5 end'], 'the table of HPACK went on')
})

t.test('5.1.1 numbers of streams', async t => {
  const cases: Record<string, readonly [parts: Buffer[], verdict: string]> = {
    'an even one': [[headers(2, END_STREAM, GET)], 'connection PROTOCOL_ERROR'],
    'a lower one than before': [
      [headers(5, END_STREAM, SLOW), headers(3, END_STREAM, GET)],
      'connection PROTOCOL_ERROR',
    ],
    zero: [[headers(0, END_STREAM, GET)], 'connection PROTOCOL_ERROR'],
    'one left out': [[headers(5, END_STREAM, GET), headers(101, END_STREAM, GET)], 'none'],
    'the highest': [[headers(0x7fff_ffff, END_STREAM, GET)], 'none'],
  }
  for (const [name, [parts, verdict]] of Object.entries(cases)) {
    t.equal(new Peer().send(...parts).verdict(), verdict, name)
  }
})

t.test('5.1.2 streams over the limit are refused, and may come again', async t => {
  const peer = new Peer('server', { limits: { maxStreams: 2 } })
  peer.send(
    headers(1, END_STREAM, SLOW),
    headers(3, END_STREAM, SLOW),
    headers(5, 0, GET),
    data(5, END_STREAM),
  )
  t.equal(peer.verdict(), 'stream 5 REFUSED_STREAM')
  peer.send(reset(1), headers(7, END_STREAM, GET))
  t.match(peer.heard(), [/^HEADERS 7 :status=200/, 'DATA 7 5 end'])
})

t.test('5.1.2 a client waits for room', async t => {
  let calls = 0
  const peer = new Peer('client', { handler: { onCapacity: () => calls++ } })
  peer.send(frame('SETTINGS', 0, 0, Buffer.from('000300000001', 'hex')))
  const request = FieldList.of(...GET)
  const stream = peer.connection.request(request, true, new StreamLog())
  t.not(stream, null)
  t.equal(peer.connection.request(request, true, new StreamLog()), null)
  const before = calls
  peer.send(headers(1, END_STREAM, [[':status', '200']]))
  t.ok(calls > before, 'is told of room')
  t.equal(peer.connection.request(request, true, new StreamLog())?.id, 3)
})

t.test('5.4 an error of one stream leaves the others alone', async t => {
  const peer = new Peer()
  peer.send(headers(1, 0, POST), headers(3, 0, [...POST, ['A', 'b']]), data(1, END_STREAM))
  t.match(peer.heard(), [/^HEADERS 1 :status=200/, 'RST_STREAM 3 PROTOCOL_ERROR', 'DATA 1 4 end'])
})

t.test('5.4.1 an error of the connection names the last stream and ends all', async t => {
  const peer = new Peer()
  const log = new StreamLog()
  peer.send(headers(7, 0, SLOW))
  for (const stream of peer.streams) stream.sink = log
  peer.send(frame('PING', 0, 0, 'short'))
  t.same(peer.heard(), ['GOAWAY 7 FRAME_SIZE_ERROR size of PING'])
  t.same(log.lines, ['reset LOST'])
  t.same(peer.events, ['close FRAME_SIZE_ERROR size of PING'])
  t.ok(peer.stream.hasEnded)
  t.same(peer.send(headers(9, END_STREAM, GET)).heard(), [], 'nothing is read any more')
  peer.streams[0]?.sendText('late', true)
  t.same(peer.heard(), [], 'nothing is written any more')
})

t.test('5.1 a reset reaches the user once, and nothing behind it', async t => {
  const peer = new Peer()
  const log = new StreamLog()
  peer.send(headers(1, 0, SLOW))
  const [stream] = peer.streams
  if (stream === undefined) throw new Error('no stream')
  stream.sink = log
  peer.send(data(1), reset(1), data(1), reset(1))
  t.same(log.lines, ['data 4', 'reset CANCEL'])
  stream.sendHead(FieldList.of([':status', '200']), true)
  stream.reset(8)
  t.same(peer.heard(), ['RST_STREAM 1 STREAM_CLOSED'], 'only the answer to late DATA')
})
