/**
 * Trailers of HTTP/2 behind bodies whose length was said, through both data planes: node:http2 at the ends, vmesh/1, which
 * frames as HTTP/1.1 does, in between.
 */
import { once } from 'node:events'
import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { rawClient } from '../../support/raw-sockets.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const TRAILERS = { 'grpc-status': '0', 'x-sum': '1' }
const ANNOUNCED = { trailer: 'x-sum' }
const GRPC = { 'content-type': 'application/grpc' }

interface Message {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders
}

/** Answers each request with `answer`, the length 4, a body and trailers. */
const app = createServer()
/** What it heard last. */
let heard: Message = { headers: {}, body: '', trailers: {} }
let answer: OutgoingHttpHeaders = {}
app.on('stream', (stream: ServerHttp2Stream, headers) => {
  heard = { headers, body: '', trailers: {} }
  stream.setEncoding('latin1')
  stream.on('data', text => {
    heard = { ...heard, body: heard.body + text }
  })
  stream.on('trailers', trailers => {
    heard = { ...heard, trailers }
  })
  stream.on('end', () => {
    stream.respond({ ...answer, ':status': 200, 'content-length': 4 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS))
    if (headers[':method'] !== 'HEAD') stream.end('body')
  })
})
app.listen(0, LOOPBACK)
await once(app, 'listening')
t.teardown(() => void app.close())
const pair = await startPair(t, { appPort: (app.address() as AddressInfo).port, protocol: 'http2' })
const session = connect(`http://${LOOPBACK}:${pair.outPort}`)
t.teardown(() => session.destroy())

/** The answer to a request with those fields, the length 6, a body and trailers. */
async function call(fields: OutgoingHttpHeaders): Promise<Message> {
  const stream = session.request(
    { ...fields, ':method': 'POST', ':path': '/', 'content-length': 6 },
    { endStream: false, waitForTrailers: true },
  )
  stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS))
  stream.end('asking')
  let got: Message = { headers: {}, body: '', trailers: {} }
  stream.setEncoding('latin1')
  stream.on('response', headers => {
    got = { ...got, headers }
  })
  stream.on('data', text => {
    got = { ...got, body: got.body + text }
  })
  stream.on('trailers', trailers => {
    got = { ...got, trailers }
  })
  await once(stream, 'close')
  return got
}

for (const [name, fields] of [
  ['of gRPC', GRPC],
  ['that are announced', ANNOUNCED],
] as const) {
  t.test(`carries trailers ${name}, also where the length was said`, async t => {
    answer = fields
    const got = await call(fields)
    t.match(got, { headers: { ':status': 200, ...fields }, body: 'body', trailers: TRAILERS })
    t.match(heard, { headers: fields, body: 'asking', trailers: TRAILERS })
    t.notOk('content-length' in got.headers || 'content-length' in heard.headers)
  })
}

t.test('keeps the length of everything else, without trailers behind it', async t => {
  answer = {}
  const got = await call({})
  t.match(got, { headers: { 'content-length': '4' }, body: 'body' })
  t.match(heard, { headers: { 'content-length': '6' }, body: 'asking' })
  t.same([Object.keys(got.trailers), Object.keys(heard.trailers)], [[], []])
})

t.test('gives clients of HTTP/1.1 the length, or the trailers that were announced', async t => {
  const client = await rawClient(pair.outPort)
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  const plain = await client.hears(/body$/)
  t.match(plain, /\r\ncontent-length: 4\r\n/)
  t.notMatch(plain, /transfer-encoding/)
  client.take()
  answer = ANNOUNCED
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  const chunked = await client.hears(/x-sum: 1\r\n\r\n$/)
  t.match(chunked, /\r\ntransfer-encoding: chunked\r\n/)
  t.notMatch(chunked, /content-length/)
  client.socket.destroy()
})

t.test('leaves the length of what has no body', async t => {
  answer = ANNOUNCED
  const client = await rawClient(pair.outPort)
  client.send('HEAD / HTTP/1.1\r\nHost: b\r\n\r\n')
  t.match(await client.hears(/\r\n\r\n$/), /\r\ncontent-length: 4\r\n/)
  client.socket.destroy()
})
