/** RFC 9113 §6: each frame type with the places, sizes and values it may have; the cases h2spec names. */
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import {
  ACK,
  block,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  headers,
  PADDED,
  Peer,
  POST,
  PRIORITY,
  SLOW,
  StreamLog,
  settings,
  u32,
} from '../../../support/http2-peer.ts'

type Case = readonly [parts: Buffer[], verdict: string]
const pad = (length: number, text: Buffer | string, padding = Buffer.alloc(length)): Buffer =>
  Buffer.concat([Buffer.from([length]), Buffer.from(text), padding])
const open = headers(1, 0, SLOW)

const CASES: Record<string, Case> = {
  '6.1 DATA on stream 0': [[frame('DATA', 0, 0, 'x')], 'connection PROTOCOL_ERROR'],
  '6.1 DATA with padding': [[open, frame('DATA', PADDED, 1, pad(3, 'x'))], 'none'],
  '6.1 DATA with nothing but padding': [[open, frame('DATA', PADDED, 1, pad(255, ''))], 'none'],
  '6.1 DATA, padding of its length': [
    [open, frame('DATA', PADDED, 1, '\x05abcd')],
    'connection PROTOCOL_ERROR',
  ],
  '6.1 DATA, padded without a length': [[open, frame('DATA', PADDED, 1)], 'connection FRAME_SIZE_ERROR'],
  '6.2 HEADERS with padding and priority': [
    [frame('HEADERS', 0x2d, 1, pad(4, Buffer.concat([Buffer.alloc(5), block(...GET)])))],
    'none',
  ],
  '6.2 HEADERS, padding longer than the frame': [
    [frame('HEADERS', PADDED | END_HEADERS, 1, Buffer.concat([Buffer.from([255]), block(...GET)]))],
    'connection PROTOCOL_ERROR',
  ],
  '6.2 HEADERS, no room for its priority': [
    [frame('HEADERS', PRIORITY | END_HEADERS, 1, 'abcd')],
    'connection PROTOCOL_ERROR',
  ],
  '6.2 HEADERS, padded and empty': [
    [frame('HEADERS', PADDED | END_HEADERS, 1, '')],
    'connection PROTOCOL_ERROR',
  ],
  '6.3 PRIORITY on stream 0': [[frame('PRIORITY', 0, 0, Buffer.alloc(5))], 'connection PROTOCOL_ERROR'],
  '6.3 PRIORITY of another size': [[open, frame('PRIORITY', 0, 1, 'abcd')], 'stream 1 FRAME_SIZE_ERROR'],
  '6.3 PRIORITY of itself is ignored': [
    [open, frame('PRIORITY', 0, 1, Buffer.concat([u32(1), u32(0)]).subarray(0, 5))],
    'none',
  ],
  '6.4 RST_STREAM on stream 0': [[frame('RST_STREAM', 0, 0, u32(8))], 'connection PROTOCOL_ERROR'],
  '6.4 RST_STREAM of another size': [[open, frame('RST_STREAM', 0, 1, 'abc')], 'connection FRAME_SIZE_ERROR'],
  '6.4 RST_STREAM with an unknown code': [[open, frame('RST_STREAM', 0, 1, u32(0xff))], 'none'],
  '6.5 SETTINGS acknowledgement with payload': [
    [frame('SETTINGS', ACK, 0, Buffer.alloc(6))],
    'connection FRAME_SIZE_ERROR',
  ],
  '6.5 SETTINGS on a stream': [[frame('SETTINGS', 0, 1, Buffer.alloc(6))], 'connection PROTOCOL_ERROR'],
  '6.5 SETTINGS of another size': [[frame('SETTINGS', 0, 0, 'abc')], 'connection FRAME_SIZE_ERROR'],
  '6.5.2 ENABLE_PUSH of 2': [[settings([2, 2])], 'connection PROTOCOL_ERROR'],
  '6.5.2 ENABLE_PUSH of 1': [[settings([2, 1])], 'none'],
  '6.5.2 a window too large': [[settings([4, 0x8000_0000])], 'connection FLOW_CONTROL_ERROR'],
  '6.5.2 the largest window': [[settings([4, 0x7fff_ffff])], 'none'],
  '6.5.2 frames too small': [[settings([5, 16_383])], 'connection PROTOCOL_ERROR'],
  '6.5.2 frames too large': [[settings([5, 0x100_0000])], 'connection PROTOCOL_ERROR'],
  '6.5.2 the largest frames': [[settings([5, 0xff_ffff])], 'none'],
  '6.5.2 extended CONNECT of 2': [[settings([8, 2])], 'connection PROTOCOL_ERROR'],
  '6.5.2 an unknown setting': [[settings([0xff, 1])], 'none'],
  '6.5.3 values in their order': [[settings([4, 100], [4, 1], [4, 65_535])], 'none'],
  '6.6 PUSH_PROMISE': [[frame('PUSH_PROMISE', END_HEADERS, 1, u32(2))], 'connection PROTOCOL_ERROR'],
  '6.7 PING on a stream': [[frame('PING', 0, 1, '12345678')], 'connection PROTOCOL_ERROR'],
  '6.7 PING of another size': [[frame('PING', 0, 0, '123456')], 'connection FRAME_SIZE_ERROR'],
  '6.7 PING answer nobody asked for': [[frame('PING', ACK, 0, 'invalid!')], 'none'],
  '6.8 GOAWAY on a stream': [[frame('GOAWAY', 0, 1, u32(0, 0))], 'connection PROTOCOL_ERROR'],
  '6.8 GOAWAY too short': [[frame('GOAWAY', 0, 0, u32(0))], 'connection FRAME_SIZE_ERROR'],
  '6.8 GOAWAY with text': [
    [open, frame('GOAWAY', 0, 0, Buffer.concat([u32(0, 0), Buffer.from('bye')]))],
    'none',
  ],
  '7 GOAWAY with an unknown code': [[open, frame('GOAWAY', 0, 0, u32(0, 0xff))], 'none'],
  '6.9 WINDOW_UPDATE of nothing for the connection': [
    [frame('WINDOW_UPDATE', 0, 0, u32(0))],
    'connection PROTOCOL_ERROR',
  ],
  '6.9 WINDOW_UPDATE of nothing for a stream': [
    [open, frame('WINDOW_UPDATE', 0, 1, u32(0))],
    'stream 1 PROTOCOL_ERROR',
  ],
  '6.9 WINDOW_UPDATE of another size': [[frame('WINDOW_UPDATE', 0, 0, 'abc')], 'connection FRAME_SIZE_ERROR'],
  '6.9.1 window of the connection too large': [
    [frame('WINDOW_UPDATE', 0, 0, u32(0x7fff_ffff)), frame('WINDOW_UPDATE', 0, 0, u32(0x7fff_ffff))],
    'connection FLOW_CONTROL_ERROR',
  ],
  '6.9.1 window of a stream too large': [
    [open, frame('WINDOW_UPDATE', 0, 1, u32(0x7fff_ffff)), frame('WINDOW_UPDATE', 0, 1, u32(0x7fff_ffff))],
    'stream 1 FLOW_CONTROL_ERROR',
  ],
  '6.9.2 windows too large through a setting': [
    [open, frame('WINDOW_UPDATE', 0, 1, u32(0x7fff_0000)), settings([4, 0x7fff_ffff])],
    'connection FLOW_CONTROL_ERROR',
  ],
  '6.10 CONTINUATION on stream 0': [
    [frame('HEADERS', END_STREAM, 1, block(...GET)), frame('CONTINUATION', END_HEADERS, 0, '')],
    'connection PROTOCOL_ERROR',
  ],
  '6.10 CONTINUATION behind END_HEADERS': [
    [headers(1, 0, POST), frame('CONTINUATION', END_HEADERS, 1, block(['a', 'b']))],
    'connection PROTOCOL_ERROR',
  ],
  '6.10 CONTINUATION behind DATA': [
    [open, frame('DATA', 0, 1, 'x'), frame('CONTINUATION', END_HEADERS, 1, block(['a', 'b']))],
    'connection PROTOCOL_ERROR',
  ],
}

t.test('frames in their places, sizes and values', async t => {
  for (const [name, [parts, verdict]] of Object.entries(CASES)) {
    t.equal(new Peer().send(...parts).verdict(), verdict, name)
    t.equal(new Peer().sendIn(1, ...parts).verdict(), verdict, `${name}, byte by byte`)
  }
})

t.test('6.5.2 a client refuses a server that would take pushes', async t => {
  t.equal(new Peer('client').send(settings([2, 1])).verdict(), 'connection PROTOCOL_ERROR')
  t.equal(new Peer('client').send(settings([2, 0])).verdict(), 'none')
})

t.test('6.5.3, 6.7 settings are acknowledged and pings answered, in order', async t => {
  const peer = new Peer().send(settings([3, 100]), frame('PING', 0, 0, '12345678'), settings())
  t.same(peer.heard(), ['SETTINGS 0 ack', 'PING 12345678 ack', 'SETTINGS 0 ack'])
})

t.test('6.8 a client learns which requests were not looked at', async t => {
  const peer = new Peer('client')
  const request = FieldList.of(...GET)
  const logs = [new StreamLog(), new StreamLog(), new StreamLog()]
  for (const log of logs) peer.connection.request(request, true, log)
  peer.send(frame('GOAWAY', 0, 0, u32(1, 0)))
  t.same(
    logs.map(log => log.lines),
    [[], ['reset REFUSED_STREAM'], ['reset REFUSED_STREAM']],
  )
  t.same(peer.events, ['goaway NO_ERROR'])
  t.equal(peer.connection.request(request, true, new StreamLog()), null)
  peer.send(headers(1, END_STREAM, [[':status', '200']]))
  t.same(logs[0]?.lines, ['head 200 end'])
  t.same(peer.events, ['goaway NO_ERROR', 'close NO_ERROR'], 'ends when the last one has')
  t.ok(peer.stream.hasEnded)
})
