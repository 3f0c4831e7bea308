/** Applying snapshots: all or nothing, and nothing that runs is disturbed by what does not concern it. */
import { createServer, type Server } from 'node:net'
import t from 'tap'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'
import { anEngine, mustApply, startPair } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import {
  aCluster,
  anInbound,
  anOutbound,
  aSnapshot,
  DENY_ALL,
  LOOPBACK,
  trustOf,
} from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

async function ask(client: RawPeer): Promise<string> {
  client.take()
  client.send(GET)
  return client.hears(/\r\n\r\n[\s\S]/)
}

function listen(port: number, address = LOOPBACK): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, address, () => resolve(server))
  })
}

/** A plain cluster: no TLS. */
function plain(name: string, port: number) {
  return aCluster(name, [port], { tls: null })
}

t.test('keeps the old snapshot when a listener cannot bind', async t => {
  const app = await httpResponder(() => ok('old'))
  t.teardown(app.close)
  const [port = 0, taken = 0, free = 0] = await freePorts(3)
  const other = await listen(taken)
  t.teardown(() => other.close())
  const engine = anEngine(t)
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters: [plain('app', app.port)] })
  const client = await rawClient(port)
  await ask(client)
  const result = await engine.apply(
    aSnapshot({
      listeners: [anOutbound(free, 'new'), anOutbound(taken, 'new'), anOutbound(port, 'new')],
      clusters: [plain('new', 1)],
    }),
  )
  t.same(result, {
    ok: false,
    violations: [
      {
        path: `listener/127.0.0.1:${taken}`,
        message: `port ${taken} on 127.0.0.1 is in use by another process; stop it or choose another port`,
      },
    ],
  })
  t.match(await ask(client), /old$/, 'a live connection goes on')
  await t.rejects(rawClient(free), { code: 'ECONNREFUSED' }, 'what was bound is free again')
  t.match(engine.status().outbounds, [{ port, cluster: 'app' }])
  client.socket.destroy()
})

t.test('names all that is wrong with a snapshot, by section', async t => {
  const ca = await makeMeshCa()
  const engine = anEngine(t)
  const [a = 0, b = 0] = await freePorts(2)
  const result = await engine.apply(
    aSnapshot({
      listeners: [
        anOutbound(a, 'nowhere'),
        anInbound(b, 1, { tls: { trustDomain: 'gone', permission: DENY_ALL } }),
      ],
      clusters: [aCluster('x', [1])],
      trust: [
        { trustDomain: 'bad', roots: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'] },
        { trustDomain: 'empty', roots: [] },
        { trustDomain: 'text', roots: [ca.rootPem, 'nonsense'] },
      ],
    }),
  )
  t.equal(result.ok, false)
  const paths = result.ok ? [] : result.violations.map(one => one.path)
  t.same(
    new Set(paths),
    new Set([
      'cluster/x.tls.trustDomain',
      `listener/127.0.0.1:${a}.cluster`,
      `listener/127.0.0.1:${b}.tls.trustDomain`,
      'trust/bad',
      'trust/empty',
      'trust/text',
    ]),
  )
  const unknown = await engine.apply(
    aSnapshot({ listeners: [anOutbound(a, 'x', { address: '192.0.2.1' })], clusters: [plain('x', 1)] }),
  )
  t.match(unknown, {
    ok: false,
    violations: [{ message: '192.0.2.1 is not an address of this machine; use one that it has' }],
  })
})

t.test(
  'changes nothing where sections are equal, and leaves exchanges alone where others change',
  async t => {
    const app = await rawServer()
    t.teardown(app.close)
    const pair = await startPair(t, { appPort: app.port })
    const client = await rawClient(pair.outPort)
    client.send(GET)
    const server = await app.peer(0)
    await server.hears('\r\n\r\n')
    const [other = 0] = await freePorts(1)
    for (const extra of [[], [anOutbound(other, 'other')], []]) {
      await mustApply(pair.web, {
        listeners: [anOutbound(pair.outPort, 'backend'), ...extra],
        clusters: [aCluster('backend', [pair.inPort]), plain('other', 1)],
        trust: [trustOf(pair.ca)],
      })
      await pair.changeInbound({ service: `renamed-${extra.length}` })
    }
    server.send(ok('after all'))
    t.match(await client.hears('after all'), /^HTTP\/1\.1 200/)
    t.equal(app.peers.length, 1)
    t.match(pair.backend.status().inbounds[0]?.counters, { accepted: 1 }, 'one mesh connection all the time')
    client.socket.destroy()
  },
)

t.test('takes a changed listener over on its socket', async t => {
  const one = await httpResponder(() => ok('one'))
  const two = await httpResponder(() => ok('two'))
  t.teardown(one.close)
  t.teardown(two.close)
  const pair = await startPair(t, { appPort: one.port })
  const client = await rawClient(pair.outPort)
  t.match(await ask(client), /one$/)
  await pair.changeInbound({ upstream: { address: LOOPBACK, port: two.port } })
  t.match(await ask(client), /two$/, 'on the same connections')
  t.match(pair.backend.status().inbounds[0]?.counters, { accepted: 1, requests: 2 })
  client.socket.destroy()
})

t.test('ends what a change of the permission denies, and nothing else', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await (await app.peer(0)).hears('\r\n\r\n')
  const idle = await rawClient(pair.outPort)
  await pair.changeInbound({ permission: DENY_ALL })
  t.equal(fieldOf(await client.hears('denied'), 'x-vmesh-reason'), 'permission-denied', 'a call in flight')
  t.match(await (await app.peer(0)).ended, /end|reset/, 'the application is told')
  t.equal(fieldOf(await ask(idle), 'x-vmesh-reason'), 'permission-denied')
  client.socket.destroy()
  idle.socket.destroy()
})

t.test('ends the running call of a denied client behind its head', async t => {
  const app = await rawServer(peer => {
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send(GET)
  await client.hears('half')
  await pair.changeInbound({ permission: DENY_ALL })
  t.equal(await client.ended, 'reset')
})

t.test('closes a removed listener, and lets its calls finish', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters: [plain('app', app.port)] })
  const idle = await rawClient(port)
  const busy = await rawClient(port)
  busy.send(GET)
  await (await app.peer(0)).hears('\r\n\r\n')
  await mustApply(engine, {})
  await t.rejects(rawClient(port), { code: 'ECONNREFUSED' })
  t.equal(await idle.ended, 'end')
  ;(await app.peer(0)).send(ok('finished'))
  t.match(await busy.hears('finished'), /\r\nconnection: close\r\n/)
  t.equal(await busy.ended, 'end')
  t.equal(await (await app.peer(0)).ended, 'end', 'the connection to the application is closed')
  busy.socket.destroy()
  idle.socket.destroy()
})

t.test('cuts the connections of a removed listener after a time', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t, { retireMs: 1 })
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app', { protocol: 'tcp' })],
    clusters: [plain('app', app.port)],
  })
  const client = await rawClient(port)
  client.send('x')
  await (await app.peer(0)).hears('x')
  await mustApply(engine, {})
  t.equal(await client.ended, 'reset')
})

t.test('moves a listener to another address of the same port', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const [port = 0, taken = 0] = await freePorts(2)
  const engine = anEngine(t)
  const clusters = [plain('app', app.port)]
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters })
  const client = await rawClient(port)
  await ask(client)
  const everywhere = anOutbound(port, 'app', { address: '0.0.0.0' })
  const other = await listen(taken)
  const refused = await engine.apply(
    aSnapshot({ listeners: [everywhere, anOutbound(taken, 'app')], clusters }),
  )
  t.equal(refused.ok, false)
  const again = await rawClient(port)
  t.match(await ask(again), /served$/, 'after a refusal the old address is listened on again')
  await new Promise(resolve => other.close(resolve))
  await mustApply(engine, { listeners: [everywhere], clusters })
  const fresh = await rawClient(port)
  t.match(await ask(fresh), /served$/)
  for (const one of [client, again, fresh]) one.socket.destroy()
})

t.test('turns mutual TLS on without a caller who stays in plain text', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const ca = await makeMeshCa()
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  engine.setIdentity(await makeIdentity(ca, { service: 'backend' }))
  const inbound = anInbound(port, app.port, { protocol: 'tcp' })
  await mustApply(engine, { listeners: [{ ...inbound, tls: null }] })
  const client = await rawClient(port)
  await client.hears('welcome')
  await mustApply(engine, { listeners: [inbound], trust: [trustOf(ca)] })
  t.equal(await client.ended, 'reset')
  const later = await rawClient(port)
  later.send('hello, this is not TLS')
  t.match(await later.ended, /end|reset/)
  t.notMatch(later.heard, /welcome/)
})
