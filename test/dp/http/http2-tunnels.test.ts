/**
 * Tunnels with HTTP/2 at one end or both: CONNECT (RFC 9113 §8.5) and WebSocket by extended CONNECT (RFC 8441), through
 * two data planes.
 */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { acceptOf } from '../../../dp/codec/http2/bridge/tunnels.ts'
import { startPair } from '../../support/engine-pair.ts'
import { fieldOf, RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { DENY_ALL, LOOPBACK } from '../../support/snapshots.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

const CONNECT = { ':method': 'CONNECT', ':authority': 'db.example:5432' }
const WEBSOCKET = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':path': '/chat',
  'sec-websocket-version': '13',
}
/** RFC 6455 §1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const OFFER = `GET /chat HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n'

/** Whose settings have come. */
async function http2Client(t: Teardown, port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://${LOOPBACK}:${port}`)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

async function answerTo(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders & { ':status'?: number }> {
  const [headers] = await once(stream, 'response')
  return headers
}

/** In whatever way. */
function ended(stream: ClientHttp2Stream): Promise<void> {
  return new Promise(resolve => stream.once('close', () => resolve()))
}

/** Tells `onStream` of every request. */
async function http2Application(
  t: Teardown,
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  enableConnectProtocol = true,
): Promise<number> {
  const server = createServer({ settings: { enableConnectProtocol } })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    onStream(stream, headers)
  })
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A CONNECT that has reached an application of HTTP/1.1. */
async function asked(t: Teardown & { name: string }, headers: Record<string, string>) {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await http2Client(t, pair.outPort)
  const stream = client.request(headers, { endStream: false })
  stream.on('error', () => {})
  const server = await app.peer(0)
  await server.hears('\r\n\r\n')
  const head = server.take()
  return { app, pair, stream, server, head }
}

t.test('CONNECT to HTTP/1.1 carries bytes both ways, with an end of each', async t => {
  const { stream, server, head } = await asked(t, CONNECT)
  t.match(head, /^CONNECT db\.example:5432 HTTP\/1\.1\r\nHost: db\.example:5432\r\n/)
  t.match(fieldOf(head, 'x-forwarded-client-cert'), /spiffe:\/\/default\/web/)
  server.send('HTTP/1.1 200 OK\r\nContent-Length: 7\r\nx-mine: 1\r\n\r\nwelcome')
  const answer = await answerTo(stream)
  t.match(answer, { ':status': 200, 'x-mine': '1' })
  t.notOk('content-length' in answer, 'it is no body')
  const client = new RawPeer(stream)
  await client.hears('welcome')
  const large = 'x'.repeat(3_000_000)
  stream.end(large)
  t.equal(await server.ended, 'end')
  t.ok(server.heard === large)
  server.send(large)
  server.socket.end('last words')
  t.equal(await client.ended, 'end')
  t.ok(client.heard === `welcome${large}last words`)
  await once(stream, 'close')
  t.equal(stream.rstCode, 0)
})

t.test(
  'what the client sends at once waits for the answer, and a reader that is slow for its client',
  async t => {
    const { stream, server } = await asked(t, CONNECT)
    stream.write(SMUGGLED)
    const large = Buffer.alloc(4_000_000, 'y')
    stream.end(large)
    // The answer comes behind all that was sent so far.
    await new Promise<void>(resolve => stream.session?.ping(() => resolve()))
    t.equal(server.heard, '')
    server.socket.pause()
    server.send('HTTP/1.1 204 No Content\r\n\r\n')
    t.match(await answerTo(stream), { ':status': 204 })
    server.socket.resume()
    t.equal(await server.ended, 'end')
    t.ok(server.heard === SMUGGLED + large.toString())
  },
)

t.test('and goes nowhere where the answer is no tunnel', async t => {
  const { app, stream, server } = await asked(t, CONNECT)
  stream.write(SMUGGLED)
  server.send('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 2\r\n\r\nno')
  t.match(await answerTo(stream), { ':status': 407 })
  const client = new RawPeer(stream)
  await once(stream, 'close')
  t.equal(client.heard, 'no')
  t.match(await server.ended, /end|reset/, 'nobody else gets the connection')
  t.equal(server.heard, '')
  t.equal(app.peers.length, 1)
})

t.test('a cut of one side cuts the other', async t => {
  const one = await asked(t, CONNECT)
  one.server.send('HTTP/1.1 200 OK\r\n\r\n')
  await answerTo(one.stream)
  one.stream.destroy(new Error('cut'))
  t.equal(await one.server.ended, 'reset')
  const other = await asked(t, CONNECT)
  other.server.send('HTTP/1.1 200 OK\r\n\r\n')
  await answerTo(other.stream)
  const closed = ended(other.stream)
  if (other.server.socket instanceof Socket) other.server.socket.resetAndDestroy()
  await closed
  t.equal(other.stream.rstCode, 10, 'CONNECT_ERROR')
})

t.test('a change of permission ends it', async t => {
  const { pair, stream, server } = await asked(t, CONNECT)
  server.send('HTTP/1.1 200 OK\r\n\r\n')
  await answerTo(stream)
  const closed = ended(stream)
  await pair.changeInbound({ permission: DENY_ALL })
  await closed
  t.equal(stream.rstCode, 10)
  t.equal(await server.ended, 'reset')
})

t.test('what is no CONNECT is refused', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await http2Client(t, pair.outPort)
  for (const [headers, status] of [
    [{ ':method': 'CONNECT', ':authority': 'b' }, 400],
    [{ ':method': 'CONNECT', ':authority': 'b:0' }, 400],
    [{ ...CONNECT, 'content-length': '5' }, 400],
    [{ ...WEBSOCKET, 'content-length': '0' }, 400],
    [{ ...WEBSOCKET, ':protocol': 'connect-udp' }, 501],
  ] as const) {
    const stream = client.request(headers, { endStream: false })
    stream.on('error', () => {})
    t.match(await answerTo(stream), { ':status': status }, JSON.stringify(headers))
  }
  t.same(app.peers, [])
})

t.test('CONNECT to HTTP/2, from HTTP/1.1 and HTTP/2', async t => {
  const port = await http2Application(t, (stream, headers) => {
    if (headers[':authority'] !== 'db.example:5432')
      return stream.respond({ ':status': 403 }, { endStream: true })
    stream.respond({ ':status': 200, 'x-method': headers[':method'] })
    stream.pipe(stream)
  })
  const pair = await startPair(t, { appPort: port, protocol: 'http2' })
  const large = 'x'.repeat(2_000_000)

  const old = await rawClient(pair.outPort)
  old.send(`CONNECT db.example:5432 HTTP/1.1\r\nHost: b\r\n\r\n${large}`)
  old.socket.end('the end')
  t.equal(await old.ended, 'end')
  const headEnd = old.heard.indexOf('\r\n\r\n') + 4
  t.match(old.heard.slice(0, headEnd), /^HTTP\/1\.1 200 OK\r\nx-method: CONNECT\r\n/)
  t.notMatch(old.heard.slice(0, headEnd), /transfer-encoding|content-length/)
  t.ok(old.heard.slice(headEnd) === `${large}the end`)

  const client = await http2Client(t, pair.outPort)
  const stream = client.request(CONNECT, { endStream: false })
  stream.end(large)
  t.match(await answerTo(stream), { ':status': 200 })
  const peer = new RawPeer(stream)
  t.equal(await peer.ended, 'end')
  t.ok(peer.heard === large)

  const refused = await rawClient(pair.outPort)
  refused.send(`CONNECT c:1 HTTP/1.1\r\nHost: b\r\n\r\n${SMUGGLED}`)
  t.equal(await refused.ended, 'end')
  t.match(refused.heard, /^HTTP\/1\.1 403 [\s\S]*connection: close\r\n\r\n$/)
})

t.test('WebSocket over HTTP/2 to an application of HTTP/1.1', async t => {
  const { stream, server, head } = await asked(t, WEBSOCKET)
  t.match(head, /^GET \/chat HTTP\/1\.1\r\n/)
  t.match(head, /\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n$/)
  t.equal(fieldOf(head, 'sec-websocket-version'), '13')
  const accept = acceptOf(fieldOf(head, 'sec-websocket-key'))
  server.send(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: echo\r\n\r\nhi`,
  )
  const answer = await answerTo(stream)
  t.match(answer, { ':status': 200, 'sec-websocket-protocol': 'echo' })
  t.notOk('sec-websocket-accept' in answer)
  const client = new RawPeer(stream)
  await client.hears('hi')
  stream.end('frames')
  t.equal(await server.ended, 'end')
  t.equal(server.heard, 'frames')
})

t.test('an answer that is no switch to WebSocket opens nothing', async t => {
  for (const answer of [
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno',
    'HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\nno',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
  ]) {
    const { stream, server } = await asked(t, WEBSOCKET)
    stream.write(SMUGGLED)
    server.send(answer)
    t.match(await answerTo(stream), { ':status': 502, 'x-vmesh-reason': 'bad-response' }, answer)
    t.equal(server.heard, '')
  }
})

t.test('WebSocket over HTTP/1.1 and HTTP/2 to an application of HTTP/2', async t => {
  const seen: IncomingHttpHeaders[] = []
  const port = await http2Application(t, (stream, headers) => {
    seen.push(headers)
    stream.respond({ ':status': 200, 'sec-websocket-protocol': 'echo' })
    stream.pipe(stream)
  })
  const pair = await startPair(t, { appPort: port, protocol: 'http2' })
  const old = await rawClient(pair.outPort)
  old.send(OFFER)
  await old.hears('\r\n\r\n')
  const head = old.take()
  t.match(head, /^HTTP\/1\.1 101 [\s\S]*\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n$/)
  t.equal(fieldOf(head, 'sec-websocket-accept'), ACCEPT)
  t.equal(fieldOf(head, 'sec-websocket-protocol'), 'echo')
  old.socket.end('frames')
  t.equal(await old.ended, 'end')
  t.equal(old.heard, 'frames')
  const client = await http2Client(t, pair.outPort)
  const stream = client.request(WEBSOCKET, { endStream: false })
  t.match(await answerTo(stream), { ':status': 200 })
  stream.end('frames')
  const peer = new RawPeer(stream)
  t.equal(await peer.ended, 'end')
  t.equal(peer.heard, 'frames')
  for (const headers of seen) {
    t.match(headers, { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat' })
    t.notOk('sec-websocket-key' in headers)
  }
  t.equal(seen.length, 2)
})

t.test('a server of HTTP/2 that does not take WebSocket sees a plain request', async t => {
  const port = await http2Application(
    t,
    (stream, headers) => {
      stream.respond({ ':status': 400, 'x-method': headers[':method'] })
      stream.end('no')
    },
    false,
  )
  const pair = await startPair(t, { appPort: port, protocol: 'http2' })
  const old = await rawClient(pair.outPort)
  old.send(OFFER)
  t.match(await old.hears(/no\r\n0\r\n\r\n$/), /^HTTP\/1\.1 400 [\s\S]*x-method: GET\r\n/)
  old.socket.destroy()
})
