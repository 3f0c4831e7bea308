/** TCP through two data planes and mutual TLS: bytes, ends and cuts arrive as they were sent. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { rawClient, rawServer } from '../../support/raw-sockets.ts'
import { DENY_ALL, LOOPBACK } from '../../support/snapshots.ts'

t.test('lets the server speak first, and each side end by itself', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const client = await rawClient(pair.outPort)
  await client.hears('welcome')
  client.socket.end('question')
  const server = await app.peer(0)
  t.equal(await server.ended, 'end')
  t.equal(server.heard, 'question')
  server.send('answer')
  server.socket.end()
  t.equal(await client.ended, 'end')
  t.equal(client.heard, 'welcomeanswer')
})

t.test('passes a reset on, both ways', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const reset = (socket: unknown) => (socket as Socket).resetAndDestroy()
  const first = await rawClient(pair.outPort)
  first.send('x')
  await (await app.peer(0)).hears('x')
  reset((await app.peer(0)).socket)
  t.equal(await first.ended, 'reset')
  const second = await rawClient(pair.outPort)
  second.send('x')
  await (await app.peer(1)).hears('x')
  reset(second.socket)
  t.equal(await (await app.peer(1)).ended, 'reset')
})

t.test('carries much data both ways at once, to a reader that is slower, byte for byte', async t => {
  const size = 48 * 1024 * 1024
  const block = Buffer.from(
    Array.from({ length: 1_048_573 }, (_, index) => (index * 7 + (index >> 10)) & 0xff),
  )
  const hashes = {
    toClient: createHash('sha256'),
    toServer: createHash('sha256'),
    sent: createHash('sha256'),
  }
  let serverHasAll: () => void = () => {}
  const allAtServer = new Promise<void>(resolve => {
    serverHasAll = resolve
  })
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('end', serverHasAll)
    socket.on('data', chunk => {
      hashes.toServer.update(chunk)
      // A reader that cannot keep up.
      socket.pause()
      setImmediate(() => socket.resume())
    })
    pump(socket, block, size)
  })
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const appPort = typeof address === 'object' && address !== null ? address.port : 0
  const pair = await startPair(t, { appPort, protocol: 'tcp' })
  const client = connect({ port: pair.outPort, host: LOOPBACK, allowHalfOpen: true })
  client.on('data', chunk => hashes.toClient.update(chunk))
  pump(client, block, size)
  await Promise.all([once(client, 'end'), allAtServer])
  let left = size
  while (left > 0) {
    hashes.sent.update(block.subarray(0, Math.min(left, block.length)))
    left -= block.length
  }
  const sent = hashes.sent.digest('hex')
  t.equal(hashes.toClient.digest('hex'), sent)
  t.equal(hashes.toServer.digest('hex'), sent)
  const [outbound] = pair.web.status().outbounds
  t.match(outbound?.counters, { bytesIn: size, bytesOut: size, requests: 1 })
})

t.test('does not read from a sender while the receiver does not read', async t => {
  const held: Socket[] = []
  const server = createServer(socket => held.push(socket.pause()))
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of held) socket.destroy()
    server.close()
  })
  const address = server.address()
  const appPort = typeof address === 'object' && address !== null ? address.port : 0
  const pair = await startPair(t, { appPort, protocol: 'tcp' })
  const client = connect({ port: pair.outPort, host: LOOPBACK })
  client.on('error', () => {})
  const block = Buffer.alloc(1024 * 1024)
  let written = 0
  // Kernel buffers take some; a proxy that took the rest would take 200 MB.
  while (written < 200 && client.write(block)) written++
  while (written < 200) {
    written++
    client.write(block)
  }
  const taken = () => pair.web.status().outbounds[0]?.counters['bytesIn'] ?? 0
  let last = -1
  while (taken() !== last) {
    last = taken()
    for (let turn = 0; turn < 500; turn++) await new Promise(resolve => setImmediate(resolve))
  }
  t.ok(last < 60 * 1024 * 1024, `took ${last} bytes of 200 MB`)
  client.destroy()
})

t.test('closes without a byte when there is nobody to call', async t => {
  const [appPort = 0] = await freePorts(1)
  const pair = await startPair(t, { appPort, protocol: 'tcp' })
  const client = await rawClient(pair.outPort)
  client.send('hello')
  t.match(await client.ended, /end|reset/)
  t.equal(client.heard, '')
  t.match(pair.backend.status().inbounds[0]?.counters, { 'errors.application-refused': 1 })
})

t.test('gives a denied client no byte, and the application no connection', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp', permission: DENY_ALL })
  const client = await rawClient(pair.outPort)
  client.send('hello')
  t.match(await client.ended, /end|reset/)
  t.equal(client.heard, '')
  t.same(app.peers, [])
  t.match(pair.backend.status().inbounds[0]?.counters, { denied: 1, 'errors.permission-denied': 1 })
})

t.test('ends a connection on which nothing moves', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp', limits: { tcpIdleMs: 1 } })
  const client = await rawClient(pair.outPort)
  t.match(await client.ended, /end|reset/)
})

/** Writes `size` bytes of `block` again and again, then ends. */
function pump(socket: Socket, block: Buffer, size: number): void {
  let left = size
  const more = () => {
    while (left > 0) {
      const part = block.subarray(0, Math.min(left, block.length))
      left -= part.length
      if (!socket.write(part)) {
        socket.once('drain', more)
        return
      }
    }
    socket.end()
  }
  more()
}
