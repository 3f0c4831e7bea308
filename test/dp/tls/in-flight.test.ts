/** A snapshot that takes trust away counts for connections that are just being made, too. */
import t from 'tap'
import { makeMeshCa } from '../../support/certificates.ts'
import { mustApply, startPair } from '../../support/engine-pair.ts'
import { startGate } from '../../support/gate.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound, clusterTls, trustOf } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

t.test('no request goes to a server that was disallowed during its handshake', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const gate = await startGate(pair.inPort, 0)
  t.teardown(gate.close)
  const apply = (tls: ReturnType<typeof clusterTls>, ca = pair.ca) =>
    mustApply(pair.web, {
      listeners: [anOutbound(pair.outPort, 'gated')],
      clusters: [aCluster('gated', [gate.port], { tls })],
      trust: [trustOf(ca)],
    })
  await apply(clusterTls('backend'))
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await gate.isHolding
  await apply({ ...clusterTls('backend'), serverIds: ['spiffe://default/other'] })
  gate.release()
  t.equal(fieldOf(await client.hears(/\r\n\r\n[\s\S]/), 'x-vmesh-reason'), 'wrong-server-identity')
  t.equal(app.peers.length, 0, 'the application was not called')
  client.socket.destroy()
})

t.test('no request goes to a server whose root was taken away during its handshake', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const gate = await startGate(pair.inPort, 0)
  t.teardown(gate.close)
  const apply = (ca = pair.ca) =>
    mustApply(pair.web, {
      listeners: [anOutbound(pair.outPort, 'gated')],
      clusters: [aCluster('gated', [gate.port], { tls: clusterTls('backend') })],
      trust: [trustOf(ca)],
    })
  await apply()
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await gate.isHolding
  await apply(await makeMeshCa())
  gate.release()
  t.equal(fieldOf(await client.hears(/\r\n\r\n[\s\S]/), 'x-vmesh-reason'), 'untrusted-peer')
  t.equal(app.peers.length, 0, 'the application was not called')
  client.socket.destroy()
})

t.test('no TCP byte goes to a server that was disallowed during its handshake', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const gate = await startGate(pair.inPort, 0)
  t.teardown(gate.close)
  const apply = (tls: ReturnType<typeof clusterTls>) =>
    mustApply(pair.web, {
      listeners: [anOutbound(pair.outPort, 'gated', { protocol: 'tcp' })],
      clusters: [aCluster('gated', [gate.port], { tls })],
      trust: [trustOf(pair.ca)],
    })
  await apply(clusterTls('backend'))
  const client = await rawClient(pair.outPort)
  client.send('secret')
  await gate.isHolding
  await apply({ ...clusterTls('backend'), serverIds: ['spiffe://default/other'] })
  gate.release()
  t.equal(await client.ended, 'reset')
  for (const peer of app.peers) await peer.ended
  t.equal(app.peers.map(peer => peer.heard).join(''), '')
})

t.test('a client whose root is taken away during its handshake is not served', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  // ClientHello passes, the certificate waits.
  const gate = await startGate(pair.inPort, 1)
  t.teardown(gate.close)
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'gated')],
    clusters: [aCluster('gated', [gate.port], { tls: clusterTls('backend') })],
    trust: [trustOf(pair.ca)],
  })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await gate.isHolding
  await pair.changeInbound({}, await makeMeshCa())
  gate.release()
  t.equal(fieldOf(await client.hears(/\r\n\r\n[\s\S]/), 'x-vmesh-reason'), 'handshake-failed')
  t.equal(app.peers.length, 0, 'the application was not called')
  t.match(pair.backend.status().inbounds[0]?.counters, { 'errors.untrusted-peer': 1 })
  client.socket.destroy()
})

t.test('a client is held against the trust domain of now, by the roots of now', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const other = await makeMeshCa('other')
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await client.hears('served')
  const inbound = anInbound(pair.inPort, app.port)
  await mustApply(pair.backend, {
    listeners: [{ ...inbound, tls: { trustDomain: 'other', permission: { rules: [] } } }],
    trust: [trustOf(pair.ca), trustOf(other)],
  })
  client.take()
  client.send(GET)
  const reason = fieldOf(await client.hears(/\r\n\r\n[\s\S]/), 'x-vmesh-reason')
  t.match(reason, /^(connection-termination|handshake-failed|untrusted-peer)$/)
  t.equal(app.peers.length, 1)
  client.socket.destroy()
})

t.test('a call that moves to another endpoint goes by the new section there', async t => {
  const silent = await rawServer()
  t.teardown(silent.close)
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const apply = (ports: readonly number[], serverIds: readonly string[]) =>
    mustApply(pair.web, {
      listeners: [anOutbound(pair.outPort, 'b')],
      clusters: [aCluster('b', ports, { tls: { ...clusterTls('backend'), serverIds } })],
      trust: [trustOf(pair.ca)],
    })
  await apply([pair.inPort, silent.port], ['spiffe://default/backend'])
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await client.hears('served')
  client.take()
  client.send('GET /second HTTP/1.1\r\nHost: b\r\n\r\n')
  await silent.peer(0)
  await apply([pair.inPort], ['spiffe://default/other'])
  t.equal(fieldOf(await client.hears(/\r\n\r\n[\s\S]/), 'x-vmesh-reason'), 'wrong-server-identity')
  t.notMatch(app.peers.map(peer => peer.heard).join(''), 'second')
  client.socket.destroy()
})

t.test('what runs on a cluster that is gone ends with the root that it was trusted by', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const apply = (name: string, ca = pair.ca) =>
    mustApply(pair.web, {
      listeners: [anOutbound(pair.outPort, name, { protocol: 'tcp' })],
      clusters: [aCluster(name, [pair.inPort], { tls: clusterTls('backend') })],
      trust: [trustOf(ca)],
    })
  await apply('old')
  const client = await rawClient(pair.outPort)
  await client.hears('welcome')
  await apply('new')
  client.send('still here')
  await (await app.peer(0)).hears('still here')
  await apply('new', await makeMeshCa())
  t.equal(await client.ended, 'reset')
})
