/** Others with a certificate of the mesh: HTTP/2 or HTTP/1.1 by ALPN, called by us and calling us. */
import { once } from 'node:events'
import { connect as connectHttp2, createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer as createHttps, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { makeMeshCa } from '../../support/certificates.ts'
import { startPair } from '../../support/engine-pair.ts'
import { callerOf, credentials } from '../../support/foreign-peers.ts'
import { call, eventually } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'
import { httpResponder, ok, rawServer } from '../../support/raw-sockets.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

type Teardown = Parameters<typeof callerOf>[0]

async function listen(t: Teardown, server: Http2SecureServer | HttpsServer, port = 0): Promise<number> {
  server.listen(port, LOOPBACK)
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return (server.address() as AddressInfo).port
}

t.test('a client that speaks h2 is served over HTTP/2, others over HTTP/1.1, by the same rules', async t => {
  const app = await httpResponder(request =>
    ok(/x-forwarded-client-cert: .*/i.exec(request)?.[0] ?? 'nobody'),
  )
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const { ca, inPort } = pair
  const client = await credentials(ca, 'curl')
  const session = connectHttp2(`https://${LOOPBACK}:${inPort}`, {
    ...client,
    checkServerIdentity: () => undefined,
  })
  t.teardown(() => session.destroy())
  const ask = async (): Promise<{ status: number; body: string }> => {
    const asked = session.request({ ':path': '/' })
    const [headers] = await once(asked, 'response')
    let body = ''
    for await (const chunk of asked) body += chunk
    return { status: headers[':status'], body }
  }
  t.match(await ask(), { status: 200, body: /URI=spiffe:\/\/default\/curl/ })
  t.equal(session.alpnProtocol, 'h2')
  const running = Promise.all(Array.from({ length: 50 }, ask))
  t.same(new Set((await running).map(({ status }) => status)), new Set([200]))
  await pair.changeInbound({ permission: { rules: [] } })
  t.match(
    await ask(),
    { status: 403 },
    'a permission that is gone is gone for streams of a running connection',
  )

  await pair.changeInbound({})
  for (const [offered, agreed] of [
    [['kuma'], 'kuma'],
    [['http/1.1'], 'http/1.1'],
    [['h2', 'http/1.1'], 'h2'],
    [[], false],
  ] as const) {
    const options = { ...client, host: LOOPBACK, port: inPort, checkServerIdentity: () => undefined }
    const socket = connectTls({ ...options, ...(offered.length > 0 ? { ALPNProtocols: [...offered] } : {}) })
    await once(socket, 'secureConnect')
    t.equal(socket.alpnProtocol, agreed)
    if (agreed !== 'h2') {
      socket.write('GET / HTTP/1.1\r\nhost: b\r\n\r\n')
      t.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 /, String(agreed))
    }
    socket.destroy()
  }
})

t.test('a TCP service is never taken for one that speaks h2', async t => {
  const app = await rawServer(peer => peer.send('welcome'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port, protocol: 'tcp' })
  const client = await credentials(pair.ca, 'curl')
  const socket = connectTls({
    ...client,
    host: LOOPBACK,
    port: pair.inPort,
    ALPNProtocols: ['h2', 'http/1.1'],
    checkServerIdentity: () => undefined,
  })
  t.equal(String((await once(socket, 'data'))[0]), 'welcome')
  t.equal(socket.alpnProtocol, 'http/1.1')
  socket.destroy()
})

t.test('a server that speaks h2 gets all calls over one connection', async t => {
  const ca = await makeMeshCa()
  const seen = { sockets: new Set<unknown>(), schemes: new Set<string>(), clients: new Set<string>() }
  const server = createSecureServer(
    { ...(await credentials(ca, 'backend')), requestCert: true, rejectUnauthorized: true },
    (asked, answer) => {
      seen.sockets.add(asked.stream.session)
      seen.schemes.add(asked.scheme)
      answer.setHeader('x-version', asked.httpVersion)
      asked.pipe(answer)
    },
  )
  server.on('secureConnection', socket =>
    seen.clients.add(String(socket.getPeerX509Certificate()?.subjectAltName)),
  )
  const outPort = await callerOf(t, ca, await listen(t, server))
  const body = 'x'.repeat(100_000)
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => call(outPort, '/', { method: 'POST', body })),
  )
  for (const answer of answers) {
    t.match(answer, { status: 200, headers: { 'x-version': '2.0' } })
    t.equal(answer.body, body)
  }
  t.equal(seen.sockets.size, 1)
  t.same([...seen.schemes], ['https'])
  t.match([...seen.clients][0], /URI:spiffe:\/\/default\/web/)
})

t.test('more calls than the other side allows streams wait for one', async t => {
  const ca = await makeMeshCa()
  const options = { ...(await credentials(ca, 'backend')), settings: { maxConcurrentStreams: 3 } }
  const server = createSecureServer(
    options,
    (_asked, answer) => void setImmediate(() => answer.end('served')),
  )
  const outPort = await callerOf(t, ca, await listen(t, server))
  const answers = await Promise.all(Array.from({ length: 100 }, () => call(outPort, '/')))
  t.same(new Set(answers.map(({ status, body }) => `${status} ${body}`)), new Set(['200 served']))
})

t.test('a server that changes from h2 to HTTP/1.1 is followed', async t => {
  const ca = await makeMeshCa()
  const options = await credentials(ca, 'backend')
  const [port = 0] = await freePorts(1)
  const outPort = await callerOf(t, ca, port)
  const version = async (): Promise<string> => {
    const { status, body } = await call(outPort, '/')
    return status === 200 ? body : String(status)
  }
  const is = (wanted: string) => eventually(version, body => body === wanted)
  const h2 = createSecureServer(options, (asked, answer) => void answer.end(asked.httpVersion))
  const sessions = new Set<{ destroy(): void }>()
  h2.on('session', session => sessions.add(session))
  await listen(t, h2, port)
  await is('2.0')
  for (const session of sessions) session.destroy()
  h2.close()
  const h1 = createHttps(options, (asked, answer) => void answer.end(asked.httpVersion))
  await listen(t, h1, port)
  await is('1.1')
  t.pass('and calls are answered by what runs')
})

t.test('no call is lost where a server asks for new connections again and again', async t => {
  const ca = await makeMeshCa()
  const server = createSecureServer(
    await credentials(ca, 'backend'),
    (_asked, answer) => void setImmediate(() => answer.end('served')),
  )
  let sessions = 0
  server.on('session', session => {
    sessions++
    let streams = 0
    session.on('stream', () => {
      // GOAWAY: running streams finish
      if (++streams === 20) session.close()
    })
  })
  const outPort = await callerOf(t, ca, await listen(t, server))
  const statuses = new Set<number>()
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(outPort, '/', { method: 'POST' })),
    )
    for (const { status } of answers) statuses.add(status)
  }
  t.same([...statuses], [200])
  t.ok(sessions > 5, `${sessions} connections`)
})

t.test('a server with another name gets nothing', async t => {
  const ca = await makeMeshCa()
  const server = createSecureServer(
    await credentials(ca, 'other'),
    (_asked, answer) => void answer.end('served'),
  )
  const outPort = await callerOf(t, ca, await listen(t, server))
  t.match(await call(outPort, '/'), {
    status: 503,
    headers: { 'x-vmesh-reason': 'wrong-server-identity' },
  })
})
