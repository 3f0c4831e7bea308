/** Clients of HTTP/1.0 through two data planes: ab, old health checks, `curl -0`. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'

const CHUNKS =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nx: y\r\n\r\n'

/** Through both data planes to an application that answers every request with `answer`. */
async function pairFor(t: Parameters<typeof startPair>[0], answer: (request: string) => string) {
  const app = await httpResponder(answer)
  t.teardown(app.close)
  return { app, pair: await startPair(t, { appPort: app.port }) }
}

/** All that comes back, and how it ended. */
async function exchanged(port: number, request: string): Promise<{ text: string; ending: string }> {
  const client = await rawClient(port)
  client.send(request)
  const ending = await client.ended
  client.socket.destroy()
  return { ending, text: client.heard }
}

t.test('a request with and without Host, which goes on as one of HTTP/1.1', async t => {
  const { app, pair } = await pairFor(t, () => ok('served'))
  for (const [host, seen] of [
    ['Host: shop\r\n', 'shop'],
    ['', 'backend'],
  ] as const) {
    const { text, ending } = await exchanged(pair.outPort, `GET /a HTTP/1.0\r\n${host}\r\n`)
    t.equal(ending, 'end')
    t.match(text, /^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n[\s\S]*served$/)
    const request = app.peers.map(({ heard }) => heard).join('')
    t.match(request, /^GET \/a HTTP\/1\.1\r\n/)
    t.equal(fieldOf(request.slice(request.lastIndexOf('GET ')), 'host'), seen)
  }
})

t.test('keep-alive where it is asked for and the length is known', async t => {
  const { pair } = await pairFor(t, () => ok('served'))
  const client = await rawClient(pair.outPort)
  for (let count = 1; count <= 3; count++) {
    client.send('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n')
    await client.hears(new RegExp(`(?:[\\s\\S]*?served){${count}}$`))
    t.equal(client.heard.match(/\r\nconnection: keep-alive\r\n/g)?.length, count)
  }
  client.send('GET / HTTP/1.0\r\n\r\n')
  t.equal(await client.ended, 'end')
})

t.test('a body without a known length ends with the connection, without chunks', async t => {
  const { pair } = await pairFor(t, () => CHUNKS)
  const { text, ending } = await exchanged(pair.outPort, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  t.equal(ending, 'end')
  t.notMatch(text, /transfer-encoding/i)
  t.match(text, /\r\nconnection: close\r\n/)
  t.equal(text.slice(text.indexOf('\r\n\r\n') + 4), 'hello world')
})

t.test('a HEAD is not told of chunks', async t => {
  const { pair } = await pairFor(t, () => 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx: y\r\n\r\n')
  const client = await rawClient(pair.outPort)
  client.send('HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  await client.hears('\r\n\r\n')
  t.equal(client.heard, 'HTTP/1.1 200 OK\r\nx: y\r\nconnection: keep-alive\r\n\r\n')
  client.socket.destroy()
})

t.test('large bodies without a length arrive whole, also by a slow reader', async t => {
  const body = Array.from({ length: 200 }, (_, n) => String(n % 10).repeat(10_000))
  const chunked = body.map(part => `${part.length.toString(16)}\r\n${part}\r\n`).join('')
  const { pair } = await pairFor(
    t,
    () => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`,
  )
  const { text } = await exchanged(pair.outPort, 'GET / HTTP/1.0\r\n\r\n')
  t.ok(text.slice(text.indexOf('\r\n\r\n') + 4) === body.join(''), 'byte by byte')
})

t.test('no interim answer, no upgrade, no expectation', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(
    'POST / HTTP/1.0\r\nExpect: 100-continue\r\nUpgrade: websocket\r\nConnection: upgrade\r\ncontent-length: 2\r\n\r\nhi',
  )
  const server = await app.peer(0)
  await server.hears('hi')
  t.notMatch(server.heard, /expect|upgrade/i)
  server.send(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok('served')}`)
  t.equal(await client.ended, 'end')
  t.match(client.heard, /^HTTP\/1\.1 200 /)
  client.socket.destroy()
})

t.test('what could be read in two ways is refused', async t => {
  const { app, pair } = await pairFor(t, () => ok('reached'))
  const chunked = 'transfer-encoding: chunked\r\n'
  for (const [request, status] of [
    [`POST / HTTP/1.0\r\nhost: b\r\n${chunked}\r\n0\r\n\r\n`, 400],
    ['GET / HTTP/1.0\r\nhost: b\r\nhost: c\r\n\r\n', 400],
    ['GET / HTTP/1.2\r\nhost: b\r\n\r\n', 505],
    ['GET /\r\n\r\n', 400],
  ] as const) {
    const { text, ending } = await exchanged(pair.outPort, request)
    t.equal(Number(text.slice(9, 12)), status, request)
    t.equal(ending, 'end')
  }
  t.same(app.peers, [])
})

t.test(
  'ab: every request is answered, with and without keep-alive',
  { skip: spawnSync('ab', ['-V']).error !== undefined && 'ab is not installed' },
  async t => {
    const { pair } = await pairFor(t, () => ok('served'))
    for (const flags of [[], ['-k']]) {
      const argv = [...flags, '-q', '-n', '500', '-c', '8', `http://127.0.0.1:${pair.outPort}/`]
      const { stdout } = await promisify(execFile)('ab', argv)
      t.match(stdout, /Complete requests: +500\nFailed requests: +0\n/)
    }
  },
)
