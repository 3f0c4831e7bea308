/** WebSockets pass through both data planes as tunnels. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { connectWebSocket, createUpgrade, type WebSocket } from '#base/websocket.ts'
import { startPair } from '../../support/engine-pair.ts'
import { rawClient, rawServer } from '../../support/raw-sockets.ts'
import { DENY_ALL } from '../../support/snapshots.ts'

const LIMITS = { maxFrameBytes: 10_000_000, protocols: ['echo'] }

/** A server that sends every message back; its port. */
async function echoServer(t: { teardown(end: () => void): void }): Promise<number> {
  const server = createServer()
  const upgrade = createUpgrade(LIMITS)
  server.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head, peer => {
      peer.on('message', data => peer.send(data))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function connectTo(port: number): WebSocket {
  return connectWebSocket({
    ...LIMITS,
    url: `ws://127.0.0.1:${port}/echo`,
    headers: {},
    handshakeTimeoutMs: 5000,
    onRefused: status => {
      throw new Error(`refused with ${status}`)
    },
  })
}

t.test('echoes messages small and large', async t => {
  const pair = await startPair(t, { appPort: await echoServer(t) })
  const socket = connectTo(pair.outPort)
  await once(socket, 'open')
  t.equal(socket.protocol, 'echo')
  for (const size of [0, 1, 1000, 5_000_000]) {
    const sent = Buffer.alloc(size, size % 251)
    socket.send(sent)
    const [got] = await once(socket, 'message')
    t.ok(sent.equals(Buffer.from(got)), `${size} bytes`)
  }
  socket.close()
  const [code] = await once(socket, 'close')
  t.equal(code, 1005, 'the closing handshake passes through')
})

t.test('ends within a second when the permission is taken away', async t => {
  const pair = await startPair(t, { appPort: await echoServer(t) })
  const socket = connectTo(pair.outPort)
  await once(socket, 'open')
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  await pair.changeInbound({ permission: DENY_ALL })
  const [code] = await closed
  t.equal(code, 1006, 'cut, not closed in order')
})

t.test('passes on what comes with the 101, and the early bytes of the client', async t => {
  const app = await rawServer(async peer => {
    await peer.hears(/Sec-Key: 1\r\n[\s\S]*connection: upgrade\r\nupgrade: websocket\r\n\r\n/)
    peer.send(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-Accept: 2\r\n\r\nhi',
    )
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(
    'GET / HTTP/1.1\r\nHost: b\r\nSec-Key: 1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly',
  )
  await client.hears(/Sec-Accept: 2\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi$/)
  const server = await app.peer(0)
  await server.hears(/\r\n\r\nearly$/)
  client.socket.end()
  t.equal(await server.ended, 'end', 'half-close passes through')
  server.send('bye')
  server.socket.end()
  t.equal(await client.ended, 'end')
  t.ok(client.heard.endsWith('hibye'))
})

t.test('refuses a switch that nobody asked for', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  t.match(await client.hears('protocol error'), /^HTTP\/1\.1 502 /)
  client.socket.destroy()
})
