/** How connections end: graceful drain of both roles, silence, slow greetings, lost sockets. */
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import { block, END_STREAM, frame, GET, headers, Peer, SLOW, StreamLog } from '../../../support/http2-peer.ts'

const OK = FieldList.of([':status', '200'])
const ANSWER = frame('PING', 1, 0, 'vmesh-go')

t.test('6.8 a server drains: who was on its way is served, who comes later is not', async t => {
  const peer = new Peer().send(headers(1, END_STREAM, SLOW))
  peer.connection.drain()
  t.same(peer.heard(), ['GOAWAY 2147483647 NO_ERROR', 'PING vmesh-go'])
  peer.send(headers(3, END_STREAM, GET), ANSWER)
  t.match(peer.heard(), [/^HEADERS 3 :status=200/, 'DATA 3 5 end', 'GOAWAY 3 NO_ERROR'])
  t.same(peer.send(headers(5, END_STREAM, GET)).heard(), [], 'too late')
  t.notOk(peer.stream.hasEnded)
  peer.streams[0]?.sendHead(OK, true)
  t.match(peer.heard(), [/^HEADERS 1 :status=200 end/])
  t.ok(peer.stream.hasEnded)
  t.same(peer.events, ['close NO_ERROR'])
})

t.test('a server without streams ends as soon as the peer has answered', async t => {
  const peer = new Peer()
  peer.connection.drain()
  peer.connection.drain()
  t.same(peer.heard().length, 2, 'asked once')
  t.notOk(peer.stream.hasEnded)
  peer.send(ANSWER)
  t.same(peer.heard(), ['GOAWAY 0 NO_ERROR'])
  t.ok(peer.stream.hasEnded)
})

t.test('a client drains: nothing new, and the end when the last one is complete', async t => {
  const peer = new Peer('client')
  const log = new StreamLog()
  peer.connection.request(FieldList.of(...GET), true, log)
  peer.connection.drain()
  t.equal(peer.connection.request(FieldList.of(...GET), true, log), null)
  t.ok(peer.heard().includes('GOAWAY 0 NO_ERROR'))
  peer.send(headers(1, END_STREAM, [[':status', '204']]))
  t.same(log.lines, ['head 204 end'])
  t.ok(peer.stream.hasEnded)
})

t.test('the peer has sent all it will: complete requests are answered, half ones end', async t => {
  const peer = new Peer().send(headers(1, END_STREAM, SLOW), headers(3, 0, SLOW))
  const log = new StreamLog()
  for (const stream of peer.streams) stream.sink = log
  peer.stream.sink.onEnd()
  t.same(log.lines, ['reset LOST'])
  t.notOk(peer.stream.hasEnded)
  peer.streams[0]?.sendHead(OK, true)
  t.match(peer.heard(), [/^HEADERS 1 :status=200 end/])
  t.ok(peer.stream.hasEnded)
})

t.test('a lost connection resets what is open, once', async t => {
  const peer = new Peer('client')
  const log = new StreamLog()
  const stream = peer.connection.request(FieldList.of(...GET), false, log)
  peer.stream.sink.onClose(new Error('read ECONNRESET'))
  peer.stream.sink.onClose(undefined)
  t.same(log.lines, ['reset LOST'])
  t.same(peer.events, ['close NO_ERROR read ECONNRESET'])
  t.equal(stream?.isOpen, false)
  t.equal(stream?.sendText('x', true), true, 'dropped')
})

t.test('a silent peer is asked, and given up without an answer', async t => {
  const peer = new Peer('server', { limits: { pingAfterMs: 1000, pingTimeoutMs: 500 } })
  peer.connection.sweep(0)
  peer.connection.sweep(900)
  t.same(peer.heard(), [])
  peer.connection.sweep(1100)
  t.same(peer.heard(), ['PING vmesh-up'])
  peer.send(frame('PING', 1, 0, 'vmesh-up'))
  peer.connection.sweep(1700)
  peer.connection.sweep(2600)
  t.same(peer.events, [], 'it lives')
  peer.connection.sweep(2800)
  t.same(peer.heard(), ['PING vmesh-up'])
  peer.connection.sweep(3400)
  t.same(peer.events, ['close NO_ERROR no answer to PING'])
  t.ok(peer.stream.wasDestroyed)
})

t.test('a peer that never greets is given up', async t => {
  const peer = new Peer('server', { isGreeted: false, limits: { handshakeTimeoutMs: 1000 } })
  peer.connection.sweep(0)
  peer.connection.sweep(900)
  t.same(peer.events, [])
  peer.connection.sweep(1100)
  t.same(peer.events, ['close SETTINGS_TIMEOUT no SETTINGS in time'])
})

t.test('a header block that stalls is given up', async t => {
  const peer = new Peer('server', { limits: { headTimeoutMs: 1000 } })
  peer.send(frame('HEADERS', END_STREAM, 1, block(...GET)))
  peer.connection.sweep(0)
  peer.send(frame('CONTINUATION', 0, 1, ''))
  peer.connection.sweep(900)
  t.same(peer.events, [])
  peer.connection.sweep(1100)
  t.same(peer.events, ['close NO_ERROR header block not complete in time'])
})

t.test('a peer that does not close after our end is cut', async t => {
  const peer = new Peer('server', { limits: { lingerMs: 1000 } })
  peer.send(frame('PING', 0, 0, 'short'))
  peer.connection.sweep(0)
  peer.connection.sweep(900)
  t.notOk(peer.stream.wasDestroyed)
  peer.connection.sweep(1100)
  t.ok(peer.stream.wasDestroyed)
})

t.test('the last that the user hears is that the connection closed', async t => {
  const ends: Record<string, (peer: Peer) => void> = {
    'the peer resets the last stream': peer => peer.send(frame('RST_STREAM', 0, 1, Buffer.alloc(4))),
    'the last stream is malformed': peer => peer.send(headers(1, END_STREAM, [['A', 'b']])),
    'the peer has sent all it will': peer => peer.stream.sink.onEnd(),
    'the connection fails': peer => peer.send(frame('PING', 0, 0, 'short')),
    'the connection is lost': peer => peer.stream.sink.onClose(undefined),
  }
  for (const [name, end] of Object.entries(ends)) {
    const order: string[] = []
    const peer = new Peer('server', { handler: { onClose: () => order.push('close') } })
    peer.send(headers(1, 0, SLOW))
    const log = new StreamLog()
    log.onReset = () => order.push('reset')
    for (const stream of peer.streams) stream.sink = log
    peer.connection.drain()
    peer.send(ANSWER)
    end(peer)
    t.same(order, ['reset', 'close'], name)
  }
})
