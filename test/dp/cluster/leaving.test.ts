/** A data plane that leaves while calls are on their way to it: what it was sent before it was heard to leave is served. */
import t from 'tap'
import { mustApply, startPair } from '../../support/engine-pair.ts'
import { type Gate, startGate } from '../../support/gate.ts'
import { httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anOutbound, clusterTls, trustOf } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'
/** Of a body, so that it cannot be sent again by whoever has passed it on. */
const HALF = 'POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 10\r\n\r\nhello'

type Options = Parameters<typeof startPair>[1]

/** A pair with a gate between its data planes. */
async function startGated(t: Parameters<typeof startPair>[0], options: Options) {
  const pair = await startPair(t, options)
  const gate = await startGate(pair.inPort, Number.POSITIVE_INFINITY)
  t.teardown(gate.close)
  const { protocol = 'http' } = options
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'gated', { protocol: protocol === 'tcp' ? 'tcp' : 'http' })],
    clusters: [aCluster('gated', [gate.port], { tls: clusterTls('backend') })],
    trust: [trustOf(pair.ca)],
  })
  return { pair, gate }
}

async function holds(gate: Gate, count: number): Promise<void> {
  while (gate.held() < count) await new Promise(resolve => setImmediate(resolve))
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
