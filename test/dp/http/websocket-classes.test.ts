/**
 * WebSocket through both data planes, by the classes of the Autobahn suite: frames of a real client and server pass as
 * they are.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { connectWebSocket, createUpgrade, type WebSocket } from '#base/websocket.ts'
import { startPair } from '../../support/engine-pair.ts'
import { rawClient } from '../../support/raw-sockets.ts'

interface Teardown {
  teardown(end: () => void | Promise<void>): void
}

const LIMITS = { maxFrameBytes: 20_000_000, protocols: ['echo'] }

interface Ending {
  readonly code: number
  readonly reason: string
}

/** Both ends of a WebSocket, and how the server's end was closed. */
async function joined(
  t: Teardown,
): Promise<{ client: WebSocket; server: WebSocket; ended: Promise<Ending>; port: number }> {
  const http = createServer()
  const upgrade = createUpgrade(LIMITS)
  const accepted = new Promise<WebSocket>(resolve => {
    http.on('upgrade', (request, socket, head) =>
      upgrade(request, socket, head, peer => {
        peer.on('error', () => {})
        resolve(peer)
      }),
    )
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    http.closeAllConnections()
    http.close()
  })
  const address = http.address()
  const pair = await startPair(t, {
    appPort: typeof address === 'object' && address !== null ? address.port : 0,
  })
  const client = connectWebSocket({
    ...LIMITS,
    url: `ws://127.0.0.1:${pair.outPort}/`,
    headers: {},
    handshakeTimeoutMs: 5000,
    onRefused: status => {
      throw new Error(`refused with ${status}`)
    },
  })
  client.on('error', () => {})
  const server = await accepted
  const ended = new Promise<Ending>(resolve => {
    server.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  if (client.readyState !== client.OPEN) await once(client, 'open')
  t.teardown(() => client.terminate())
  return { client, server, ended, port: pair.outPort }
}

const next = async (socket: WebSocket): Promise<{ text: string; isBinary: boolean }> => {
  const [data, isBinary] = await once(socket, 'message')
  return { text: Buffer.from(data).toString('latin1'), isBinary }
}

t.test('1: text and binary messages of every length class, both ways', async t => {
  const { client, server } = await joined(t)
  for (const size of [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537]) {
    for (const isBinary of [false, true]) {
      const text = 'a'.repeat(size)
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        const heard = next(to)
        from.send(isBinary ? Buffer.from(text) : text, { binary: isBinary })
        t.same(await heard, { text, isBinary }, `${size} ${isBinary ? 'binary' : 'text'}`)
      }
    }
  }
})

t.test('2: pings are answered with what they hold, also unasked pongs pass', async t => {
  const { client, server } = await joined(t)
  for (const payload of ['', 'ping', 'x'.repeat(125)]) {
    const pong = once(client, 'pong')
    client.ping(payload)
    t.equal(String((await pong)[0]), payload)
  }
  const unasked = once(server, 'pong')
  client.pong('by myself')
  t.equal(String((await unasked)[0]), 'by myself')
})

t.test('5: fragments, with control frames between them', async t => {
  const { client, server } = await joined(t)
  const heard = next(server)
  const pong = once(client, 'pong')
  client.send('one ', { fin: false })
  client.ping('between')
  client.send('two ', { fin: false })
  client.send('three', { fin: true })
  t.equal(String((await pong)[0]), 'between')
  t.same(await heard, { text: 'one two three', isBinary: false })
  const many = next(client)
  for (let i = 0; i < 999; i++) server.send(`${i};`, { fin: false })
  server.send('end', { fin: true })
  t.equal((await many).text.split(';').length, 1000)
})

t.test('7: closing codes and reasons reach the other side, whoever closes', async t => {
  for (const code of [1000, 1001, 1003, 1007, 1009, 1011, 3000, 4999]) {
    const { client, ended } = await joined(t)
    client.close(code, `because ${code}`)
    t.same(await ended, { code, reason: `because ${code}` })
  }
  const { client, server } = await joined(t)
  const closed = once(client, 'close')
  server.close(1012, 'restart')
  t.match(await closed, [1012])
})

t.test('9: large messages, and many of them', async t => {
  const { client, server } = await joined(t)
  server.on('message', (data, isBinary) => server.send(data, { binary: isBinary }))
  for (const size of [1_000_000, 16_000_000]) {
    const sent = Buffer.alloc(size, size % 251)
    const heard = once(client, 'message')
    client.send(sent)
    t.ok(sent.equals(Buffer.from((await heard)[0])), `${size} bytes`)
  }
  let count = 0
  const all = new Promise<void>(resolve => {
    client.on('message', data => {
      if (String(data) !== `message ${count}`) throw new Error(`out of order: ${data}`)
      if (++count === 5000) resolve()
    })
  })
  for (let i = 0; i < 5000; i++) client.send(`message ${i}`)
  await all
  t.equal(count, 5000)
})

t.test('a loss without a closing frame is a loss at the other end too', async t => {
  const { client, ended } = await joined(t)
  client.terminate()
  t.match(await ended, { code: 1006 })
  const other = await joined(t)
  const closed = once(other.client, 'close')
  other.server.terminate()
  t.match(await closed, [1006])
})

t.test('3, 4: frames that break the protocol reach the server, which closes by its rules', async t => {
  const { port } = await joined(t)
  const raw = await rawClient(port)
  const fields =
    'upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  raw.send(`GET / HTTP/1.1\r\nhost: b\r\n${fields}\r\n`)
  await raw.hears('101 Switching Protocols')
  // a reserved bit, masked
  raw.send('\xc1\x81\x00\x00\x00\x00a')
  // 0x88: close, 1002 protocol error
  await raw.hears(/\x88[\x02-\x7d]\x03\xea/)
  raw.socket.destroy()
})
