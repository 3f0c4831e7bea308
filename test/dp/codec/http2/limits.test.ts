/** Limits of HTTP/2 that floods and other tests do not name, each at its edge. */
import t from 'tap'
import {
  block,
  END_HEADERS,
  END_STREAM,
  frame,
  GET,
  headers,
  Peer,
  settings,
} from '../../../support/http2-peer.ts'

const extra = (count: number, size = 1): (readonly [string, string])[] =>
  Array.from({ length: count }, (_, n) => [`x-${n}`, 'v'.repeat(size)] as const)

/** Status that a request with these fields gets. */
function statusOf(peer: Peer, fields: readonly (readonly [string, string])[]): string {
  const [line = ''] = peer
    .send(headers(1, END_STREAM, [...GET, ...fields]))
    .heard()
    .filter(one => one.startsWith('HEADERS'))
  return /:status=(\d+)/.exec(line)?.[1] ?? 'none'
}

t.test('maxFields: so many fields of a message', async t => {
  const limits = { maxFields: GET.length + 3 }
  t.equal(statusOf(new Peer('server', { limits }), extra(3)), '200')
  t.equal(statusOf(new Peer('server', { limits }), extra(4)), '431')
})

t.test('maxHeaderListBytes: names, values and 32 bytes a field', async t => {
  const sizeOf = (fields: readonly (readonly [string, string])[]): number =>
    fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)
  const limits = { maxHeaderListBytes: sizeOf([...GET, ...extra(1, 900)]) }
  t.equal(statusOf(new Peer('server', { limits }), extra(1, 900)), '200')
  t.equal(statusOf(new Peer('server', { limits }), extra(1, 901)), '431')
})

t.test('maxContinuations: so many frames of a header block', async t => {
  const limits = { maxContinuations: 3 }
  const bytes = block(...GET)
  const split = (count: number): Buffer[] => [
    frame('HEADERS', END_STREAM, 1, bytes.subarray(0, 1)),
    ...Array.from({ length: count - 1 }, (_, n) => frame('CONTINUATION', 0, 1, bytes.subarray(n + 1, n + 2))),
    frame('CONTINUATION', END_HEADERS, 1, bytes.subarray(count)),
  ]
  t.match(new Peer('server', { limits }).send(...split(3)).heard()[0], /^HEADERS 1 :status=200/)
  t.equal(new Peer('server', { limits }).send(...split(4)).verdict(), 'connection ENHANCE_YOUR_CALM')
})

t.test('headerTableBytes: what the other side may keep in the table', async t => {
  // a size update of HPACK (RFC 7541 §6.3): 31 in its first byte, the rest behind
  const request = (size: number): Buffer =>
    frame(
      'HEADERS',
      END_HEADERS + END_STREAM,
      1,
      Buffer.concat([Buffer.from([0x3f, size - 31]), block(...GET)]),
    )
  const limits = { headerTableBytes: 100 }
  t.match(new Peer('server', { limits }).send(request(100)).heard()[0], /^HEADERS 1 :status=200/)
  t.equal(new Peer('server', { limits }).send(request(101)).verdict(), 'connection COMPRESSION_ERROR')
})

t.test('idleFramesPerSecond: the burst comes back at that rate', async t => {
  const peer = new Peer('server', { limits: { idleFrameBurst: 20, idleFramesPerSecond: 10 } })
  const pings = (count: number): string => {
    peer.send(...Array.from({ length: count }, () => frame('PING', 0, 0, '12345678')))
    return peer.verdict()
  }
  peer.connection.sweep(1000)
  t.equal(pings(15), 'none')
  peer.connection.sweep(2000)
  t.equal(pings(12), 'none', 'ten have come back')
  t.equal(pings(10), 'connection ENHANCE_YOUR_CALM')
})

t.test('a peer that greets late is not kept: settings come first', async t => {
  const peer = new Peer('server', { isGreeted: false, limits: { handshakeTimeoutMs: 50 } })
  peer.send(settings())
  t.ok(peer.stream.hasEnded)
})
