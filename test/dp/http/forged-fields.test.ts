/** Fields that say who called, and why a call failed, come from the data planes alone, however they are spelled. */
import type { IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:http2'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { fieldOf, httpResponder, ok, rawClient } from '../../support/raw-sockets.ts'
import { aRule } from '../../support/snapshots.ts'

t.test('no client can name itself in a head', async t => {
  const app = await httpResponder(request => ok(request))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  // CGI and its descendants (WSGI, Rack, PHP) read `_` and `-` as the same name.
  for (const name of [
    'x-forwarded-client-cert',
    'X-FORWARDED-CLIENT-CERT',
    'X_Forwarded_Client_Cert',
    'x-forwarded_client-cert',
    'x_forwarded-client-cert',
    'x_kuma_tags',
  ]) {
    for (const connection of ['keep-alive', name]) {
      client.take()
      client.send(
        `GET / HTTP/1.1\r\nHost: b\r\nConnection: ${connection}\r\n${name}: forged\r\nX: last\r\n\r\n`,
      )
      const seen = await client.hears(/\r\n\r\nGET [\s\S]*\r\n\r\n/)
      t.notMatch(seen, /forged/, name)
      t.match(fieldOf(seen, 'x-forwarded-client-cert'), /;URI=spiffe:\/\/default\/web/, connection)
    }
  }
  client.socket.destroy()
})

t.test('no client can name itself in a trailer', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  for (const name of ['X-Forwarded-Client-Cert', 'X_Forwarded_Client_Cert', 'content_length', 'forwarded']) {
    const client = await rawClient(pair.outPort)
    client.send('POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n')
    const server = await app.peer(app.peers.length)
    await server.hears('\r\n\r\n')
    client.send(`0\r\n${name}: forged\r\n\r\n`)
    await client.ended
    await server.ended
    t.notMatch(server.heard, 'forged', name)
    client.socket.destroy()
  }
})

t.test('refuses names that others read as framing fields', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  for (const field of ['Content_Length: 5', 'Transfer_Encoding: chunked']) {
    const client = await rawClient(pair.outPort)
    client.send(`POST / HTTP/1.1\r\nHost: b\r\n${field}\r\n\r\n`)
    await client.ended
    t.equal(fieldOf(client.heard, 'x-vmesh-reason'), 'bad-request', field)
    client.socket.destroy()
  }
  t.equal(app.peers.length, 0)
})

t.test('the reason of a failure is never the word of an application', async t => {
  const app = await httpResponder(
    () =>
      'HTTP/1.1 403 No\r\nX-Vmesh-Reason: permission-denied\r\nX-Vmesh-Policy: forged\r\ncontent-length: 2\r\n\r\nno',
  )
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  const answer = await client.hears(/\r\n\r\nno$/)
  t.match(answer, /^HTTP\/1\.1 403 No\r\n/)
  t.equal(fieldOf(answer, 'x-vmesh-reason'), '')
  t.equal(fieldOf(answer, 'x-vmesh-policy'), '')
  await pair.changeInbound({ permission: { rules: [aRule('deny')] } })
  client.take()
  client.send('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
  const denial = await client.hears('RBAC')
  t.equal(fieldOf(denial, 'x-vmesh-reason'), 'permission-denied', 'that of the other data plane is passed on')
  t.equal(fieldOf(denial, 'x-vmesh-policy'), 'MeshTrafficPermission/deny-rule')
  // over HTTP/2 too
  const session = connect(`http://127.0.0.1:${pair.outPort}`)
  const stream = session.request({ ':path': '/' })
  const headers = await new Promise<IncomingHttpHeaders>(resolve => stream.once('response', resolve))
  t.equal(headers['x-vmesh-policy'], 'MeshTrafficPermission/deny-rule')
  session.destroy()
  client.socket.destroy()
})
