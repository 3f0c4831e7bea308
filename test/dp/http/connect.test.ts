/** CONNECT through two data planes: a tunnel to the service's endpoint, and never a request out of what follows. */
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { rawClient, rawServer } from '../../support/raw-sockets.ts'

const CONNECT = 'CONNECT db.example:5432 HTTP/1.1\r\nHost: other\r\n\r\n'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n'

async function joined(t: Parameters<typeof startPair>[0], answer: string) {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(CONNECT)
  const server = await app.peer(0)
  await server.hears('\r\n\r\n')
  return { app, client, server, answer: () => server.send(answer) }
}

t.test('carries bytes both ways after 2xx, with an end of each', async t => {
  const { client, server, answer } = await joined(t, 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome')
  t.match(server.heard, /^CONNECT db\.example:5432 HTTP\/1\.1\r\nHost: db\.example:5432\r\n/)
  answer()
  await client.hears('welcome')
  t.match(client.heard, /^HTTP\/1\.1 200 OK\r\n\r\nwelcome$/, 'no length: it is no body')
  const large = 'x'.repeat(3_000_000)
  client.send(large)
  await server.hears(/x{100}$/)
  server.send('GET / HTTP/1.1\r\n\r\nno request')
  await client.hears('no request')
  client.socket.end()
  t.equal(await server.ended, 'end')
  t.equal(server.heard.length - server.heard.indexOf('\r\n\r\n') - 4, large.length)
  server.send('last words')
  server.socket.end()
  t.equal(await client.ended, 'end')
  t.match(client.heard, /last words$/)
})

t.test('what follows at once belongs to the tunnel', async t => {
  const { client, server, answer } = await joined(t, 'HTTP/1.1 204 No Content\r\n\r\n')
  client.send(SMUGGLED)
  answer()
  await server.hears('/smuggled')
  t.equal(server.heard.slice(server.heard.indexOf('\r\n\r\n') + 4), SMUGGLED, 'as it was sent')
  client.socket.destroy()
})

t.test('and is no request where there is none', async t => {
  const { app, client, server, answer } = await joined(
    t,
    'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 2\r\n\r\nno',
  )
  client.send(SMUGGLED)
  answer()
  t.equal(await client.ended, 'end')
  t.match(client.heard, /^HTTP\/1\.1 407 [\s\S]*\r\nconnection: close\r\n[\s\S]*no$/)
  t.equal(app.peers.length, 1)
  t.notMatch(server.heard, /smuggled/)
})

t.test('targets that are none are refused', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  for (const target of ['/', 'b', 'b:', 'b:0', 'b:70000', 'http://b:1/', 'a@b:1', '*']) {
    const client = await rawClient(pair.outPort)
    client.send(`CONNECT ${target} HTTP/1.1\r\nHost: b\r\n\r\n${SMUGGLED}`)
    t.equal(await client.ended, 'end', target)
    t.match(client.heard, /^HTTP\/1\.1 400 /)
    t.equal(client.heard.match(/HTTP\/1\.1 /g)?.length, 1)
  }
  t.same(app.peers, [])
})
