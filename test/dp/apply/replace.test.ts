/** A listening address that gets another purpose keeps its socket; what ran under the old one ends as it may. */
import t from 'tap'
import { anEngine, mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anInbound, anOutbound } from '../../support/snapshots.ts'

async function ask(client: RawPeer): Promise<string> {
  client.take()
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  return client.hears(/\r\n\r\n[\s\S]/)
}

function plain(name: string, port: number) {
  return aCluster(name, [port], { tls: null })
}

t.test('turns an outbound into an inbound', async t => {
  const one = await httpResponder(() => ok('one'))
  const two = await httpResponder(() => ok('two'))
  t.teardown(one.close)
  t.teardown(two.close)
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  await mustApply(engine, { listeners: [anOutbound(port, 'one')], clusters: [plain('one', one.port)] })
  const old = await rawClient(port)
  t.match(await ask(old), /one$/)
  await mustApply(engine, { listeners: [anInbound(port, two.port, { tls: null })] })
  t.equal(await old.ended, 'end', 'a connection at rest is closed')
  const fresh = await rawClient(port)
  t.match(await ask(fresh), /two$/)
  t.match(engine.status(), { inbounds: [{ port, counters: { accepted: 1 } }], outbounds: [] })
  for (const client of [old, fresh]) client.socket.destroy()
})

t.test('turns HTTP into TCP: running calls finish, new connections are opaque', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  const clusters = [plain('app', app.port)]
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters })
  const old = await rawClient(port)
  old.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await (await app.peer(0)).hears('\r\n\r\n')
  await mustApply(engine, { listeners: [anOutbound(port, 'app', { protocol: 'tcp' })], clusters })
  const opaque = await rawClient(port)
  opaque.send('anything')
  await (await app.peer(1)).hears('anything')
  ;(await app.peer(0)).send(ok('finished'))
  t.match(await old.hears('finished'), /\r\nconnection: close\r\n/)
  t.equal(await old.ended, 'end')
  for (const client of [old, opaque]) client.socket.destroy()
})

t.test('sends new calls of a changed outbound elsewhere, and leaves running ones where they are', async t => {
  const one = await rawServer()
  const two = await httpResponder(() => ok('two'))
  t.teardown(one.close)
  t.teardown(two.close)
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t)
  await mustApply(engine, { listeners: [anOutbound(port, 'one')], clusters: [plain('one', one.port)] })
  const client = await rawClient(port)
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await (await one.peer(0)).hears('\r\n\r\n')
  await mustApply(engine, { listeners: [anOutbound(port, 'two')], clusters: [plain('two', two.port)] })
  ;(await one.peer(0)).send(ok('one after all'))
  await client.hears('one after all')
  t.match(await ask(client), /two$/, 'on the same connection')
  t.match(await (await one.peer(0)).ended, /end|reset/, 'nothing is kept of the removed cluster')
  client.socket.destroy()
})
