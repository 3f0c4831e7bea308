/** Whom an outbound talks to: servers that hold a name of the called service, and nobody else a single byte. */
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import t from 'tap'
import type { Identity } from '#contract/identity.ts'
import { makeIdentity, makeMeshCa, type TestCa } from '../../support/certificates.ts'
import { anEngine, mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, ok, rawClient } from '../../support/raw-sockets.ts'
import { aCluster, anOutbound, clusterTls, LOOPBACK, trustOf } from '../../support/snapshots.ts'

interface Impostor {
  readonly port: number
  /** Application bytes that it was given. */
  received: string
  /** Bytes that it wrote on connections that are closed: a resumed handshake is shorter by a certificate. */
  readonly written: number[]
}

/** A TLS server that answers every request, whoever it is. */
async function anImpostor(
  t: { teardown(end: () => void): void },
  ca: TestCa,
  identity: Identity,
  options: { requestsClient?: boolean } = {},
): Promise<Impostor> {
  const sockets = new Set<TLSSocket>()
  const server = createServer({
    cert: identity.chainPem,
    key: identity.privateKeyPem,
    ca: ca.rootPem,
    requestCert: options.requestsClient ?? true,
    rejectUnauthorized: false,
    ALPNProtocols: ['vmesh-raw/1'],
  })
  server.on('connection', (raw: Socket) => {
    raw.on('close', () => impostor.written.push(raw.bytesWritten))
  })
  server.on('secureConnection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      impostor.received += chunk.toString('latin1')
      socket.write(ok('yours'))
    })
  })
  const port = await new Promise<number>(resolve => {
    server.listen(0, LOOPBACK, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const impostor: Impostor = { port, received: '', written: [] }
  return impostor
}

async function call(port: number): Promise<string> {
  const client = await rawClient(port)
  client.send('GET /secret HTTP/1.1\r\nHost: b\r\n\r\n')
  const answer = await client.hears(/\r\n\r\n./)
  client.socket.destroy()
  return `${answer.split(' ')[1]} ${fieldOf(answer, 'x-vmesh-reason')}`
}

t.test('gives no request to a server that cannot prove its name', async t => {
  const ca = await makeMeshCa()
  const otherMesh = await makeMeshCa('other')
  const hour = 3_600_000
  const cases: Readonly<Record<string, readonly [string, Identity]>> = {
    "another service's certificate": ['wrong-server-identity', await makeIdentity(ca, { service: 'other' })],
    'a certificate without names': ['wrong-server-identity', await makeIdentity(ca, { uris: [] })],
    'a name in the name of another': [
      'wrong-server-identity',
      await makeIdentity(ca, { uris: ['spiffe://default/x,URI:spiffe://default/backend'] }),
    ],
    "another mesh's CA": [
      'untrusted-peer',
      await makeIdentity(otherMesh, { uris: ['spiffe://default/backend'] }),
    ],
    'an expired certificate': [
      'certificate-expired',
      await makeIdentity(ca, { service: 'backend', nowMs: Date.now() - hour, lifetimeMs: hour / 2 }),
    ],
  }
  for (const [name, [reason, identity]] of Object.entries(cases)) {
    const impostor = await anImpostor(t, ca, identity)
    const [port = 0] = await freePorts(1)
    const engine = anEngine(t)
    engine.setIdentity(await makeIdentity(ca))
    await mustApply(engine, {
      listeners: [anOutbound(port, 'backend')],
      clusters: [aCluster('backend', [impostor.port])],
      trust: [trustOf(ca)],
    })
    t.equal(await call(port), `503 ${reason}`, name)
    t.equal(impostor.received, '', `${name}: not one byte`)
    const [endpoint] = engine.status().outbounds[0]?.endpoints ?? []
    t.match(endpoint, { healthy: false, reason: new RegExp(reason) })
  }
})

t.test('checks the name again when a session is resumed, for every cluster', async t => {
  const ca = await makeMeshCa()
  const impostor = await anImpostor(t, ca, await makeIdentity(ca, { service: 'other' }))
  const [toOther = 0, toBackend = 0, toThird = 0] = await freePorts(3)
  const engine = anEngine(t)
  engine.setIdentity(await makeIdentity(ca))
  const cluster = (name: string, sni: string) =>
    aCluster(name, [impostor.port], { tls: { ...clusterTls(name), sni } })
  // Two at the same address and with the same server name: the sessions of one would fit the other.
  await mustApply(engine, {
    listeners: [anOutbound(toOther, 'other'), anOutbound(toBackend, 'backend'), anOutbound(toThird, 'third')],
    clusters: [cluster('other', 'same'), cluster('backend', 'same'), cluster('third', 'third')],
    trust: [trustOf(ca)],
  })
  t.equal(await call(toOther), '200 ')
  impostor.received = ''
  t.equal(await call(toThird), '503 wrong-server-identity')
  t.equal(await call(toBackend), '503 wrong-server-identity')
  while (impostor.written.length < 2) await new Promise(resolve => setImmediate(resolve))
  const [full = 0, resumed = 0] = impostor.written
  t.ok(full - resumed > 400, `the second handshake was resumed (${full} and ${resumed} bytes)`)
  t.equal(impostor.received, '', 'and got no request')
})

t.test('takes a pooled connection away when its server is not allowed any more', async t => {
  const ca = await makeMeshCa()
  const server = await anImpostor(t, ca, await makeIdentity(ca, { service: 'backend' }))
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  engine.setIdentity(await makeIdentity(ca))
  const apply = (serverIds: string[]) =>
    mustApply(engine, {
      listeners: [anOutbound(port, 'backend')],
      clusters: [aCluster('backend', [server.port], { tls: { ...clusterTls('backend'), serverIds } })],
      trust: [trustOf(ca)],
    })
  await apply(['spiffe://default/backend'])
  t.equal(await call(port), '200 ')
  server.received = ''
  await apply(['spiffe://default/backend-v2'])
  t.equal(await call(port), '503 wrong-server-identity')
  t.equal(server.received, '')
  await apply(['spiffe://default/backend-v2', 'spiffe://default/backend'])
  t.equal(await call(port), '200 ')
})
