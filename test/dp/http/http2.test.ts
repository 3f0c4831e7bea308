/**
 * Clients and applications that speak HTTP/2, HTTP/1.1 or one of each, through both data planes: node:http2 at the ends,
 * vmesh/1 over mutual TLS in between.
 */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { httpApplication } from '../../support/applications.ts'
import { startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { rawClient } from '../../support/raw-sockets.ts'
import { ALLOW_ALL, DENY_ALL, LOOPBACK } from '../../support/snapshots.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

/** By path: `/echo` sends the body back, `/trailers` as a gRPC server does, `/headers` shows what it saw, `/reset`. */
async function http2Application(
  t: Teardown,
): Promise<{ port: number; server: Http2Server; reset: () => number }> {
  let resets = 0
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    stream.on('aborted', () => resets++)
    const path = headers[':path'] ?? ''
    if (path === '/echo') {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    } else if (path === '/trailers') {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }))
      stream.resume()
      stream.on('end', () => stream.end('message'))
    } else if (path === '/headers') {
      stream.respond({ ':status': 200 })
      stream.end(JSON.stringify(headers))
    } else if (path === '/reset') stream.close(8)
    else if (path === '/status') stream.respond({ ':status': 404 }, { endStream: true })
    // others get no answer
  })
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return { port: (server.address() as AddressInfo).port, server, reset: () => resets }
}

function http2Client(t: Teardown, port: number): ClientHttp2Session {
  const session = connect(`http://${LOOPBACK}:${port}`)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  return session
}

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  readonly trailers: Readonly<Record<string, unknown>>
  readonly code: number
}

async function answerTo(stream: ClientHttp2Stream): Promise<Answer> {
  const chunks: Buffer[] = []
  let headers = {}
  let trailers = {}
  stream.on('response', received => {
    headers = received
  })
  stream.on('trailers', received => {
    trailers = received
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => {})
  await once(stream, 'close')
  return { headers, body: Buffer.concat(chunks).toString('latin1'), trailers, code: stream.rstCode }
}

t.test('carries a call of HTTP/2 to an application of HTTP/2: head, body, status', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
  const client = http2Client(t, pair.outPort)
  const asked = client.request({ ':path': '/headers', 'x-mine': 'yes', cookie: 'a=1' })
  const seen = JSON.parse((await answerTo(asked)).body)
  t.match(seen, { ':method': 'GET', ':path': '/headers', 'x-mine': 'yes', cookie: 'a=1' })
  t.match(seen, { ':authority': `${LOOPBACK}:${pair.outPort}`, 'x-request-id': /^[0-9a-f-]{36}$/ })
  t.match(seen['x-forwarded-client-cert'], /spiffe:\/\/default\/web/)
  const post = client.request({ ':method': 'POST', ':path': '/echo' })
  post.write('hello ')
  post.end('world')
  t.match(await answerTo(post), { headers: { ':status': 200 }, body: 'hello world' })
  t.match(await answerTo(client.request({ ':path': '/status' })), { headers: { ':status': 404 }, body: '' })
  t.match(pair.backend.status().inbounds[0]?.counters, { requests: 3 })
})

t.test('carries trailers, and messages both ways before either side is done', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
  const client = http2Client(t, pair.outPort)
  const unary = client.request({
    ':method': 'POST',
    ':path': '/trailers',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  unary.end('question')
  t.match(await answerTo(unary), {
    body: 'message',
    trailers: { 'grpc-status': '0', 'grpc-message': 'fine' },
  })
  const talk = client.request({ ':method': 'POST', ':path': '/echo', 'content-type': 'application/grpc' })
  for (const word of ['one', 'two', 'three']) {
    talk.write(word)
    const [heard] = (await once(talk, 'data')) as [Buffer]
    t.equal(heard.toString(), word)
  }
  talk.end()
  await once(talk, 'end')
})

t.test('carries large bodies whole, many at a time', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
  const client = http2Client(t, pair.outPort)
  const answers = Array.from({ length: 20 }, async (_, index) => {
    const body = Buffer.alloc(300_000 + index, 97 + index)
    const post = client.request({ ':method': 'POST', ':path': '/echo' })
    post.end(body)
    const answer = await answerTo(post)
    return answer.body === body.toString('latin1')
  })
  t.ok((await Promise.all(answers)).every(Boolean))
})

t.test('lets clients of HTTP/1.1 call applications of HTTP/2, and the other way round', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
  const old = await rawClient(pair.outPort)
  old.send('POST /echo HTTP/1.1\r\nhost: b\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
  t.match(await old.hears(/0\r\n\r\n$/), /^HTTP\/1\.1 200 OK\r\n[\s\S]*5\r\nhello\r\n0\r\n\r\n$/)
  old.take()
  old.send('POST /echo HTTP/1.1\r\nhost: b\r\ncontent-length: 2\r\n\r\nhi')
  t.match(await old.hears(/0\r\n\r\n$/), /2\r\nhi\r\n0\r\n\r\n$/)
  old.socket.destroy()

  const plain = await httpApplication('app')
  t.teardown(() => void plain.server.close())
  const other = await startPair(t, { appPort: plain.port })
  const client = http2Client(t, other.outPort)
  const post = client.request({ ':method': 'POST', ':path': '/x' })
  post.end('12345')
  t.match(await answerTo(post), { headers: { ':status': 200 }, body: 'app POST /x 5' })
  const head = client.request({ ':method': 'HEAD', ':path': '/y' })
  t.match(await answerTo(head), { headers: { ':status': 200 }, body: '' })
})

t.test(
  'ends a call at the application when its client cancels it, and at the client when the application does',
  async t => {
    const app = await http2Application(t)
    const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
    const client = http2Client(t, pair.outPort)
    const arrived = once(app.server, 'stream')
    const hanging = client.request({ ':method': 'POST', ':path': '/hangs' })
    hanging.write('x')
    const [stream] = await arrived
    hanging.close(8)
    await once(stream, 'close')
    t.equal(app.reset(), 1)
    t.match(await answerTo(client.request({ ':path': '/reset' })), { headers: { ':status': 503 } })
  },
)

t.test('answers itself where it refuses: over HTTP/2, and in the words of gRPC', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port, protocol: 'http2', permission: DENY_ALL })
  const client = http2Client(t, pair.outPort)
  const refused = await answerTo(client.request({ ':path': '/headers' }))
  t.match(refused, { headers: { ':status': 403, 'x-vmesh-reason': 'permission-denied' } })
  const grpc = client.request({
    ':method': 'POST',
    ':path': '/s/M',
    'content-type': 'application/grpc+proto',
  })
  grpc.end('x')
  const denied = await answerTo(grpc)
  t.match(denied, {
    headers: { ':status': 200, 'grpc-status': '7', 'x-vmesh-reason': 'permission-denied' },
    body: '',
  })
  await pair.changeInbound({ permission: ALLOW_ALL, protocol: 'http2' })
  t.match(await answerTo(client.request({ ':path': '/status' })), { headers: { ':status': 404 } })
})

t.test('says that nobody is there', async t => {
  const [dead = 0] = await freePorts(1)
  const pair = await startPair(t, { appPort: dead, protocol: 'http2' })
  const client = http2Client(t, pair.outPort)
  const answer = await answerTo(client.request({ ':path': '/' }))
  t.match(answer, { headers: { ':status': 503, 'x-vmesh-reason': 'application-refused' } })
})

t.test('cuts running calls that are no longer allowed', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
  const client = http2Client(t, pair.outPort)
  const arrived = once(app.server, 'stream')
  const hanging = client.request({ ':method': 'POST', ':path': '/hangs' })
  hanging.write('x')
  await arrived
  await pair.changeInbound({ permission: DENY_ALL, protocol: 'http2' })
  t.match(await answerTo(hanging), { headers: { ':status': 403 } })
})

t.test('takes what the application speaks from the section, also when it changes', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port })
  const client = http2Client(t, pair.outPort)
  const before = await answerTo(client.request({ ':path': '/status' }))
  t.match(before, { headers: { ':status': 503 } }, 'HTTP/1.1 to an application that speaks HTTP/2 only')
  await pair.changeInbound({ protocol: 'http2' })
  t.match(await answerTo(client.request({ ':path': '/status' })), { headers: { ':status': 404 } })
})

t.test('lets running calls finish when it drains, and takes no more', async t => {
  const app = await http2Application(t)
  const pair = await startPair(t, { appPort: app.port, protocol: 'http2' })
  const client = http2Client(t, pair.outPort)
  const talk = client.request({ ':method': 'POST', ':path': '/echo' })
  talk.write('before')
  await once(talk, 'data')
  const goaway = once(client, 'goaway')
  const drained = pair.web.drain(10_000)
  await goaway
  talk.end('after')
  const [heard] = (await once(talk, 'data')) as [Buffer]
  t.equal(heard.toString(), 'after')
  await once(talk, 'end')
  await drained
})
