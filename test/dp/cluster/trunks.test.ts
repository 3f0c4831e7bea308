/** One connection to each data plane, whatever is called how often: made once, replaced in time, missed by nobody. */
import { once } from 'node:events'
import { setImmediate as tick } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import t from 'tap'
import { RAW } from '../../../dp/tls/alpn.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'
import { anEngine, mustApply, startPair } from '../../support/engine-pair.ts'
import { startGated } from '../../support/gated-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound, clusterTls, LOOPBACK, trustOf } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

async function ask(client: RawPeer): Promise<string> {
  client.take()
  client.send(GET)
  const answer = await client.hears(/\r\n\r\n[\s\S]/)
  return fieldOf(answer, 'x-vmesh-reason') || answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

t.test('a cold crowd of calls makes one connection', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port })
  const clients = await Promise.all(Array.from({ length: 1000 }, () => rawClient(pair.outPort)))
  t.same(new Set(await Promise.all(clients.map(ask))), new Set(['served']))
  t.same(new Set(await Promise.all(clients.map(ask))), new Set(['served']))
  t.equal(gate.count(), 1)
  for (const { socket } of clients) socket.destroy()
})

t.test('TCP connections share one as well, and each ends by itself', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port, protocol: 'tcp' })
  const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(pair.outPort)))
  await Promise.all(clients.map(client => client.hears('welcome')))
  t.equal(gate.count(), 1)
  const [first, ...others] = clients
  first?.socket.end('bye')
  await Promise.race(app.peers.map(peer => peer.ended))
  for (const client of others) client.send('still there')
  const left = app.peers.filter(peer => !peer.heard.includes('bye'))
  await Promise.all(left.map(peer => peer.hears('still there')))
  t.equal(left.length, 19)
  for (const { socket } of clients) socket.destroy()
})

t.test('more streams than one connection takes get a second one', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, {
    appPort: app.port,
    protocol: 'tcp',
    limits: { maxStreams: 8 },
  })
  const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(pair.outPort)))
  await Promise.all(clients.map(client => client.hears('welcome')))
  t.equal(gate.count(), 3)
  for (const { socket } of clients) socket.destroy()
})

t.test('a killed data plane looks like a cut, never like an end', async t => {
  const app = await rawServer(peer => peer.send('half of'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port, protocol: 'tcp' })
  const client = await rawClient(pair.outPort)
  await client.hears('half of')
  gate.kill()
  t.equal(await client.ended, 'reset')
  t.equal(await (await app.peer(0)).ended, 'reset', 'on both sides')
  const again = await rawClient(pair.outPort)
  await again.hears('half of')
  t.equal(gate.count(), 2)
  again.socket.destroy()
})

t.test('a connection that was closed meanwhile costs no call that may be sent again', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port })
  const clients = await Promise.all(Array.from({ length: 10 }, () => rawClient(pair.outPort)))
  for (let round = 0; round < 3; round++) {
    t.same(new Set(await Promise.all(clients.map(ask))), new Set(['served']))
    gate.kill()
  }
  t.same(new Set(await Promise.all(clients.map(ask))), new Set(['served']))
  for (const { socket } of clients) socket.destroy()
})

t.test('a client that does not read stops nobody', async t => {
  const large = 'x'.repeat(8 * 1024 * 1024)
  const app = await httpResponder(request => ok(request.startsWith('GET /large') ? large : 'quick'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port })
  const slow = await Promise.all(Array.from({ length: 5 }, () => rawClient(pair.outPort)))
  for (const client of slow) {
    client.send('GET /large HTTP/1.1\r\nHost: b\r\n\r\n')
    await client.hears('200 OK')
    client.socket.pause()
  }
  const quick = await rawClient(pair.outPort)
  for (let call = 0; call < 200; call++) if ((await ask(quick)) !== 'quick') t.fail('not answered')
  const memory = process.memoryUsage().arrayBuffers
  t.ok(memory < 200 * 1024 * 1024, `${memory} bytes are kept`)
  for (const client of slow) client.socket.resume()
  for (const client of slow) {
    while (client.heard.length < large.length) await once(client.socket, 'data')
    t.ok(client.heard.endsWith('xxx'), 'and gets all of it when it reads')
  }
  // on a slow machine the calls beside what is bulk get their own
  t.ok(gate.count() <= 2, `${gate.count()} connections`)
  for (const { socket } of [...slow, quick]) socket.destroy()
})

t.test('a renewed identity makes a new connection; the old one ends with what runs on it', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const { pair, gate } = await startGated(t, { appPort: app.port, protocol: 'tcp' })
  const old = await rawClient(pair.outPort)
  await old.hears('welcome')
  pair.web.setIdentity(await makeIdentity(pair.ca))
  const fresh = await rawClient(pair.outPort)
  await fresh.hears('welcome')
  t.equal(gate.count(), 2)
  t.equal(pair.backend.status().inbounds[0]?.connections, 4, 'two streams on two connections')
  old.send('bye')
  await (await app.peer(0)).hears('bye')
  old.socket.end()
  ;(await app.peer(0)).socket.end()
  t.equal(await old.ended, 'end')
  while (pair.backend.status().inbounds[0]?.connections !== 2) await tick()
  fresh.socket.destroy()
})

t.test('takes the connection away when its server is not allowed any more', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const { pair, apply } = await startGated(t, { appPort: app.port, protocol: 'tcp' })
  const client = await rawClient(pair.outPort)
  await client.hears('welcome')
  await apply(['spiffe://default/other'])
  t.equal(await client.ended, 'reset')
  const counters = () => pair.web.status().outbounds[0]?.counters ?? {}
  while (counters()['errors.wrong-server-identity'] !== 1) await tick()
  t.pass('and is counted')
})

t.test('a draining inbound ends what is idle at once and finishes what runs', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const [busy, other] = [await rawClient(pair.outPort), await rawClient(pair.outPort)]
  busy.send(GET)
  const server = await app.peer(0)
  await server.hears('\r\n\r\n')
  other.send(GET)
  await (await app.peer(1)).hears('\r\n\r\n')
  ;(await app.peer(1)).send(ok('quick'))
  await other.hears('quick')
  const drained = pair.backend.drain(600_000)
  while (pair.backend.status().inbounds[0]?.connections !== 2) await tick()
  t.equal(await ask(other), 'connection-refused', 'a new call does not go there')
  server.send(ok('finished'))
  t.match(await busy.hears('finished'), / 200 /)
  await drained
  t.equal(await ask(busy), 'connection-refused')
  for (const { socket } of [busy, other]) socket.destroy()
})

t.test('serves data planes that are older', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const identity = await makeIdentity(pair.ca)
  const old: TLSSocket = connectTls({
    host: LOOPBACK,
    port: pair.inPort,
    cert: identity.chainPem,
    key: identity.privateKeyPem,
    ca: [pair.ca.rootPem],
    ALPNProtocols: [RAW],
    checkServerIdentity: () => undefined,
  })
  await once(old, 'secureConnect')
  t.equal(old.alpnProtocol, RAW)
  old.write(GET)
  t.match(String((await once(old, 'data'))[0]), /served$/)
  old.destroy()
})

t.test('waits at a connection limit and refuses TCP connections beyond it', async t => {
  const http = await httpResponder(() => ok('served'))
  t.teardown(http.close)
  const tcp = await rawServer(peer => peer.send('welcome'))
  t.teardown(tcp.close)
  const limits = { maxConnections: 2 }
  const ca = await makeMeshCa()
  const [inHttp = 0, inTcp = 0, outHttp = 0, outTcp = 0] = await freePorts(4)
  const [web, backend] = [anEngine(t, limits), anEngine(t)]
  web.setIdentity(await makeIdentity(ca))
  backend.setIdentity(await makeIdentity(ca, { service: 'backend' }))
  const trust = [trustOf(ca)]
  await mustApply(backend, {
    listeners: [anInbound(inHttp, http.port), anInbound(inTcp, tcp.port, { protocol: 'tcp' })],
    trust,
  })
  await mustApply(web, {
    listeners: [anOutbound(outHttp, 'http'), anOutbound(outTcp, 'tcp', { protocol: 'tcp' })],
    clusters: [
      aCluster('http', [inHttp], { tls: clusterTls('backend') }),
      aCluster('tcp', [inTcp], { tls: clusterTls('backend') }),
    ],
    trust,
  })
  const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(outHttp)))
  t.same(new Set(await Promise.all(clients.map(ask))), new Set(['served']))
  const tunnels = [await rawClient(outTcp), await rawClient(outTcp)]
  for (const tunnel of tunnels) await tunnel.hears('welcome')
  await t.rejects(async () => {
    const refused = await rawClient(outTcp)
    if ((await refused.ended) === 'reset') throw new Error('cut')
  })
  t.match(web.status().outbounds[1]?.counters, { 'errors.overflow': 1 })
  tunnels[0]?.socket.destroy()
  await (await tcp.peer(0)).ended
  for (const { socket } of [...clients, ...tunnels]) socket.destroy()
})
