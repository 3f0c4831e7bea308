/** The end of an engine: no new work, running calls finish, what does not end in time is cut. */
import { once } from 'node:events'
import { connect } from 'node:http2'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const GET = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'

t.test('finishes what runs, tells clients to go, and ends early', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const busy = await rawClient(pair.outPort)
  const idle = await rawClient(pair.outPort)
  busy.send(GET)
  const server = await app.peer(0)
  await server.hears('\r\n\r\n')
  const drained = pair.web.drain(600_000)
  await t.rejects(rawClient(pair.outPort), { code: 'ECONNREFUSED' })
  t.equal(await idle.ended, 'end')
  server.send(ok('finished'))
  t.match(await busy.hears('finished'), /\r\nconnection: close\r\n/)
  busy.socket.destroy()
  idle.socket.destroy()
  await drained
  t.equal(pair.web.status().outbounds[0]?.connections, 0)
  await pair.backend.drain(600_000)
})

t.test('lets slow clients have answers that the application has given', async t => {
  // The first waits in the data plane of the client, the second in ours as well.
  for (const count of [100_000, 180_000]) {
    const app = await httpResponder(() => ok('x'.repeat(count)))
    t.teardown(app.close)
    const pair = await startPair(t, { appPort: app.port })
    const session = connect(`http://${LOOPBACK}:${pair.outPort}`)
    const stream = session.request({ ':path': '/' })
    await once(stream, 'response')
    const isIdle = () => pair.backend.status().inbounds[0]?.endpoints.every(({ active }) => active === 0)
    while (isIdle() !== true) await turn()
    const drained = pair.backend.drain(600_000)
    // All that the data planes have to say to each other.
    for (let turns = 0; turns < 20; turns++) await turn()
    let received = 0
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    stream.on('error', error => t.fail(error.message))
    await once(stream, 'close')
    t.equal(received, count)
    session.destroy()
    await drained
  }
})

t.test('cuts what does not end in time', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const client = await rawClient(pair.outPort)
  client.send('x')
  await (await app.peer(0)).hears('x')
  await pair.backend.drain(1)
  t.equal(await client.ended, 'reset')
})

t.test('drains at once when nothing runs', async t => {
  const pair = await startPair(t, { appPort: 1 })
  await pair.web.drain(600_000)
  await pair.backend.drain(600_000)
  t.pass('both are done')
})
