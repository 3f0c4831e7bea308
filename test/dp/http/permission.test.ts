/** Denied and shadow-denied requests over HTTP: what is answered, counted, and read of the request. */
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { httpResponder, ok, type RawPeer, rawClient } from '../../support/raw-sockets.ts'
import { ALLOW_ALL, aRule, DENY_ALL } from '../../support/snapshots.ts'

async function start(t: Parameters<typeof startPair>[0], permission = DENY_ALL) {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, permission })
  const client = await rawClient(pair.outPort)
  t.teardown(() => {
    client.socket.destroy()
  })
  return { app, pair, client }
}

async function denied(client: RawPeer): Promise<string> {
  const answer = await client.hears('RBAC: access denied')
  client.take()
  return answer
}

t.test('reads a small body of a denied request and keeps the connections', async t => {
  const { pair, client, app } = await start(t)
  for (let call = 0; call < 3; call++) {
    client.send('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 10\r\n\r\n01234')
    t.notMatch(await denied(client), /connection: close/)
    client.send('56789')
  }
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await denied(client)
  t.match(pair.backend.status().inbounds[0]?.counters, { accepted: 1, requests: 4, denied: 4 })
  t.same(app.peers, [])
})

t.test('does not read a large body of a denied request', async t => {
  const { client } = await start(t)
  client.send('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 100000000\r\n\r\nsome')
  t.match(await denied(client), /\r\nconnection: close\r\n/)
  t.equal(await client.ended, 'end')
})

t.test('does not wait for a body that the client holds back', async t => {
  const { client } = await start(t)
  client.send('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
  t.match(await denied(client), /^HTTP\/1\.1 403/)
})

t.test('leaves the body out of the answer to a HEAD', async t => {
  const { client } = await start(t)
  client.send('HEAD / HTTP/1.1\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n')
  const answers = (await denied(client)).split('HTTP/1.1 403 Forbidden\r\n')
  t.match(answers[1], /^content-length: 19\r\n[\s\S]*\r\n\r\n$/)
})

t.test('lets shadow-denied requests pass and counts them', async t => {
  const { client, pair } = await start(t, { rules: [aRule('shadow-deny')] })
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await client.hears('served')
  t.match(pair.backend.status().inbounds[0]?.counters, { requests: 1, denied: 0, shadowDenied: 1 })
})

t.test('follows the permission on a kept connection', async t => {
  const { client, pair } = await start(t)
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await denied(client)
  await pair.changeInbound({ permission: ALLOW_ALL })
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await client.hears('served')
  await pair.changeInbound({ permission: DENY_ALL })
  client.take()
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  await denied(client)
  t.match(pair.backend.status().inbounds[0]?.counters, { accepted: 1 })
})
