/** What may be under way to a cluster at once: refused beyond it, at once, with the policy's name, and free again after. */
import t from 'tap'
import type { Cluster } from '#contract/cluster.ts'
import { anEngine, mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound } from '../../support/snapshots.ts'

type Limits = NonNullable<Cluster['limits']>

async function startOutbound(
  t: Parameters<typeof anEngine>[0],
  ports: readonly number[],
  limits: Omit<Limits, 'policy'>,
  protocol: 'http' | 'tcp' = 'http',
) {
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  const apply = (said: Omit<Limits, 'policy'> | null) =>
    mustApply(engine, {
      listeners: [anOutbound(port, 'app', { protocol })],
      clusters: [
        aCluster('app', ports, {
          tls: null,
          ...(said !== null && { limits: { policy: 'MeshCircuitBreaker/tight', ...said } }),
        }),
      ],
    })
  await apply(limits)
  const open = async (): Promise<RawPeer> => {
    const client = await rawClient(port)
    t.teardown(() => {
      client.socket.destroy()
    })
    return client
  }
  return { engine, open, apply, counters: () => engine.status().outbounds[0]?.counters ?? {} }
}

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

async function answerTo(client: RawPeer): Promise<string> {
  client.take()
  client.send(GET)
  return client.hears(/\r\n\r\n[\s\S]/)
}

t.test('requests beyond maxRequests are refused as Envoy does, and let in when one is over', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const { open, apply, counters } = await startOutbound(t, [app.port], { maxRequests: 1 })
  const [busy, other] = [await open(), await open()]
  busy.send(GET)
  await (await app.peer(0)).hears('\r\n\r\n')
  const refusal = await answerTo(other)
  t.match(refusal, /^HTTP\/1\.1 503 /)
  t.match(
    refusal,
    /\r\n\r\nupstream connect error or disconnect\/reset before headers\. reset reason: overflow$/,
  )
  t.equal(fieldOf(refusal, 'x-envoy-overloaded'), 'true')
  t.equal(fieldOf(refusal, 'x-vmesh-reason'), 'overflow')
  t.equal(fieldOf(refusal, 'x-vmesh-policy'), 'MeshCircuitBreaker/tight')
  t.match(counters(), { overflow: 1, 'errors.overflow': 1 })
  ;(await app.peer(0)).send(ok('done'))
  await busy.hears('done')
  other.take()
  other.send(GET)
  const peer = await app.peer(0)
  peer.take()
  await peer.hears('\r\n\r\n')
  await apply(null)
  busy.take()
  busy.send(GET)
  await (await app.peer(1)).hears('\r\n\r\n')
  t.equal(counters()['overflow'], 1, 'without limits both run')
})

t.test('calls beyond maxPending are refused while no connection is up', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const { open, counters } = await startOutbound(t, [app.port], { maxPending: 1 })
  const clients = await Promise.all(Array.from({ length: 8 }, open))
  const answers = await Promise.all(clients.map(answerTo))
  const refused = answers.filter(answer => fieldOf(answer, 'x-vmesh-reason') === 'overflow')
  t.ok(refused.length > 0)
  t.equal(fieldOf(refused[0] ?? '', 'x-vmesh-policy'), 'MeshCircuitBreaker/tight')
  t.equal(counters()['overflow'], refused.length)
  for (const client of clients)
    t.match(await answerTo(client), 'served', 'one after the other all are served')
})

t.test('a client that goes while it waits frees its place', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const { open, counters } = await startOutbound(t, [app.port], { maxConnections: 1, maxPending: 1 })
  const [busy, waiting, next] = [await open(), await open(), await open()]
  busy.send(GET)
  const peer = await app.peer(0)
  await peer.hears('\r\n\r\n')
  waiting.send(GET)
  // Requests are read in their order.
  t.equal(fieldOf(await answerTo(next), 'x-vmesh-reason'), 'overflow')
  waiting.reset()
  await waiting.ended
  const again = await open()
  peer.send(ok('done'))
  await busy.hears('done')
  peer.take()
  again.send(GET)
  await peer.hears('\r\n\r\n')
  next.take()
  next.send(GET)
  peer.take()
  peer.send(ok('again'))
  await again.hears('again')
  await peer.hears('\r\n\r\n')
  peer.send(ok('next'))
  await next.hears('next')
  t.equal(counters()['overflow'], 1)
})

t.test('TCP connections beyond maxConnections are cut, until one has ended', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const { open, counters } = await startOutbound(t, [app.port], { maxConnections: 2 }, 'tcp')
  const outcome = async (): Promise<string> => {
    try {
      return await (await open()).hears('welcome')
    } catch {
      // It may be cut before its client knows that it is open.
      return 'cut'
    }
  }
  const [first, second] = [await open(), await open()]
  await first.hears('welcome')
  await second.hears('welcome')
  t.not(await outcome(), 'welcome')
  t.match(counters(), { overflow: 1, 'errors.overflow': 1 })
  first.socket.end()
  const peer = await app.peer(0)
  await peer.ended
  peer.socket.end()
  await first.ended
  // The tunnel is over when both directions are, which nobody is told.
  while ((await outcome()) !== 'welcome');
  t.pass('and another is let in')
})

t.test(
  'the application of an inbound has as many connections of HTTP/1.1 as it may; the others wait',
  async t => {
    const app = await httpResponder(() => ok('served'))
    t.teardown(app.close)
    const [port = 0] = await freePorts(1)
    const engine = anEngine(t)
    const limits = { policy: 'MeshCircuitBreaker/tight', maxConnections: 2 }
    const upstream = { address: '127.0.0.1', port: app.port, limits }
    await mustApply(engine, { listeners: [anInbound(port, app.port, { tls: null, upstream })] })
    const clients = await Promise.all(Array.from({ length: 12 }, () => rawClient(port)))
    for (const answer of await Promise.all(clients.map(answerTo))) t.match(answer, 'served')
    t.ok(app.peers.length <= 2, `${app.peers.length} connections`)
    for (const { socket } of clients) socket.destroy()
  },
)
