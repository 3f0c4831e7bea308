/** HTTP/1.1 through two data planes and mutual TLS: what applications on both ends see, byte by byte. */
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: backend\r\n\r\n'

t.test('adds what applications rely on and drops what they must not believe', async t => {
  const app = await httpResponder(request => ok(request))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(
    'GET /a?b HTTP/1.1\r\nHost: backend\r\nX-Forwarded-Client-Cert: URI=spiffe://default/admin\r\nX-Mine: 1\r\n\r\n',
  )
  const answer = await client.hears(/By=/)
  t.match(
    answer,
    /^HTTP\/1\.1 200 OK\r\ncontent-length: \d+\r\n\r\nGET \/a\?b HTTP\/1\.1\r\nHost: backend\r\nX-Mine: 1\r\n/,
  )
  t.match(
    fieldOf(answer, 'x-request-id'),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  t.equal(fieldOf(answer, 'x-forwarded-proto'), 'http')
  t.match(
    fieldOf(answer, 'x-forwarded-client-cert'),
    /^By=spiffe:\/\/default\/backend;(By=[^;]+;)*Hash=[0-9a-f]{64};URI=spiffe:\/\/default\/web(;URI=[^;]+)*$/,
  )
  t.notMatch(answer, /admin/)
  client.take()
  client.send('GET / HTTP/1.1\r\nHost: b\r\nX-Request-Id: mine\r\nX-Forwarded-Proto: https\r\n\r\n')
  const second = await client.hears(/By=/)
  t.equal(fieldOf(second, 'x-request-id'), 'mine', 'a value from the client is kept')
  t.equal(fieldOf(second, 'x-forwarded-proto'), 'https')
  t.equal(app.peers.length, 1, 'the connection to the application is used again')
  client.socket.destroy()
})

t.test('answers pipelined requests in their order', async t => {
  const app = await httpResponder(request => ok(request.split(' ')[1] ?? ''))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  const paths = Array.from({ length: 50 }, (_, index) => `/${index}`)
  client.send(paths.map(path => `GET ${path} HTTP/1.1\r\nHost: b\r\n\r\n`).join(''))
  const heard = await client.hears(/\r\n\r\n\/49$/)
  t.same(
    [...heard.matchAll(/\r\n\r\n(\/\d+)/g)].map(match => match[1]),
    paths,
  )
  client.socket.destroy()
})

t.test('does not answer for ever a client that does not read', async t => {
  const answer = ok('x'.repeat(10_000))
  let answered = 0
  const app = await httpResponder(() => {
    answered++
    return answer
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.socket.pause()
  const total = 5000
  client.send(GET.repeat(total))
  let before = -1
  while (answered !== before) {
    before = answered
    for (let turn = 0; turn < 300; turn++) await tick()
  }
  t.ok(answered < total, `${answered} of ${total} requests were sent on`)
  client.socket.resume()
  while (client.heard.length < total * answer.length) await tick()
  t.equal(answered, total, 'the others follow when it reads')
  client.socket.destroy()
})

t.test('takes a request byte by byte', async t => {
  const app = await httpResponder(() => ok('yes'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  for (const byte of `\r\n${GET}`) {
    client.send(byte)
    await new Promise(resolve => setImmediate(resolve))
  }
  t.match(await client.hears('yes'), /^HTTP\/1\.1 200/)
  client.socket.destroy()
})

t.test('passes chunks and trailers on without extensions, both ways', async t => {
  const body = '5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'
  const plain = body.replace(';x=y', '')
  const app = await rawServer(async peer => {
    await peer.hears(plain)
    peer.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${body}`)
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n5;x=')
  const server = await app.peer(0)
  await server.hears(/\r\n\r\n5$/)
  client.send(body.slice(4))
  t.ok((await client.hears(plain)).endsWith(`Trailer: X-Sum\r\ntransfer-encoding: chunked\r\n\r\n${plain}`))
  t.ok(server.heard.endsWith(`\r\n\r\n${plain}`))
  client.socket.destroy()
})

t.test('carries large bodies both ways, byte for byte', async t => {
  const body = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff))
    .toString('latin1')
    .repeat(20)
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    const length = Number(fieldOf(peer.heard, 'content-length'))
    while (peer.heard.length - peer.heard.indexOf('\r\n\r\n') - 4 < length) await peer.hears(/$/).then(tick)
    peer.send(ok(peer.heard.slice(peer.heard.indexOf('\r\n\r\n') + 4)))
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(`POST / HTTP/1.1\r\nHost: b\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`
  while (client.heard.length < head.length + body.length) await tick()
  t.ok(client.heard === head + body)
  client.socket.destroy()
})

t.test('carries a large response to a client that reads slowly', async t => {
  const body = '0123456789abcdef'.repeat(1_000_000)
  const app = await httpResponder(() => ok(body))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  const length = ok(body).length
  client.socket.on('data', () => {
    client.socket.pause()
    setImmediate(() => client.socket.resume())
  })
  for (const rounds of [1, 2]) {
    client.send(GET)
    while (client.heard.length < length) await tick()
    t.ok(client.take() === ok(body), `response ${rounds}`)
  }
  t.equal(app.peers.length, 1)
  client.socket.destroy()
})

t.test('relays 100 Continue before the body is sent', async t => {
  const app = await rawServer(async peer => {
    await peer.hears(/Expect: 100-continue[\s\S]*\r\n\r\n/)
    peer.send('HTTP/1.1 100 Continue\r\n\r\n')
    await peer.hears('body!')
    peer.send(ok('done'))
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('PUT / HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  t.equal(await client.hears('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  client.send('body!')
  t.match(await client.hears('done'), /\r\n\r\nHTTP\/1\.1 200 OK/)
  client.socket.destroy()
})

t.test('knows the responses that have no body', async t => {
  const app = await httpResponder(request => {
    if (request.startsWith('HEAD')) return 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'
    if (request.startsWith('GET /304')) return 'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n'
    if (request.startsWith('GET /204')) return 'HTTP/1.1 204 No Content\r\n\r\n'
    return ok('end')
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  const request = (start: string) => `${start} HTTP/1.1\r\nHost: b\r\n\r\n`
  client.send(request('HEAD /') + request('GET /304') + request('GET /204') + request('GET /'))
  t.equal(
    await client.hears('\r\n\r\nend'),
    'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n' +
      'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nend',
  )
  client.socket.destroy()
})

t.test('frames a body that ends with its connection, and keeps the client', async t => {
  let count = 0
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send(`HTTP/1.0 200 OK\r\n\r\nhello ${++count}`)
    peer.socket.end()
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await client.hears('0\r\n\r\n')
  t.match(
    client.take(),
    /^HTTP\/1\.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n(7\r\nhello 1\r\n)0\r\n\r\n$/,
  )
  client.send(GET)
  t.match(await client.hears('0\r\n\r\n'), /hello 2/)
  client.socket.destroy()
})

t.test('ends the connection after a request that asks for it', async t => {
  const app = await httpResponder(() => ok('bye'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n')
  t.equal(await client.ended, 'end')
  t.match(client.heard, /\r\nconnection: close\r\n\r\nbye$/)
  client.socket.destroy()
})

t.test('completes the response of a client that sends nothing more', async t => {
  let finish: () => void = () => {}
  const app = await rawServer(peer => {
    finish = () => peer.send(ok('late'))
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.socket.end(GET)
  await (await app.peer(0)).hears('\r\n\r\n')
  finish()
  t.equal(await client.ended, 'end')
  t.match(client.heard, /late$/)
})

t.test('passes an early response on and ends the connection', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 1000000\r\n\r\nsome')
  t.equal(await client.ended, 'end')
  t.equal(client.heard, 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nconnection: close\r\n\r\n')
  t.equal(await (await app.peer(0)).ended, 'end', 'the connection to the application is not used again')
  client.socket.destroy()
})

function tick(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
