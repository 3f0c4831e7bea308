/** Where calls go: in turn to the healthy endpoints, on to the next when one cannot be reached, back when it can. */
import t from 'tap'
import type { Cluster } from '#contract/cluster.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'
import { anEngine, mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import {
  fieldOf,
  httpResponder,
  ok,
  type RawPeer,
  type RawServer,
  rawClient,
  rawServer,
} from '../../support/raw-sockets.ts'
import { aCluster, anOutbound, trustOf } from '../../support/snapshots.ts'

async function ask(client: RawPeer): Promise<string> {
  client.take()
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  const answer = await client.hears(/\r\n\r\n[\s\S]/)
  return fieldOf(answer, 'x-vmesh-reason') || answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

async function startOutbound(
  t: Parameters<typeof anEngine>[0],
  cluster: Cluster,
  limits: Parameters<typeof anEngine>[1] = {},
) {
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t, limits)
  const apply = (section: Cluster) =>
    mustApply(engine, { listeners: [anOutbound(port, section.name)], clusters: [section] })
  await apply(cluster)
  const client = await rawClient(port)
  t.teardown(() => {
    client.socket.destroy()
  })
  const endpoints = () => engine.status().outbounds[0]?.endpoints ?? []
  return { engine, port, client, apply, endpoints }
}

function plain(ports: readonly number[], options: Partial<Cluster> = {}): Cluster {
  return aCluster('app', ports, { tls: null, ...options })
}

async function startApps(t: { teardown(end: () => void): void }, count: number): Promise<RawServer[]> {
  const apps = await Promise.all(
    Array.from({ length: count }, (_, index) => httpResponder(() => ok(`app ${index}`))),
  )
  for (const app of apps) t.teardown(app.close)
  return apps
}

t.test('takes endpoints in turn and keeps a connection to each', async t => {
  const apps = await startApps(t, 3)
  const { client } = await startOutbound(t, plain(apps.map(app => app.port)))
  const answers: string[] = []
  for (let call = 0; call < 9; call++) answers.push(await ask(client))
  for (const index of [0, 1, 2]) t.equal(answers.filter(answer => answer === `app ${index}`).length, 3)
  t.same(
    apps.map(app => app.peers.length),
    [1, 1, 1],
  )
})

t.test('goes on to the next endpoint at once, and back when the failed one is there again', async t => {
  const [app] = await startApps(t, 1)
  const [gone = 0] = await freePorts(1)
  const { client, endpoints } = await startOutbound(t, plain([gone, app?.port ?? 0]), {
    backoffMs: 1,
    maxBackoffMs: 1,
  })
  for (let call = 0; call < 4; call++) t.equal(await ask(client), 'app 0', 'no call fails')
  t.match(
    endpoints().find(one => one.port === gone),
    { healthy: false, reason: /^connection-refused: / },
  )
  const back = await httpResponder(() => ok('back'), gone)
  t.teardown(back.close)
  let answer = ''
  while (answer !== 'back') answer = await ask(client)
  t.match(
    endpoints().find(one => one.port === gone),
    { healthy: true, reason: '' },
  )
})

t.test('asks everybody when nobody is healthy, and says why it failed', async t => {
  const [one = 0, two = 0] = await freePorts(2)
  const { client } = await startOutbound(t, plain([one, two]))
  t.equal(await ask(client), 'connection-refused')
  const back = await httpResponder(() => ok('back'), two)
  t.teardown(back.close)
  t.equal(await ask(client), 'back', 'without waiting for a pause to end')
})

t.test('says why there is no connection', async t => {
  const cases = [
    ['no-healthy-endpoint', plain([])],
    ['name-not-resolved', plain([], { endpoints: [{ address: 'no-such-host.invalid', port: 1 }] })],
  ] as const
  for (const [reason, cluster] of cases) {
    const { client } = await startOutbound(t, cluster)
    t.equal(await ask(client), reason)
  }
})

t.test('does not wait for ever for a server that accepts and says nothing', async t => {
  const silent = await rawServer()
  t.teardown(silent.close)
  const ca = await makeMeshCa()
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  engine.setIdentity(await makeIdentity(ca))
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app')],
    clusters: [aCluster('app', [silent.port], { connectTimeoutMs: 50 })],
    trust: [trustOf(ca)],
  })
  const client = await rawClient(port)
  t.equal(await ask(client), 'connect-timeout')
  client.socket.destroy()
})

t.test('resolves host names', async t => {
  const [app] = await startApps(t, 1)
  const endpoints = [{ address: 'localhost', port: app?.port ?? 0 }]
  const { client } = await startOutbound(t, plain([], { endpoints }))
  t.equal(await ask(client), 'app 0')
})

t.test('replaces its endpoints as a whole, and keeps what is known of those that stay', async t => {
  const apps = await startApps(t, 2)
  const [first, second] = apps
  const { client, apply, endpoints } = await startOutbound(t, plain([first?.port ?? 0]))
  t.equal(await ask(client), 'app 0')
  await apply(plain(apps.map(app => app.port)))
  t.same([await ask(client), await ask(client)].sort(), ['app 0', 'app 1'])
  t.equal(first?.peers.length, 1, 'its connection stayed')
  await apply(plain([second?.port ?? 0]))
  t.match(await first?.peers[0]?.ended, /end|reset/, 'idle connections of a removed endpoint are closed')
  t.equal(await ask(client), 'app 1')
  t.equal(endpoints().length, 1)
})

t.test('makes a bounded number of connections at a time, and lets calls wait', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const { port } = await startOutbound(t, plain([app.port]), { maxConnections: 2, maxConnecting: 1 })
  const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(port)))
  const answers = await Promise.all(clients.map(ask))
  t.same(new Set(answers), new Set(['served']))
  t.ok(app.peers.length <= 2, `${app.peers.length} connections`)
  for (const one of clients) one.socket.destroy()
})

t.test('refuses calls beyond those that may wait', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const { port } = await startOutbound(t, plain([app.port]), { maxConnections: 1, maxWaiting: 1 })
  const clients = await Promise.all(Array.from({ length: 3 }, () => rawClient(port)))
  const [busy, waiting, refused] = clients
  busy?.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await (await app.peer(0)).hears('\r\n\r\n')
  waiting?.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await new Promise(resolve => setImmediate(resolve))
  t.equal(refused && (await ask(refused)), 'overflow')
  for (const one of clients) one.socket.destroy()
})

t.test('does not keep a connection longer than the other side says it does', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 1\r\n\r\nx')
  })
  t.teardown(app.close)
  const { client } = await startOutbound(t, plain([app.port]))
  t.equal(await ask(client), 'x')
  t.match(await (await app.peer(0)).ended, /end|reset/)
  t.equal(await ask(client), 'x')
})
