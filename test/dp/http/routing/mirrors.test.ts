/** Copies of requests: they reach the mirror whole, and whatever the mirror does, the client does not notice. */
import t from 'tap'
import { anEngine, mustApply } from '../../../support/engine-pair.ts'
import { eventually } from '../../../support/lab.ts'
import { freePorts } from '../../../support/ports.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../../support/raw-sockets.ts'
import { aRoute, startRouted } from '../../../support/routed.ts'
import { aCluster, anOutbound } from '../../../support/snapshots.ts'

const MIRROR = aRoute('/', 'main', {
  match: {},
  mirrors: [{ cluster: 'one', percentage: 100 }],
})

async function startMirrored(
  t: Parameters<typeof anEngine>[0],
  appPort: number,
  mirrorPort: number,
  limits: Parameters<typeof anEngine>[1] = {},
) {
  const engine = anEngine(t, limits)
  const [port = 0] = await freePorts(1)
  const routes = [aRoute('/', 'app', { match: {}, mirrors: [{ cluster: 'mirror', percentage: 100 }] })]
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app', { routes })],
    clusters: [aCluster('app', [appPort], { tls: null }), aCluster('mirror', [mirrorPort], { tls: null })],
  })
  return { port, engine }
}

t.test('the answer of a mirror is dropped, for clients of both versions', async t => {
  const { ask, ask2, apps } = await startRouted(t, { routes: [MIRROR] })
  const body = 'x'.repeat(50_000)
  const head = `POST /a HTTP/1.1\r\nHost: api\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  const answer = await ask(head + body)
  t.match(answer, /\r\n\r\nmain: /)
  t.ok(answer.endsWith(body))
  t.match(await ask2('/a'), /\r\n\r\nmain: /)
  await apps.get('one')?.peer(0)
})

t.test('a copy has the body, the request id and the host of a shadow', async t => {
  const [app, mirror] = [await rawServer(), await rawServer()]
  t.teardown(app.close)
  t.teardown(mirror.close)
  const { port, engine } = await startMirrored(t, app.port, mirror.port)
  const client = await rawClient(port)
  client.send('POST /a HTTP/1.1\r\nHost: api:81\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  await (await mirror.peer(0)).hears('hello')
  client.send('5\r\nworld\r\n0\r\n\r\n')
  const copy = await (await mirror.peer(0)).hears('world\r\n0\r\n\r\n')
  const original = await (await app.peer(0)).hears('world\r\n0\r\n\r\n')
  t.equal(fieldOf(copy, 'host'), 'api-shadow:81')
  t.equal(fieldOf(original, 'host'), 'api:81')
  t.match(fieldOf(copy, 'x-request-id'), /^[0-9a-f-]{36}$/)
  t.equal(fieldOf(copy, 'x-request-id'), fieldOf(original, 'x-request-id'))
  client.socket.destroy()
  t.equal(engine.status().outbounds[0]?.counters['mirrorsLost'] ?? 0, 0)
})

t.test('a mirror that cannot be reached costs its copy and nothing else', async t => {
  const { ask, engine } = await startRouted(t, {
    routes: [aRoute('/', 'main', { match: {}, mirrors: [{ cluster: 'none', percentage: 100 }] })],
  })
  t.match(await ask('/a'), /\r\n\r\nmain: /)
  t.equal(engine.status().outbounds[0]?.counters['mirrorsLost'], 1, 'and it is counted')
})

t.test('a percentage is a percentage', async t => {
  const { port, engine } = await startRouted(t, {
    routes: [aRoute('/', 'main', { match: {}, mirrors: [{ cluster: 'none', percentage: 30 }] })],
  })
  const client = await rawClient(port)
  for (let call = 0; call < 1000; call++) {
    client.take()
    client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
    await client.hears(/main: GET.*\r\n\r\n/s)
  }
  client.socket.destroy()
  const lost = engine.status().outbounds[0]?.counters['mirrorsLost'] ?? 0
  // five standard deviations
  t.ok(Math.abs(lost - 300) < 73, `${lost} of 1000`)
})

t.test('a mirror that does not read loses its copy, and the client sends on', async t => {
  const app = await rawServer(peer => {
    peer.socket.on('data', () => {
      if (peer.heard.length > 8_000_000) peer.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
  })
  const silent = await rawServer(peer => peer.socket.pause())
  t.teardown(app.close)
  t.teardown(silent.close)
  const { port, engine } = await startMirrored(t, app.port, silent.port)
  const client = await rawClient(port)
  client.send('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 8000000\r\n\r\n')
  for (let sent = 0; sent < 80; sent++) client.send('x'.repeat(100_000))
  t.match(await client.hears(/ok$/), /^HTTP\/1.1 200/)
  t.equal(engine.status().outbounds[0]?.counters['mirrorsLost'], 1)
  client.socket.destroy()
})

t.test(
  'a mirror that never answers is given up, and no more than so many copies are on their way',
  async t => {
    const app = await httpResponder(() => ok('served'))
    const silent = await rawServer()
    t.teardown(app.close)
    t.teardown(silent.close)
    const { port, engine } = await startMirrored(t, app.port, silent.port, { maxCopies: 3, copyIdleMs: 200 })
    const lost = () => engine.status().outbounds[0]?.counters['mirrorsLost'] ?? 0
    const client = await rawClient(port)
    for (let call = 0; call < 5; call++) {
      client.take()
      client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
      await client.hears('served')
    }
    t.equal(lost(), 2, 'of five calls three copies are on their way')
    await eventually(
      async () => lost(),
      count => count === 5,
    )
    for (const peer of silent.peers) t.match(await peer.ended, /end|reset|closed/)
    client.take()
    client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
    await client.hears('served')
    t.equal(lost(), 5, 'there is room again')
    client.socket.destroy()
  },
)
