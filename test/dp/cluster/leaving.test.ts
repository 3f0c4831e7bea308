/** A data plane that leaves while calls are on their way to it: what it was sent before it was heard to leave is served. */
import { once } from 'node:events'
import { connect } from 'node:http2'
import { setImmediate as tick } from 'node:timers/promises'
import t from 'tap'
import { anEngine, mustApply, type startPair } from '../../support/engine-pair.ts'
import { type Gate, startGate } from '../../support/gate.ts'
import { startGated } from '../../support/gated-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound, LOOPBACK, trustOf } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'
/** Of a body, so that it cannot be sent again by whoever has passed it on. */
const HALF = 'POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 10\r\n\r\nhello'

async function holds(gate: Gate, count: number): Promise<void> {
  while (gate.held() < count) await tick()
}

async function half(clients: readonly RawPeer[], gate: Gate): Promise<void> {
  for (const [at, client] of clients.entries()) {
    client.take()
    client.send(HALF)
    await holds(gate, at + 1)
  }
}

/** How a called data plane leaves. */
const WAYS = {
  'the daemon stops': pair => pair.backend.drain(600_000),
  'the inbound is removed': pair => mustApply(pair.backend, { listeners: [], trust: [trustOf(pair.ca)] }),
  'the inbound gets another protocol': pair => pair.changeInbound({ protocol: 'tcp' }),
} satisfies Record<string, (pair: Awaited<ReturnType<typeof startPair>>) => Promise<void>>

for (const [name, leave] of Object.entries(WAYS)) {
  t.test(`${name}: requests that are on their way are served, on streams old and new`, async t => {
    const app = await rawServer()
    t.teardown(app.close)
    const { pair, gate } = await startGated(t, { appPort: app.port })
    const clients = await Promise.all(Array.from({ length: 3 }, () => rawClient(pair.outPort)))
    const [warm] = clients
    warm?.send(GET)
    const first = await app.peer(0)
    await first.hears('GET / ')
    first.send(ok('warm'))
    await warm?.hears('warm')
    gate.hold()
    await half(clients, gate)
    const left = leave(pair)
    gate.release()
    for (const client of clients) client.send('world')
    for (let at = 0; at < clients.length; at++) {
      const peer = await app.peer(at)
      await peer.hears('helloworld')
      peer.send(ok('served'))
    }
    for (const client of clients) t.match(await client.hears('served'), /^HTTP\/1.1 200 /)
    await left
    for (const { socket } of clients) socket.destroy()
  })
}

t.test('without TLS a request is served that is on its way on a connection at rest', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const [inPort = 0, outPort = 0] = await freePorts(2)
  const gate = await startGate(inPort, Number.POSITIVE_INFINITY)
  t.teardown(gate.close)
  const [web, backend] = [anEngine(t), anEngine(t)]
  await mustApply(backend, { listeners: [anInbound(inPort, app.port, { tls: null })] })
  await mustApply(web, {
    listeners: [anOutbound(outPort, 'gated')],
    clusters: [aCluster('gated', [gate.port], { tls: null })],
  })
  const clients = [await rawClient(outPort), await rawClient(outPort)]
  for (const [at, client] of clients.entries()) {
    client.send(GET)
    await (await app.peer(at)).hears('GET / ')
  }
  for (const [at, client] of clients.entries()) {
    app.peers[at]?.send(ok('warm'))
    await client.hears('warm')
  }
  gate.hold()
  await half(clients.slice(0, 1), gate)
  const drained = backend.drain(600_000)
  gate.release()
  const [client] = clients
  client?.send('world')
  await Promise.race(app.peers.map(peer => peer.hears('helloworld')))
  for (const peer of app.peers) if (peer.heard.includes('helloworld')) peer.send(ok('served'))
  t.match(await client?.hears('served'), /^HTTP\/1.1 200 /)
  await drained
  t.equal(gate.count(), 2, 'and the other one was closed')
  for (const { socket } of clients) socket.destroy()
})

t.test('over HTTP/2 a request that is on its way is served, the first of its connection too', async t => {
  for (const passed of [0, Number.POSITIVE_INFINITY]) {
    const app = await httpResponder(() => ok('served'))
    const [inPort = 0] = await freePorts(1)
    const gate = await startGate(inPort, passed)
    const backend = anEngine(t)
    await mustApply(backend, { listeners: [anInbound(inPort, app.port, { tls: null })] })
    const session = connect(`http://${LOOPBACK}:${gate.port}`)
    if (passed > 0) {
      const warm = session.request({ ':path': '/' }).resume()
      await once(warm, 'close')
      gate.hold()
    }
    const late = session.request({ ':path': '/late' })
    await gate.isHolding
    while (backend.status().inbounds[0]?.connections !== 1) await tick()
    const drained = backend.drain(600_000)
    gate.release()
    const [headers] = (await once(late, 'response')) as [Record<string, unknown>]
    t.equal(headers[':status'], 200)
    late.resume()
    await drained
    session.destroy()
    gate.close()
    app.close()
  }
})

t.test('a TCP connection that is on its way is taken', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port, protocol: 'tcp' })
  const running = await rawClient(pair.outPort)
  await running.hears('welcome')
  gate.hold()
  const client = await rawClient(pair.outPort)
  client.send('first bytes')
  await gate.isHolding
  const drained = pair.backend.drain(600_000)
  gate.release()
  await client.hears('welcome')
  t.match(await (await app.peer(1)).hears('first bytes'), 'first bytes')
  for (const { socket } of [running, client, ...app.peers]) socket.destroy()
  await drained
})

t.test('a caller that is not heard of any more holds nobody up', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port, limits: { lingerMs: 1 } })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await client.hears('served')
  gate.freeze()
  await pair.backend.drain(600_000)
  t.equal(pair.backend.status().inbounds[0]?.connections, 0)
  client.socket.destroy()
})
