/** When a connection between data planes is in trouble: what is lost, what is tried again, and how often. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import { MULTIPLEXED } from '../../../dp/tls/alpn.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'
import { anEngine, mustApply, startPair } from '../../support/engine-pair.ts'
import { startGate } from '../../support/gate.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, httpResponder, ok, type RawPeer, rawClient } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound, clusterTls, LOOPBACK, trustOf } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello'

async function ask(client: RawPeer, request = GET): Promise<string> {
  client.take()
  client.send(request)
  const answer = await client.hears(/\r\n\r\n[\s\S]/)
  return fieldOf(answer, 'x-vmesh-reason') || answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

async function listening(server: Server): Promise<number> {
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('no call is lost when one of two data planes goes away, whatever it asks for', async t => {
  for (let round = 0; round < 5; round++) {
    const ca = await makeMeshCa()
    const app = await httpResponder(() => ok('served'))
    const [one = 0, two = 0, out = 0] = await freePorts(3)
    const [web, leaving, staying] = [anEngine(t), anEngine(t), anEngine(t)]
    const trust = [trustOf(ca)]
    web.setIdentity(await makeIdentity(ca))
    for (const [engine, port] of [
      [leaving, one],
      [staying, two],
    ] as const) {
      engine.setIdentity(await makeIdentity(ca, { service: 'backend' }))
      await mustApply(engine, { listeners: [anInbound(port, app.port)], trust })
    }
    const clusters = [aCluster('backend', [one, two], { tls: clusterTls('backend') })]
    await mustApply(web, { listeners: [anOutbound(out, 'backend')], clusters, trust })
    const clients = await Promise.all(Array.from({ length: 16 }, () => rawClient(out)))
    let calls = 0
    let drained: Promise<void> | undefined
    const answers = await Promise.all(
      clients.map(async client => {
        const heard = new Set<string>()
        for (let call = 0; call < 50; call++) {
          if (calls++ === 16 * 10 + round) drained = leaving.drain(600_000)
          heard.add(await ask(client, POST))
        }
        return [...heard]
      }),
    )
    t.same(new Set(answers.flat()), new Set(['served']))
    await drained
    for (const { socket } of clients) socket.destroy()
    app.close()
  }
})

t.test('a data plane that vanished without a word costs no call that may be sent again', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, limits: { pingAfterMs: 200, pingTimeoutMs: 300 } })
  const gate = await startGate(pair.inPort, Number.POSITIVE_INFINITY)
  t.teardown(gate.close)
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'gated')],
    clusters: [aCluster('gated', [gate.port], { tls: clusterTls('backend') })],
    trust: [trustOf(pair.ca)],
  })
  const client = await rawClient(pair.outPort)
  t.equal(await ask(client), 'served')
  gate.freeze()
  t.equal(await ask(client), 'served')
  t.equal(gate.count(), 2)
  client.socket.destroy()
})

t.test('a call that moves much leaves its connection to itself', async t => {
  const endless = createServer(socket => {
    socket.on('error', () => socket.destroy())
    const chunk = Buffer.alloc(64 * 1024)
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('data', bytes => {
      if (!String(bytes).startsWith('GET /endless')) socket.write(ok('quick'))
      else {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n`)
        socket.on('drain', pump)
        pump()
      }
    })
  })
  t.teardown(() => endless.close())
  const pair = await startPair(t, {
    appPort: await listening(endless),
    limits: { bulkBytes: 64 * 1024 },
  })
  const gate = await startGate(pair.inPort, Number.POSITIVE_INFINITY)
  t.teardown(gate.close)
  await mustApply(pair.web, {
    listeners: [anOutbound(pair.outPort, 'gated')],
    clusters: [aCluster('gated', [gate.port], { tls: clusterTls('backend') })],
    trust: [trustOf(pair.ca)],
  })
  const [bulk, quick] = [await rawClient(pair.outPort), await rawClient(pair.outPort)]
  bulk.socket.removeAllListeners('data')
  bulk.socket.resume()
  bulk.send('GET /endless HTTP/1.1\r\nHost: b\r\n\r\n')
  while (gate.count() < 2) if ((await ask(quick)) !== 'quick') t.fail('not answered')
  for (let call = 0; call < 20; call++) t.equal(await ask(quick), 'quick')
  t.equal(gate.count(), 2, 'and no third one')
  bulk.socket.destroy()
  quick.socket.destroy()
})

t.test('does not try again and again to connect to what cannot be reached', async t => {
  let count = 0
  const broken = createServer(socket => {
    count++
    socket.destroy()
  })
  const port = await listening(broken)
  t.teardown(() => broken.close())
  const ca = await makeMeshCa()
  const [out = 0] = await freePorts(1)
  const web = anEngine(t, { redialMs: 600_000, maxRedialMs: 600_000 })
  web.setIdentity(await makeIdentity(ca))
  const apply = (tls: ReturnType<typeof clusterTls>) =>
    mustApply(web, {
      listeners: [anOutbound(out, 'backend')],
      clusters: [aCluster('backend', [port], { tls })],
      trust: [trustOf(ca)],
    })
  await apply(clusterTls('backend'))
  const client = await rawClient(out)
  for (let call = 0; call < 50; call++) t.equal(await ask(client), 'handshake-failed')
  t.equal(count, 1)
  await apply(clusterTls('other'))
  t.equal(await ask(client), 'handshake-failed')
  t.equal(count, 2, 'what has changed is tried at once')
  client.socket.destroy()
})

t.test('waits for a short pause to be over', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const ca = await makeMeshCa()
  const [inPort = 0, out = 0] = await freePorts(2)
  const [web, backend] = [anEngine(t), anEngine(t)]
  web.setIdentity(await makeIdentity(ca))
  backend.setIdentity(await makeIdentity(ca, { service: 'backend' }))
  await mustApply(web, {
    listeners: [anOutbound(out, 'backend')],
    clusters: [aCluster('backend', [inPort], { tls: clusterTls('backend') })],
    trust: [trustOf(ca)],
  })
  const client = await rawClient(out)
  t.equal(await ask(client), 'connection-refused')
  await mustApply(backend, { listeners: [anInbound(inPort, app.port)], trust: [trustOf(ca)] })
  t.equal(await ask(client), 'served')
  client.socket.destroy()
})

t.test('a server that never says hello is given up in time, and nothing was sent to it', async t => {
  const ca = await makeMeshCa()
  const identity = await makeIdentity(ca, { service: 'backend' })
  let heard = ''
  const mute = createTlsServer(
    { cert: identity.chainPem, key: identity.privateKeyPem, ALPNProtocols: [MULTIPLEXED] },
    socket => {
      socket.on('error', () => socket.destroy())
      socket.on('data', bytes => {
        heard += String(bytes)
      })
    },
  )
  const port = await listening(mute)
  t.teardown(() => mute.close())
  const [out = 0] = await freePorts(1)
  const web = anEngine(t)
  web.setIdentity(await makeIdentity(ca))
  await mustApply(web, {
    listeners: [anOutbound(out, 'backend')],
    clusters: [aCluster('backend', [port], { tls: clusterTls('backend'), connectTimeoutMs: 100 })],
    trust: [trustOf(ca)],
  })
  const client = await rawClient(out)
  t.equal(await ask(client), 'handshake-failed')
  t.equal(heard, '')
  client.socket.destroy()
})
