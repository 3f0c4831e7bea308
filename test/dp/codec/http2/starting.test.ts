/** RFC 9113 §3 and §4: preface, first SETTINGS, frame format, frame size, header blocks; the cases h2spec names. */
import t from 'tap'
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import {
  block,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  headers,
  Peer,
  SETTINGS_ACK,
  SLOW,
  settings,
  u32,
} from '../../../support/http2-peer.ts'

t.test('3.4 a server greets with SETTINGS at once, and acknowledges ours', async t => {
  const peer = new Peer('server', { isGreeted: false })
  t.same(peer.heard(), ['SETTINGS 0', 'WINDOW_UPDATE 0 16711681'])
  t.same(peer.send(PREFACE, settings()).heard(), ['SETTINGS 0 ack'])
})

t.test('3.4 a client sends the preface, then SETTINGS', async t => {
  const peer = new Peer('client', { isGreeted: false })
  peer.connection.flush()
  const bytes = peer.stream.taken()
  t.same(bytes.subarray(0, 24), PREFACE)
  t.equal(bytes[24 + 3], 4)
})

t.test('3.4 what is no preface ends the connection', async t => {
  for (const [name, bytes] of Object.entries({
    'a bad preface': 'INVALID CONNECTION PREFACE\r\n\r\n',
    'HTTP/1.1': 'GET / HTTP/1.1\r\nHost: b\r\n\r\n',
    'the last byte': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r',
  })) {
    for (const step of [1, 100]) {
      const peer = new Peer('server', { isGreeted: false })
      t.equal(peer.sendIn(step, Buffer.from(bytes)).verdict(), 'connection PROTOCOL_ERROR', name)
      t.ok(peer.stream.hasEnded)
    }
  }
})

t.test('3.4 the first frame has to be SETTINGS', async t => {
  const cases: Record<string, Buffer> = {
    HEADERS: headers(1, END_STREAM, GET),
    DATA: frame('DATA', 0, 1, 'x'),
    PING: frame('PING', 0, 0, '12345678'),
    'an acknowledgement': SETTINGS_ACK,
    'an unknown frame': frame(99, 0, 0, 'x'),
  }
  for (const [name, first] of Object.entries(cases)) {
    const peer = new Peer('server', { isGreeted: false })
    t.equal(peer.send(PREFACE, first).verdict(), 'connection PROTOCOL_ERROR', name)
  }
})

t.test('4.1 unknown types, flags and the reserved bit are ignored', async t => {
  const odd = frame('PING', 0xfe, 0, '12345678')
  const reserved = frame('HEADERS', END_STREAM | END_HEADERS, 1, block(...GET))
  reserved[5] = (reserved[5] ?? 0) | 0x80
  const peer = new Peer()
  peer.send(frame(0x16, 0xff, 0, '12345678'), frame(0x16, 0, 9, ''), odd, reserved)
  t.match(peer.heard(), ['PING 12345678 ack', /^HEADERS 1/, 'DATA 1 5 end'])
})

t.test('4.1 frames are the same however they are cut into reads', async t => {
  const parts = [
    frame('PING', 0, 0, '12345678'),
    headers(1, 0, [...SLOW.slice(0, 3), [':path', '/']]),
    frame('DATA', 8, 1, Buffer.concat([Buffer.from([3]), Buffer.from('hello'), Buffer.alloc(3)])),
    frame('DATA', 0, 1, ''),
    frame('DATA', END_STREAM, 1, 'x'.repeat(3000)),
    frame('HEADERS', END_STREAM, 3, block(...GET).subarray(0, 7)),
    frame('CONTINUATION', END_HEADERS, 3, block(...GET).subarray(7)),
  ]
  const whole = new Peer().send(...parts).heard()
  for (const step of [1, 2, 5, 9, 10, 11, 100]) {
    const lines = new Peer().sendIn(step, ...parts).heard()
    const sum = (all: string[]) =>
      all.reduce((bytes, line) => bytes + (line.startsWith('DATA 1 ') ? Number(line.split(' ')[2]) : 0), 0)
    t.equal(sum(lines), sum(whole), `${step} bytes a read: data`)
    const rest = (all: string[]) => all.filter(line => !line.startsWith('DATA 1 '))
    t.same(rest(lines), rest(whole), `${step} bytes a read: the rest`)
    t.ok(lines.some(line => /^DATA 1 \d+ end$/.test(line)))
  }
})

t.test('4.2 frame size', async t => {
  const largest = [headers(1, 0, SLOW), frame('DATA', 0, 1, 'x'.repeat(16_384))]
  t.equal(new Peer().send(...largest).verdict(), 'none', 'the largest')
  const cases: Record<string, Buffer[]> = {
    'DATA too large': [headers(1, 0, SLOW), frame('DATA', END_STREAM, 1, 'x'.repeat(16_385))],
    'HEADERS too large': [headers(1, END_STREAM, [...GET, ['x', 'y'.repeat(16_385)]])],
    'unknown too large': [frame(50, 0, 0, 'x'.repeat(16_385))],
  }
  for (const [name, parts] of Object.entries(cases)) {
    t.equal(new Peer().send(...parts).verdict(), 'connection FRAME_SIZE_ERROR', name)
  }
  const larger = new Peer('server', { limits: { maxFrameBytes: 20_000 } })
  t.equal(
    larger.send(headers(1, 0, SLOW), frame('DATA', 0, 1, 'x'.repeat(20_000))).verdict(),
    'none',
    'a setting',
  )
})

t.test('4.3 header blocks', async t => {
  const get = block(...GET)
  const open = frame('HEADERS', END_STREAM, 1, get)
  const cases: Record<string, readonly [parts: Buffer[], verdict: string]> = {
    'not decodable': [
      [frame('HEADERS', END_HEADERS | END_STREAM, 1, '\x40')],
      'connection COMPRESSION_ERROR',
    ],
    'PRIORITY inside': [
      [open, frame('PRIORITY', 0, 1, u32(0, 0).subarray(0, 5))],
      'connection PROTOCOL_ERROR',
    ],
    'HEADERS of another stream inside': [[open, headers(3, END_STREAM, GET)], 'connection PROTOCOL_ERROR'],
    'DATA inside': [[open, frame('DATA', 0, 1, 'x')], 'connection PROTOCOL_ERROR'],
    'an unknown frame inside': [[open, frame(99, 0, 1, 'x')], 'connection PROTOCOL_ERROR'],
    'SETTINGS inside': [[open, settings()], 'connection PROTOCOL_ERROR'],
    'continued on another stream': [
      [open, frame('CONTINUATION', END_HEADERS, 3, get)],
      'connection PROTOCOL_ERROR',
    ],
    'not decodable in the middle of pieces': [
      [open, frame('CONTINUATION', END_HEADERS, 1, '\x40')],
      'connection COMPRESSION_ERROR',
    ],
    'a table size in the middle': [
      [frame('HEADERS', END_HEADERS | END_STREAM, 1, Buffer.concat([get, Buffer.from([0x20])]))],
      'connection COMPRESSION_ERROR',
    ],
  }
  for (const [name, [parts, verdict]] of Object.entries(cases)) {
    t.equal(new Peer().send(...parts).verdict(), verdict, name)
  }
})

t.test('4.3 a block may come in many pieces, empty ones too', async t => {
  const get = block(...GET)
  const pieces = [...get].map((_, at) => frame('CONTINUATION', 0, 1, get.subarray(at, at + 1))).slice(0, 20)
  const peer = new Peer()
  peer.send(
    frame('HEADERS', END_STREAM, 1),
    ...pieces,
    frame('CONTINUATION', 0, 1, ''),
    frame('CONTINUATION', END_HEADERS, 1, get.subarray(20)),
  )
  t.match(peer.heard(), [/^HEADERS 1 :status=200/, 'DATA 1 5 end'])
})
