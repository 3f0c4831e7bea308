/** One data plane in several threads: real workers, started from the program's own file. */
import { connect } from 'node:net'
import type { Worker } from 'node:worker_threads'
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import { createEngine } from '../../../../dp/apply/applier.ts'
import { makeIdentity, makeMeshCa } from '../../../support/certificates.ts'
import { mustApply } from '../../../support/engine-pair.ts'
import { freePorts } from '../../../support/ports.ts'
import { httpResponder, ok, rawClient, rawServer } from '../../../support/raw-sockets.ts'
import {
  ALLOW_ALL,
  aCluster,
  anInbound,
  anOutbound,
  aRule,
  LOOPBACK,
  trustOf,
} from '../../../support/snapshots.ts'
import { startWorkers, statusOf, type Teardown } from '../../../support/workers.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: b\r\n\r\n`

/** Engines of two VMs, both with two workers and mutual TLS between them. */
async function startMesh(t: Teardown, appPort: number, protocol: 'http' | 'tcp' = 'http') {
  const [outPort = 0, inPort = 0] = await freePorts(2)
  const ca = await makeMeshCa()
  const web = startWorkers(t, 2)
  const backend = startWorkers(t, 2)
  web.engine.setIdentity(await makeIdentity(ca, { service: 'web' }))
  backend.engine.setIdentity(await makeIdentity(ca, { service: 'backend' }))
  const trust = [trustOf(ca)]
  await mustApply(backend.engine, { listeners: [anInbound(inPort, appPort, { protocol })], trust })
  const outbound = anOutbound(outPort, 'backend', { protocol })
  await mustApply(web.engine, { listeners: [outbound], clusters: [aCluster('backend', [inPort])], trust })
  return { ca, web, backend, outPort, inPort, outbound, trust }
}

t.test('shares connections out among its workers and counts them all', async t => {
  const app = await httpResponder(request => ok(request.split(' ')[1] ?? ''))
  t.teardown(app.close)
  const { web, backend, outPort } = await startMesh(t, app.port)
  const clients = await Promise.all(Array.from({ length: 64 }, () => rawClient(outPort)))
  await Promise.all(
    clients.map(async (client, index) => {
      client.send(get(`/${index}`))
      await client.hears(`\r\n\r\n/${index}`)
    }),
  )
  const { outbounds } = await web.engine.status()
  t.match(outbounds, [{ port: outPort, connections: 64, counters: { accepted: 64, requests: 64 } }])
  const alone = await Promise.all(web.threads.map(statusOf))
  const shares = alone.map(({ outbounds }) => outbounds[0]?.connections ?? 0)
  t.ok(Math.min(...shares) > 0, `shares: ${shares}`)
  t.match((await backend.engine.status()).inbounds, [{ counters: { requests: 64, denied: 0 } }])
  for (const client of clients) client.socket.destroy()
})

t.test('changes what all of them run, under load, without a failed call', async t => {
  const app = await httpResponder(request => ok(request.split(' ')[1] ?? ''))
  t.teardown(app.close)
  const { ca, web, backend, outPort, inPort, outbound, trust } = await startMesh(t, app.port)
  const [other = 0] = await freePorts(1)
  let isRunning = true
  const counts = Array.from({ length: 8 }, () => 0)
  const wrong: string[] = []
  const load = counts.map(async (_, index) => {
    while (isRunning) {
      // a connection each, so that both workers are asked all the time
      const client = await rawClient(outPort)
      const path = `/${index}-${counts[index]}`
      client.send(get(path))
      const answer = await client.hears(/\r\n\r\n[\s\S]/)
      if (!answer.startsWith('HTTP/1.1 200 OK') || !answer.endsWith(`\r\n\r\n${path}`)) wrong.push(answer)
      client.socket.destroy()
      counts[index] = (counts[index] ?? 0) + 1
    }
  })
  for (let change = 0; change < 20; change++) {
    const more = change % 2 ? [anOutbound(other, 'other')] : []
    const clusters = [aCluster('backend', [inPort]), aCluster('other', [change + 1], { tls: null })]
    await mustApply(web.engine, { listeners: [outbound, ...more], clusters, trust })
    const unrelated = aRule('deny', `spiffe://default/somebody-${change}`)
    const permission = { rules: [unrelated, ...ALLOW_ALL.rules] }
    await mustApply(backend.engine, { listeners: [anInbound(inPort, app.port, { permission })], trust })
    if (change % 5 === 2) web.engine.setIdentity(await makeIdentity(ca))
    if (change % 5 === 4) backend.engine.setIdentity(await makeIdentity(ca, { service: 'backend' }))
    const seen = [...counts]
    while (counts.some((count, index) => count <= (seen[index] ?? 0))) await new Promise(setImmediate)
  }
  isRunning = false
  await Promise.all(load)
  t.same(wrong.slice(0, 3), [])
})

t.test('refuses a snapshot whose port is in use, in all workers, and runs on as before', async t => {
  const app = await rawServer(peer => peer.socket.pipe(peer.socket))
  t.teardown(app.close)
  const taken = await rawServer(() => {})
  t.teardown(taken.close)
  const [port = 0] = await freePorts(1)
  const { engine } = startWorkers(t, 2)
  const clusters = [aCluster('app', [app.port], { tls: null })]
  const tcp = { protocol: 'tcp' } as const
  await mustApply(engine, { listeners: [anOutbound(port, 'app', tcp)], clusters })
  const everywhere = anOutbound(port, 'app', { ...tcp, address: '0.0.0.0' })
  const impossible = { listeners: [everywhere, anOutbound(taken.port, 'app', tcp)], clusters }
  await t.rejects(mustApply(engine, impossible), { message: new RegExp(`port ${taken.port} .* is in use`) })
  for (let call = 0; call < 8; call++) {
    const client = await rawClient(port)
    client.send('hello')
    await client.hears('hello')
    client.socket.destroy()
  }
  await mustApply(engine, { listeners: [everywhere], clusters })
  t.match((await engine.status()).outbounds, [{ address: '0.0.0.0', port, counters: { accepted: 0 } }])
  const client = await rawClient(port)
  client.send('hello')
  await client.hears('hello')
  client.socket.destroy()
})

t.test('frees the address of a removed listener', async t => {
  const [port = 0] = await freePorts(1)
  const { engine } = startWorkers(t, 2)
  const clusters = [aCluster('app', [1], { tls: null })]
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters })
  await mustApply(engine, { listeners: [], clusters })
  await t.rejects(rawClient(port), { code: 'ECONNREFUSED' })
  const successor = createEngine({ log: silentLogger() })
  t.teardown(() => successor.drain(0))
  await t.resolves(mustApply(successor, { listeners: [anOutbound(port, 'app')], clusters }))
})

t.test('lets what runs in any worker finish, and accepts no more, when it drains', async t => {
  const app = await rawServer(() => {})
  t.teardown(app.close)
  const { web, outPort } = await startMesh(t, app.port)
  const clients = await Promise.all(Array.from({ length: 16 }, () => rawClient(outPort)))
  for (const client of clients) client.send(get('/'))
  const peers = await Promise.all(clients.map((_, index) => app.peer(index)))
  await Promise.all(peers.map(peer => peer.hears('\r\n\r\n')))
  const drained = web.drain(10_000)
  await new Promise<void>(resolve => {
    const socket = connect(outPort, LOOPBACK)
    socket.once('error', () => resolve())
    socket.once('connect', () => socket.once('close', () => resolve()).destroy())
  })
  for (const peer of peers) peer.send(ok('done'))
  await Promise.all(clients.map(client => client.hears('\r\n\r\ndone')))
  await drained
  await t.rejects(rawClient(outPort), { code: 'ECONNREFUSED' })
})

t.test('tells all workers about an endpoint that one of them cannot reach', async t => {
  const app = await rawServer(peer => peer.socket.pipe(peer.socket))
  t.teardown(app.close)
  const [port = 0, dead = 0] = await freePorts(2)
  const { engine, threads } = startWorkers(t, 3)
  const clusters = [aCluster('app', [dead, app.port], { tls: null })]
  await mustApply(engine, { listeners: [anOutbound(port, 'app', { protocol: 'tcp' })], clusters })
  const client = await rawClient(port)
  client.send('hello')
  await client.hears('hello')
  // one connection, which one worker has: the word is on its way to the others
  const isSickFor = async (thread: Worker): Promise<boolean> =>
    (await statusOf(thread)).outbounds[0]?.endpoints[0]?.healthy === false
  for (const thread of threads) while (!(await isSickFor(thread))) await new Promise(setImmediate)
  t.match((await engine.status()).outbounds[0]?.endpoints, [
    { port: dead, healthy: false },
    { healthy: true },
  ])
  client.socket.destroy()
})

t.test('limits hold for all workers together', async t => {
  const app = await rawServer(() => {})
  t.teardown(app.close)
  const [port = 0] = await freePorts(1)
  const { engine } = startWorkers(t, 3, { maxCalls: 5 })
  const clusters = [aCluster('app', [app.port], { tls: null })]
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters })
  const clients = await Promise.all(Array.from({ length: 12 }, () => rawClient(port)))
  for (const client of clients) client.send(get('/'))
  for (let call = 0; call < 5; call++) await (await app.peer(call)).hears('\r\n\r\n')
  const refused = clients.map(client => client.hears(/x-vmesh-reason: overload/).catch(() => null))
  let count = 0
  for (const one of refused) void one.then(text => (count += text === null ? 0 : 1))
  while (count < 7) await new Promise(setImmediate)
  t.match((await engine.status()).outbounds, [{ counters: { requests: 12, 'errors.overload': 7 } }])
  for (const client of clients) client.socket.destroy()
})

t.test('what a policy allows at once holds for all workers together', async t => {
  const app = await rawServer(() => {})
  t.teardown(app.close)
  const [port = 0] = await freePorts(1)
  const { engine } = startWorkers(t, 3)
  const limits = { policy: 'MeshCircuitBreaker/tight', maxRequests: 5 }
  const clusters = [aCluster('app', [app.port], { tls: null, limits })]
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters })
  const clients = await Promise.all(Array.from({ length: 12 }, () => rawClient(port)))
  for (const client of clients) client.send(get('/'))
  for (let call = 0; call < 5; call++) await (await app.peer(call)).hears('\r\n\r\n')
  let count = 0
  for (const client of clients)
    void client.hears(/x-vmesh-reason: overflow/).then(
      () => count++,
      () => {},
    )
  while (count < 7) await new Promise(setImmediate)
  t.match((await engine.status()).outbounds, [{ counters: { overflow: 7, 'errors.overflow': 7 } }])
  for (const client of clients) client.socket.destroy()
})

t.test('an endpoint that one worker takes out is out for all, and back when that one says so', async t => {
  const bad = await httpResponder(() => 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n')
  const good = await httpResponder(() => ok('good'))
  for (const app of [bad, good]) t.teardown(app.close)
  const [port = 0] = await freePorts(1)
  const { engine, threads } = startWorkers(t, 3)
  const outliers = {
    policy: 'MeshCircuitBreaker/test',
    intervalMs: 60_000,
    baseEjectionMs: 60_000,
    maxEjectionPercent: 50,
    splitsErrors: false,
    consecutive5xx: 1,
  }
  const apply = (isOn: boolean) => {
    const section = aCluster('app', [bad.port, good.port], { tls: null, ...(isOn && { outliers }) })
    return mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters: [section] })
  }
  await apply(true)
  const client = await rawClient(port)
  for (const _round of [1, 2]) {
    client.take()
    client.send(get('/'))
    await client.hears(/\r\n\r\n/)
  }
  const isOutFor = async (thread: Worker): Promise<boolean> =>
    (await statusOf(thread)).outbounds[0]?.endpoints[0]?.marks?.[0]?.cause === 'ejected'
  for (const thread of threads) while (!(await isOutFor(thread))) await new Promise(setImmediate)
  t.match((await engine.status()).outbounds[0]?.counters, { ejections: 1 })
  await apply(false)
  for (const thread of threads) while (await isOutFor(thread)) await new Promise(setImmediate)
  t.pass('back for all')
  client.socket.destroy()
})
