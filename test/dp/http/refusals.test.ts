/** What the data plane answers itself: bad requests, bad responses, applications that are gone, and time limits. */
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: backend\r\n\r\n'

/** Sends `text` on a connection of its own and answers all that comes until the proxy closes it. */
async function answerTo(port: number, text: string): Promise<string> {
  const client = await rawClient(port)
  client.send(text)
  await client.ended
  client.socket.destroy()
  return client.heard
}

function reasonOf(answer: string): string {
  return `${answer.split(' ')[1]} ${fieldOf(answer, 'x-vmesh-reason')}`
}

t.test('refuses a bad request, closes, and lets nothing of it through', async t => {
  const app = await httpResponder(() => ok('reached'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const smuggled = `GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n`
  const cases: readonly (readonly [string, string])[] = [
    [
      '400 bad-request',
      `POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['400 bad-request', `POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['400 bad-request', 'hello\r\n\r\n'],
    ['400 missing-host', 'GET / HTTP/1.1\r\n\r\n'],
    ['505 http-version', 'GET / HTTP/1.2\r\nHost: b\r\n\r\n'],
    ['431 head-too-large', `GET / HTTP/1.1\r\nHost: b\r\nX: ${'x'.repeat(61 * 1024)}\r\n\r\n`],
    ['400 bad-request', 'CONNECT b HTTP/1.1\r\nHost: b\r\n\r\n'],
  ]
  for (const [expected, text] of cases) {
    const answer = await answerTo(pair.outPort, text + smuggled)
    t.equal(reasonOf(answer), expected, text.slice(0, 60))
    t.match(answer, /\r\nconnection: close\r\n/)
    t.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, 'one answer')
  }
  t.equal(
    await answerTo(pair.outPort, 'GET / HTTP/1.1\r\n\r\n').then(text => fieldOf(text, 'content-length')),
    '0',
  )
  t.same(app.peers, [], 'the application was not called')
})

t.test('ends a request whose body goes wrong in the middle', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  const server = await app.peer(0)
  await server.hears('hello\r\n')
  client.send('5\nsmuggled')
  await client.ended
  t.equal(reasonOf(client.heard), '400 bad-request')
  await server.ended
  t.ok(server.heard.endsWith('5\r\nhello\r\n'), 'the application sees an incomplete request')
  client.socket.destroy()
})

t.test('answers 502 for a response that could be read in two ways', async t => {
  const bad = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  const app = await httpResponder(() => bad)
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  t.equal(reasonOf(await client.hears('protocol error')), '502 bad-response')
  t.match(await (await app.peer(0)).ended, /end|reset/, 'the connection is not used again')
  client.take()
  client.send(GET)
  t.equal(
    reasonOf(await client.hears('protocol error')),
    '502 bad-response',
    'the client keeps its connection',
  )
  client.socket.destroy()
})

t.test('never gives surplus bytes of one response to the next request', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send(`${ok('mine')}${ok('surplus')}`)
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await client.hears('mine')
  client.send(GET)
  await client.hears(/mine[\s\S]*mine/)
  t.notMatch(client.heard, /surplus/)
  t.equal(app.peers.length, 2)
  client.socket.destroy()
})

t.test('says that the application is not there, and finds it when it is', async t => {
  const [appPort = 0] = await freePorts(1)
  const pair = await startPair(t, { appPort })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  const answer = await client.hears('remote connection failure')
  t.equal(reasonOf(answer), '503 application-refused', 'the data planes are well')
  t.match(
    answer,
    /\r\n\r\nupstream connect error or disconnect\/reset before headers\. reset reason: remote connection failure$/,
  )
  const app = await httpResponder(() => ok('back'), appPort)
  t.teardown(app.close)
  client.take()
  client.send(GET)
  t.match(await client.hears('back'), /^HTTP\/1\.1 200/, 'on the same connection, at once')
  client.socket.destroy()
})

t.test('says that the application closed before its answer', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.socket.end()
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  t.equal(reasonOf(await client.hears(/termination$/)), '503 connection-termination')
  t.equal(app.peers.length, 1, 'a fresh connection is not tried twice')
  client.socket.destroy()
})

t.test('cuts the client off when a response breaks off', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
    peer.socket.end()
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  t.equal(await client.ended, 'reset', 'nobody takes half of it for the whole')
})

t.test('tries a request again when a kept connection turns out to be closed', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send(ok(`answer ${peer.heard.split(' ')[0]}`))
    await peer.hears(/\r\n\r\n[\s\S]*\r\n\r\n/)
    peer.socket.destroy()
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await client.hears('answer GET')
  client.take()
  client.send(GET)
  await client.hears('answer GET')
  t.equal(app.peers.length, 2, 'on another connection')
  client.take()
  client.send('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n')
  t.equal(
    reasonOf(await client.hears(/termination$/)),
    '503 connection-termination',
    'a POST is never sent twice',
  )
  client.socket.destroy()
})

t.test('ends a head that does not come in time', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, limits: { headTimeoutMs: 1, lingerMs: 1 } })
  const answer = await answerTo(pair.outPort, 'GET / HTTP/1.1\r\n')
  t.equal(reasonOf(answer), '408 head-timeout')
})

t.test('ends a call on which nothing moves', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, limits: { streamIdleMs: 1, lingerMs: 1 } })
  const answer = await answerTo(pair.outPort, GET)
  t.match(reasonOf(answer), /504 stream-timeout|503 connection-termination/)
})

t.test('ends a connection without requests', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, limits: { keepAliveMs: 1 } })
  t.equal(await answerTo(pair.outPort, ''), '')
})
