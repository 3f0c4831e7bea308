/** Beyond its limits a data plane refuses new work at once, says why, and goes on with what runs. */
import t from 'tap'
import { codeOf } from '#base/errors.ts'
import { startPair } from '../../support/engine-pair.ts'
import { httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { ALLOW_ALL } from '../../support/snapshots.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: b\r\n\r\n`
const OVERLOAD = /^HTTP\/1\.1 503 [\s\S]*x-vmesh-reason: overload\r\n/

t.test('a client too many is told so and let go; when one leaves there is room again', async t => {
  const app = await httpResponder(() => ok('yes'))
  t.teardown(app.close)
  // the engines of both sides have their own
  const pair = await startPair(t, { appPort: app.port, limits: { maxClients: 2 } })
  const first = await rawClient(pair.outPort)
  const second = await rawClient(pair.outPort)
  first.send(get('/'))
  await first.hears('\r\n\r\nyes')
  const third = await rawClient(pair.outPort)
  third.send(get('/'))
  t.match(await third.hears(/overloaded$/), OVERLOAD)
  t.equal(await third.ended, 'end')
  second.socket.destroy()
  const again = async (): Promise<string> => {
    const client = await rawClient(pair.outPort)
    client.send(get('/'))
    const answer = await client.hears(/(yes|overloaded)$/)
    client.socket.destroy()
    return answer
  }
  while (OVERLOAD.test(await again()));
  t.match(pair.web.status().outbounds[0]?.counters, { 'errors.overload': Number })
  first.socket.destroy()
})

t.test('a call too many is refused at once, and those that run finish', async t => {
  const app = await rawServer(() => {})
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, limits: { maxCalls: 2 } })
  const clients = await Promise.all([0, 1, 2].map(() => rawClient(pair.outPort)))
  const [first, second, third] = clients
  first?.send(get('/1'))
  second?.send(get('/2'))
  const peers = await Promise.all([app.peer(0), app.peer(1)])
  await Promise.all(peers.map(peer => peer.hears('\r\n\r\n')))
  third?.send(get('/3'))
  t.match(await third?.hears(/overloaded$/), OVERLOAD)
  for (const peer of peers) peer.send(ok('done'))
  await Promise.all([first?.hears('\r\n\r\ndone'), second?.hears('\r\n\r\ndone')])
  third?.take()
  third?.send(get('/4'))
  const [free] = await Promise.race(peers.map(async peer => [await peer.hears('/4'), peer] as const)).then(
    ([, peer]) => [peer],
  )
  free?.send(ok('room'))
  t.match(
    await third?.hears('\r\n\r\nroom'),
    /^HTTP\/1\.1 200/,
    'the connection of the refused call lives on',
  )
  for (const client of clients) client.socket.destroy()
})

t.test('calls that end in any way leave: refused, cut, denied, broken off', async t => {
  const app = await rawServer(peer => {
    peer.hears('\r\n\r\n').then(
      () => peer.socket.destroy(),
      () => {},
    )
  })
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, limits: { maxCalls: 1 } })
  for (let call = 0; call < 5; call++) {
    const client = await rawClient(pair.outPort)
    client.send(`POST /${call} HTTP/1.1\r\nHost: b\r\ncontent-length: 9\r\n\r\nhalf`)
    if (call % 2 === 0) client.socket.destroy()
    else t.notMatch(await client.hears(/\r\n\r\n/), OVERLOAD)
    client.socket.destroy()
    while (pair.web.status().outbounds[0]?.connections !== 0) await new Promise(setImmediate)
  }
  await pair.changeInbound({ permission: { rules: [] } })
  await pair.changeInbound({ permission: ALLOW_ALL })
  const client = await rawClient(pair.outPort)
  client.send(get('/'))
  t.notMatch(await client.hears(/\r\n\r\n/), OVERLOAD)
  client.socket.destroy()
})

t.test('a TCP connection too many is cut', async t => {
  const app = await rawServer(peer => peer.socket.pipe(peer.socket))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp', limits: { maxCalls: 1 } })
  const first = await rawClient(pair.outPort)
  first.send('hello')
  await first.hears('hello')
  // cut before it is known to be connected, or just after
  const ending = rawClient(pair.outPort).then(
    second => second.ended,
    error => codeOf(error),
  )
  t.match(await ending, /^(reset|ECONNRESET)$/)
  first.send(' again')
  await first.hears('hello again')
  first.socket.destroy()
  t.match(pair.web.status().outbounds[0]?.counters, { 'errors.overload': 1 })
})

t.test('memory over its limit refuses new calls', async t => {
  const app = await httpResponder(() => ok('yes'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, limits: { maxMemoryBytes: 1 } })
  const client = await rawClient(pair.outPort)
  client.send(get('/'))
  t.match(await client.hears(/overloaded$/), OVERLOAD)
  client.socket.destroy()
})
