/** The codec against those who did not write it: node:http2 as client and as server, curl, nghttp and h2load. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { Http2Connection } from '../../../../dp/codec/http2/connection.ts'
import type { Http2Handler } from '../../../../dp/codec/http2/core.ts'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import { DEFAULT_HTTP2_LIMITS } from '../../../../dp/codec/http2/http2-limits.ts'
import { type Http2Stream, NO_STREAM_SINK, type StreamSink } from '../../../../dp/codec/http2/stream.ts'
import { Wire } from '../../../../dp/codec/wire.ts'
import { makeIdentity, makeMeshCa } from '../../../support/certificates.ts'
import { startEcho } from '../../../support/http2-echo.ts'

const run = promisify(execFile)
const server = await startEcho()
const origin = `http://127.0.0.1:${server.port}`
t.teardown(server.close)

/** A body that differs in every place. */
const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, at) => `${at},`).join(''))

interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly trailers: Record<string, unknown>
  readonly hints: number[]
  readonly body: Buffer
}

async function ask(
  session: ClientHttp2Session,
  path: string,
  body?: Buffer,
  method = 'GET',
): Promise<Answer> {
  const stream = session.request({ ':path': path, ':method': body === undefined ? method : 'POST' })
  const chunks: Buffer[] = []
  const hints: number[] = []
  let headers: Record<string, unknown> = {}
  let trailers: Record<string, unknown> = {}
  stream.on('response', fields => {
    headers = fields
  })
  stream.on('headers', fields => hints.push(Number(fields[':status'])))
  stream.on('trailers', fields => {
    trailers = fields
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.end(body)
  await once(stream, 'close')
  return { status: Number(headers[':status']), headers, trailers, hints, body: Buffer.concat(chunks) }
}

t.test('serves the client of Node: bodies both ways, many at a time, trailers, hints', async t => {
  const session = connect(origin)
  t.teardown(() => session.destroy())
  const [plain, large, echoed, none, head, hinted, ended] = await Promise.all([
    ask(session, '/'),
    ask(session, '/bytes/3000000'),
    ask(session, '/', BODY),
    ask(session, '/status/204'),
    ask(session, '/', undefined, 'HEAD'),
    ask(session, '/hints'),
    ask(session, '/trailers'),
  ])
  t.equal(plain.body.toString(), 'hello')
  t.same(large.body, Buffer.alloc(3_000_000, 'x'))
  t.ok(echoed.body.equals(BODY), 'two megabytes come back as they were')
  t.equal(none.status, 204)
  t.equal(head.status, 200)
  t.same(hinted.hints, [103])
  t.equal(hinted.body.toString(), 'hinted')
  t.equal(ended.trailers['grpc-status'], '0')
})

t.test('reads all header values that Node sends Huffman-coded', async t => {
  const session = connect(origin)
  t.teardown(() => session.destroy())
  const value = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).join('')
  const stream = session.request({ ':path': '/headers', 'x-all': value, 'x-again': value })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(stream, 'close')
  const seen: { fields: [string, string][] } = JSON.parse(Buffer.concat(chunks).toString())
  t.same(seen.fields, [
    ['x-all', value],
    ['x-again', value],
  ])
})

t.test('a slow reader stops its own stream only', async t => {
  const session = connect(origin)
  t.teardown(() => session.destroy())
  const slow = session.request({ ':path': '/bytes/5000000' })
  await once(slow, 'response')
  slow.pause()
  for (let round = 0; round < 20; round++) t.equal((await ask(session, '/')).body.toString(), 'hello')
  let count = 0
  slow.on('data', (chunk: Buffer) => {
    count += chunk.length
  })
  slow.resume()
  await once(slow, 'close')
  t.equal(count, 5_000_000)
})

t.test('drains under the client of Node', async t => {
  const own = await startEcho()
  t.teardown(own.close)
  const session = connect(`http://127.0.0.1:${own.port}`)
  const first = ask(session, '/bytes/2000000')
  await once(session, 'connect')
  await ask(session, '/')
  for (const connection of own.connections) connection.drain()
  t.equal((await first).body.length, 2_000_000)
  if (!session.destroyed) await once(session, 'close')
  t.same(own.faults, [])
})

t.test('serves over TLS, where writes take their time', async t => {
  const { chainPem, privateKeyPem } = await makeIdentity(await makeMeshCa())
  const own = await startEcho({}, { cert: chainPem, key: privateKeyPem })
  t.teardown(own.close)
  const session = connect(`https://127.0.0.1:${own.port}`, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  const answers = await Promise.all([
    // Node's client gives up by itself when it holds more than 10 MB.
    ...Array.from({ length: 3 }, () => ask(session, '/', BODY)),
    ask(session, '/bytes/3000000'),
  ])
  t.ok(answers.slice(0, 3).every(answer => answer.body.equals(BODY)))
  t.equal(answers[3]?.body.length, 3_000_000)
  const { stdout } = await run('curl', [
    '-sk',
    '--http2',
    '-w',
    '%{http_version}',
    `https://127.0.0.1:${own.port}/`,
  ])
  t.equal(stdout, 'hello2')
})

/** A client connection to a port. */
async function client(port: number): Promise<Http2Connection> {
  const wire = new Wire('shared')
  const socket = connectTcp({ host: '127.0.0.1', port, ...wire.readOptions() })
  wire.adopt(socket)
  await once(socket, 'connect')
  const handler: Http2Handler = {
    onRequest() {},
    onTooLarge() {},
    onCapacity() {},
    onGoaway() {},
    onGone() {},
    onClose() {},
  }
  return new Http2Connection(wire, { role: 'client', limits: DEFAULT_HTTP2_LIMITS, handler })
}

interface Heard {
  readonly status: number
  readonly body: Buffer
  readonly trailers: [string, string][]
}

function request(connection: Http2Connection, fields: FieldList, body: Buffer | null): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let status = 0
    let at = 0
    const send = (stream: Http2Stream): void => {
      let isFree = true
      while (isFree && body !== null && at < body.length) {
        const end = Math.min(body.length, at + 50_000)
        isFree = stream.sendData(body, at, end, end === body.length)
        at = end
      }
    }
    const done = (trailers: [string, string][]): void =>
      resolve({ status, body: Buffer.concat(chunks), trailers })
    const sink: StreamSink = {
      ...NO_STREAM_SINK,
      onHead: (_, block, isEnd) => {
        status = block.status
        if (isEnd) done([])
      },
      onData: (_, bytes, start, end, isEnd) => {
        chunks.push(Buffer.from(bytes.subarray(start, end)))
        if (isEnd) done([])
      },
      onTrailers: (_, block) => done(block.fields.pairs()),
      onDrain: send,
      onReset: (_, code) => reject(new Error(`reset ${code}`)),
    }
    const stream = connection.request(fields, body === null, sink)
    if (stream === null) reject(new Error('no room'))
    else send(stream)
  })
}

t.test('is a client to the server of Node', async t => {
  const node = createServer()
  node.on('stream', (stream: ServerHttp2Stream, headers) => {
    if (headers[':path'] === '/trailers') {
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': '7', 'x-seen': String(headers['x-value']) }),
      )
      stream.end('body')
    } else {
      stream.respond({ ':status': 200, 'x-long': 'v'.repeat(5000) })
      stream.pipe(stream)
    }
  })
  await new Promise<void>(resolve => node.listen(0, '127.0.0.1', resolve))
  const { port } = node.address() as AddressInfo
  const connection = await client(port)
  const of = (method: string, path: string): FieldList =>
    FieldList.of(
      [':method', method],
      [':scheme', 'http'],
      [':authority', 'b'],
      [':path', path],
      ['x-value', 'a b'],
    )
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => request(connection, of('POST', '/'), BODY)),
    request(connection, of('GET', '/trailers'), null),
  ])
  t.ok(answers.slice(0, 20).every(answer => answer.status === 200 && answer.body.equals(BODY)))
  t.same(answers[20]?.trailers, [
    ['grpc-status', '7'],
    ['x-seen', 'a b'],
  ])
  connection.drain()
  await new Promise(resolve => node.close(resolve))
})

t.test('speaks with curl, nghttp and h2load', async t => {
  const curl = async (...args: string[]): Promise<string> =>
    (
      await run('curl', ['-s', '--max-time', '20', '--http2-prior-knowledge', ...args], {
        maxBuffer: 1 << 24,
      })
    ).stdout
  t.equal(await curl(`${origin}/`), 'hello')
  t.equal((await curl(`${origin}/bytes/2000000`)).length, 2_000_000)
  t.match(
    await curl('-i', '-X', 'POST', '-H', 'Cookie: a=b', '-d', 'abc', `${origin}/`),
    /^HTTP\/2 200[\s\S]*\r\n\r\nabc$/,
  )
  const { stdout } = await run('nghttp', ['-nv', '-m', '5', `${origin}/trailers`])
  t.equal(stdout.match(/recv \(stream_id=\d+\) grpc-status: 0/g)?.length, 5)
  t.notMatch(stdout, /RST_STREAM|error_code=(?!NO_ERROR)/)
  const load = await run('h2load', ['-n', '5000', '-c', '4', '-m', '32', `${origin}/`])
  t.match(load.stdout, /5000 succeeded, 0 failed, 0 errored, 0 timeout/)
  const posts = await run('h2load', ['-n', '500', '-c', '2', '-m', '10', '-d', 'package.json', `${origin}/`])
  t.match(posts.stdout, /500 succeeded, 0 failed, 0 errored, 0 timeout/)
})
