/** Connections that end while something is still to be said, and peers that do not end at all. */
import { setImmediate as tick } from 'node:timers/promises'
import t from 'tap'
import { anEngine, mustApply } from '../../support/engine-pair.ts'
import { freePorts } from '../../support/ports.ts'
import { httpResponder, ok, type RawPeer, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anOutbound } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

async function startPlain(
  t: Parameters<typeof anEngine>[0],
  appPort: number,
  limits: Parameters<typeof anEngine>[1] = {},
) {
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t, limits)
  const clusters = [aCluster('app', [appPort], { tls: null })]
  await mustApply(engine, { listeners: [anOutbound(port, 'app')], clusters })
  return { port, engine, stopListening: () => mustApply(engine, { clusters }) }
}

/** Until `count` stays the same for many turns of the event loop. */
async function settled(count: () => number): Promise<number> {
  let before = -1
  while (count() !== before) {
    before = count()
    for (let turn = 0; turn < 300; turn++) await tick()
  }
  return before
}

t.test('answers all that was asked before the client ended its side', async t => {
  const app = await httpResponder(request => ok(request.split(' ')[1] ?? ''))
  t.teardown(app.close)
  const { port } = await startPlain(t, app.port)
  const client = await rawClient(port)
  client.socket.end(['/1', '/2', '/3', '/4'].map(path => `GET ${path} HTTP/1.1\r\nHost: b\r\n\r\n`).join(''))
  t.equal(await client.ended, 'end')
  t.same(client.heard.match(/\/\d$|\/\d(?=HTTP)/g), ['/1', '/2', '/3', '/4'])
  t.equal(client.heard.match(/connection: close/g)?.length, 1, 'the last one says that it is the last')
})

t.test('drops half a request behind the last whole one', async t => {
  const app = await httpResponder(() => ok('whole'))
  t.teardown(app.close)
  const { port } = await startPlain(t, app.port)
  for (const half of ['GET /half', 'POST /half HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n\r\n1']) {
    const client = await rawClient(port)
    client.socket.end(`${GET}${GET}${half}`)
    await client.ended
    t.equal(client.heard.match(/whole/g)?.length, 2)
    client.socket.destroy()
  }
})

t.test('loses no answer when a slow client ends its side', async t => {
  const answer = ok('x'.repeat(10_000))
  let answered = 0
  const app = await httpResponder(() => {
    answered++
    return answer
  })
  t.teardown(app.close)
  const { port } = await startPlain(t, app.port)
  const client = await rawClient(port)
  client.socket.pause()
  const total = 1500
  client.send(GET.repeat(total))
  t.ok((await settled(() => answered)) < total)
  client.socket.end()
  await settled(() => answered)
  client.socket.resume()
  t.equal(await client.ended, 'end')
  t.equal(client.heard.match(/200 OK/g)?.length, total)
  t.equal(answered, total)
})

t.test('stops reading interim responses that the client does not take', async t => {
  const interim = `HTTP/1.1 103 Early Hints\r\nlink: ${'x'.repeat(10_000)}\r\n\r\n`
  let sent = 0
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    const more = () => {
      while (!peer.socket.destroyed) {
        sent++
        if (!peer.socket.write(interim)) return peer.socket.once('drain', more)
      }
    }
    more()
  })
  t.teardown(app.close)
  const { port } = await startPlain(t, app.port)
  const client = await rawClient(port)
  client.socket.pause()
  client.send(GET)
  await app.peer(0)
  const most = 4000
  let isStopped = false
  for (let before = -1; !isStopped && sent < most; isStopped = sent === before) {
    before = sent
    for (let turn = 0; turn < 300; turn++) await tick()
  }
  t.ok(isStopped, `the application is stopped, at ${sent}`)
  client.socket.destroy()
})

t.test('passes interim responses on without framing fields', async t => {
  const app = await httpResponder(
    () => `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nX-Hint: 1\r\n\r\n${ok('served')}`,
  )
  t.teardown(app.close)
  const { port } = await startPlain(t, app.port)
  const client = await rawClient(port)
  client.send(GET)
  const heard = await client.hears('served')
  t.match(heard, /^HTTP\/1\.1 103 Early Hints\r\nX-Hint: 1\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  client.socket.destroy()
})

t.test('cuts off who keeps a connection open after the end of its listener', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const limits = { lingerMs: 100, retireMs: 1 }
  const { port, stopListening } = await startPlain(t, app.port, limits)
  const idle = await rawClient(port)
  const deaf = await rawClient(port)
  for (const client of [idle, deaf]) {
    client.send(GET)
    await client.hears('served')
  }
  await stopListening()
  t.equal(await idle.ended, 'end')
  // It goes on writing into the connection until the proxy has closed it for good.
  await Promise.all([noticesTheEnd(idle), noticesTheEnd(deaf)])
  t.ok(idle.socket.destroyed)
})

function noticesTheEnd({ socket }: RawPeer): Promise<void> {
  return new Promise(resolve => {
    const timer = setInterval(() => socket.write('x'), 20)
    socket.once('close', () => {
      clearInterval(timer)
      resolve()
    })
  })
}
