/** Connections and the life of certificates: none before there is one, none after its end, renewal disturbs nobody. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { codeOf } from '#base/errors.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'
import { anEngine, mustApply, startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound, trustOf } from '../../support/snapshots.ts'

async function ask(client: RawPeer): Promise<string> {
  client.take()
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  return client.hears(/\r\n\r\n[\s\S]/)
}

function hashOf(chainPem: string): string {
  return new X509Certificate(chainPem).fingerprint256.replaceAll(':', '').toLowerCase()
}

t.test('refuses calls before there is an identity, and serves as soon as there is one', async t => {
  const ca = await makeMeshCa()
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const [inPort = 0, outPort = 0] = await freePorts(2)
  const backend = anEngine(t)
  const web = anEngine(t)
  await mustApply(backend, { listeners: [anInbound(inPort, app.port)], trust: [trustOf(ca)] })
  await mustApply(web, {
    listeners: [anOutbound(outPort, 'backend')],
    clusters: [aCluster('backend', [inPort])],
    trust: [trustOf(ca)],
  })
  const client = await rawClient(outPort)
  t.equal(fieldOf(await ask(client), 'x-vmesh-reason'), 'no-identity')
  web.setIdentity(await makeIdentity(ca))
  t.equal(fieldOf(await ask(client), 'x-vmesh-reason'), 'handshake-failed', 'the other side has none')
  t.match(backend.status().inbounds[0]?.counters, { 'errors.no-identity': 1 })
  backend.setIdentity(await makeIdentity(ca, { service: 'backend' }))
  t.match(await ask(client), /served$/, 'on the same connection')
  client.socket.destroy()
})

t.test('uses a renewed identity for new handshakes and leaves running connections alone', async t => {
  const app = await httpResponder(request => ok(request))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const tcpApp = await rawServer(peer => peer.send('welcome'))
  t.teardown(tcpApp.close)
  const [tcpIn = 0, tcpOut = 0] = await freePorts(2)
  const { ca } = pair
  await mustApply(pair.backend, {
    listeners: [pair.inbound, anInbound(tcpIn, tcpApp.port, { protocol: 'tcp' })],
    trust: [trustOf(ca)],
  })
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'backend'), anOutbound(tcpOut, 'tcp', { protocol: 'tcp' })],
    clusters: [
      aCluster('backend', [pair.inPort]),
      aCluster('tcp', [tcpIn], { tls: aCluster('backend', []).tls }),
    ],
    trust: [trustOf(ca)],
  })
  const tcp = await rawClient(tcpOut)
  await tcp.hears('welcome')
  const client = await rawClient(pair.outPort)
  const first = await ask(client)
  const renewed = await makeIdentity(ca)
  pair.web.setIdentity(renewed)
  pair.backend.setIdentity(await makeIdentity(ca, { service: 'backend' }))
  const second = await ask(client)
  t.notMatch(first, hashOf(renewed.chainPem))
  t.match(second, `Hash=${hashOf(renewed.chainPem)}`, 'the next call shows the new certificate')
  tcp.send('still there')
  await (await tcpApp.peer(0)).hears('still there')
  tcp.socket.destroy()
  client.socket.destroy()
})

t.test('refuses an identity whose key is another, and keeps the one it has', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const one = await makeIdentity(pair.ca)
  const { privateKeyPem } = await makeIdentity(pair.ca)
  const refusal = (identity: typeof one) => {
    try {
      pair.web.setIdentity(identity)
      return ''
    } catch (error) {
      return codeOf(error)
    }
  }
  t.equal(refusal({ ...one, privateKeyPem }), 'tls.bad-identity')
  t.equal(refusal({ ...one, chainPem: 'nonsense' }), 'tls.bad-identity')
  const client = await rawClient(pair.outPort)
  t.match(await ask(client), /served$/)
  client.socket.destroy()
})

t.test(
  'ends connections with the certificate of either side, and refuses new calls with a reason',
  async t => {
    for (const whose of ['web', 'backend'] as const) {
      const app = await rawServer(peer => peer.send('welcome'))
      t.teardown(app.close)
      const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
      const [httpPort = 0] = await freePorts(1)
      await mustApply(pair.web, {
        listeners: [
          anOutbound(pair.outPort, 'backend', { protocol: 'tcp' }),
          anOutbound(httpPort, 'backend'),
        ],
        clusters: [aCluster('backend', [pair.inPort])],
        trust: [trustOf(pair.ca)],
      })
      pair[whose].setIdentity(await makeIdentity(pair.ca, { service: whose, lifetimeMs: 2000 }))
      const tcp = await rawClient(pair.outPort)
      await tcp.hears('welcome')
      t.match(await tcp.ended, /end|reset/, `a live connection ends with the certificate of ${whose}`)
      const expired = () => pair.backend.status().inbounds[0]?.counters['errors.certificate-expired'] ?? 0
      const before = expired()
      const client = await rawClient(httpPort)
      const reason = whose === 'web' ? 'certificate-expired' : 'handshake-failed'
      t.equal(fieldOf(await ask(client), 'x-vmesh-reason'), reason)
      // what ran at its end is counted too where this side was the first to see it
      t.equal(expired() - before, whose === 'backend' ? 1 : 0)
      pair[whose].setIdentity(await makeIdentity(pair.ca, { service: whose }))
      const again = await rawClient(pair.outPort)
      await again.hears('welcome')
      again.socket.destroy()
      client.socket.destroy()
    }
  },
)

t.test('ends connections that were made on the word of a root that is taken away', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const newCa = await makeMeshCa()
  const old = await rawClient(pair.outPort)
  await old.hears('welcome')
  const both = { trustDomain: 'default', roots: [pair.ca.rootPem, newCa.rootPem] }
  const outbound = anOutbound(pair.outPort, 'backend', { protocol: 'tcp' })
  const apply = async (trust: typeof both) => {
    await mustApply(pair.backend, { listeners: [pair.inbound], trust: [trust] })
    await mustApply(pair.web, {
      listeners: [outbound],
      clusters: [aCluster('backend', [pair.inPort])],
      trust: [trust],
    })
  }
  await apply(both)
  pair.web.setIdentity(await makeIdentity(newCa))
  pair.backend.setIdentity(await makeIdentity(newCa, { service: 'backend' }))
  const fresh = await rawClient(pair.outPort)
  await fresh.hears('welcome')
  old.send('still here')
  await (await app.peer(0)).hears('still here')
  await apply({ trustDomain: 'default', roots: [newCa.rootPem] })
  t.match(await old.ended, /end|reset/)
  fresh.send('still here')
  await (await app.peer(1)).hears('still here')
  fresh.socket.destroy()
})
