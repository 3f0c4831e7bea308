/** Calls that wait for a connection: no longer than it takes to see that there will be none. */
import t from 'tap'
import { mustApply, startPair } from '../../support/engine-pair.ts'
import { startGate } from '../../support/gate.ts'
import { eventually } from '../../support/lab.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anOutbound, trustOf } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

t.test('a crowd of calls to a server that says nothing fails with the first of them', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const silent = await rawServer()
  t.teardown(silent.close)
  const pair = await startPair(t, { appPort: app.port, limits: { maxConnecting: 2 } })
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'silent')],
    clusters: [
      aCluster('silent', [silent.port], { tls: aCluster('backend', []).tls, connectTimeoutMs: 300 }),
    ],
    trust: [trustOf(pair.ca)],
  })
  const clients = await Promise.all(Array.from({ length: 60 }, () => rawClient(pair.outPort)))
  for (const client of clients) client.send(GET)
  for (const client of clients) {
    const answer = await client.hears(/\r\n\r\n[\s\S]/)
    t.equal(fieldOf(answer, 'x-vmesh-reason'), 'connect-timeout')
    client.socket.destroy()
  }
  t.ok(silent.peers.length <= 6, `${silent.peers.length} connections were tried for 60 calls`)
})

t.test('a client that goes while it waits leaves nothing behind at the application', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const gate = await startGate(pair.inPort, 1)
  t.teardown(gate.close)
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'backend', { protocol: 'tcp' })],
    clusters: [aCluster('backend', [gate.port])],
    trust: [trustOf(pair.ca)],
  })
  const gone = await rawClient(pair.outPort)
  await gate.isHolding
  gone.reset()
  await eventually(
    async () => pair.web.status().outbounds[0]?.connections,
    connections => connections === 0,
  )
  gate.release()
  await eventually(
    async () => pair.backend.status().inbounds[0]?.connections,
    connections => connections === 1,
  )
  const client = await rawClient(pair.outPort)
  await client.hears('welcome')
  client.reset()
  await eventually(
    async () => pair.backend.status().inbounds[0]?.endpoints[0]?.active,
    active => active === 0,
  )
  t.equal(app.peers.length, 1)
})
