/** Others with a certificate of the mesh: HTTP/2 or HTTP/1.1 by ALPN, called by us and calling us. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2, createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer as createHttps, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import t from 'tap'
import type { Identity } from '#contract/identity.ts'
import { makeIdentity, makeMeshCa, type TestCa } from '../../support/certificates.ts'
import { anEngine, mustApply, startPair } from '../../support/engine-pair.ts'
import { call, eventually } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'
import { httpResponder, ok, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anOutbound, LOOPBACK, trustOf } from '../../support/snapshots.ts'

type Teardown = Parameters<typeof anEngine>[0]

const folder = mkdtempSync(join(tmpdir(), 'vmesh-foreign-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }
const without = (program: string): false | string =>
  spawnSync(program, ['-v'], { env }).error !== undefined && `${program} is not installed`

/** What TLS needs, of a service of the mesh. */
async function credentials(ca: TestCa, service: string): Promise<{ cert: string; key: string; ca: string }> {
  const identity: Identity = await makeIdentity(ca, { service })
  return { cert: identity.chainPem, key: identity.privateKeyPem, ca: ca.rootPem }
}

/** An engine that calls `backend` on `port`, which is not a data plane. */
async function callerOf(t: Teardown, ca: TestCa, port: number): Promise<number> {
  const [outPort = 0] = await freePorts(1)
  const web = anEngine(t)
  web.setIdentity(await makeIdentity(ca, { service: 'web' }))
  await mustApply(web, {
    listeners: [anOutbound(outPort, 'backend')],
    clusters: [aCluster('backend', [port])],
    trust: [trustOf(ca)],
  })
  return outPort
}

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

t.test('curl --http2 with a certificate of the mesh', { skip: without('curl') }, async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const { cert, key } = await credentials(pair.ca, 'curl')
  writeFileSync(join(folder, 'curl.pem'), cert + key)
  const argv = ['-sk', '--cert', join(folder, 'curl.pem'), '-w', ' %{http_version}']
  for (const [flag, version] of [
    ['--http2', '2'],
    ['--http1.1', '1.1'],
  ] as const) {
    const url = `https://${LOOPBACK}:${pair.inPort}/`
    const { stdout } = await promisify(execFile)('curl', [...argv, flag, url])
    t.equal(stdout, `served ${version}`)
  }
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

t.test('a server that changes from h2 to HTTP/1.1 and back is followed', async t => {
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

const PROXIES = {
  haproxy: (port: number, app: number, files: Record<'identity' | 'root', string>) => ({
    argv: ['-db', '-f'],
    text: `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend in
  bind ${LOOPBACK}:${port} ssl crt ${files.identity} ca-file ${files.root} verify required alpn h2,http/1.1
  http-request set-header x-seen %[req.ver]
  default_backend out
backend out
  server one ${LOOPBACK}:${app}
`,
  }),
  nginx: (port: number, app: number, files: Record<'identity' | 'root', string>) => ({
    argv: ['-e', 'stderr', '-c'],
    text: `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit; events {}
http { access_log off; client_body_temp_path ${folder}/1; proxy_temp_path ${folder}/2; fastcgi_temp_path ${folder}/3;
  uwsgi_temp_path ${folder}/4; scgi_temp_path ${folder}/5;
  server { listen ${LOOPBACK}:${port} ssl http2; ssl_protocols TLSv1.3;
    ssl_certificate ${files.identity}; ssl_certificate_key ${files.identity};
    ssl_client_certificate ${files.root}; ssl_verify_client on;
    location / { proxy_pass http://${LOOPBACK}:${app}; proxy_set_header x-seen $server_protocol; } } }
`,
  }),
} as const

for (const [name, configure] of Object.entries(PROXIES)) {
  t.test(`calls go to ${name} over h2`, { skip: without(name) }, async t => {
    const app = await httpResponder(request => ok(/x-seen: (.*)\r/i.exec(request)?.[1] ?? ''))
    t.teardown(app.close)
    const ca = await makeMeshCa()
    const { cert, key } = await credentials(ca, 'backend')
    const files = { identity: join(folder, `${name}.pem`), root: join(folder, `${name}-root.pem`) }
    writeFileSync(files.identity, cert + key)
    writeFileSync(files.root, ca.rootPem)
    const [port = 0] = await freePorts(1)
    const { argv, text } = configure(port, app.port, files)
    const file = join(folder, `${name}.conf`)
    writeFileSync(file, text)
    const proxy = spawn(name, [...argv, file], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    t.teardown(async () => {
      proxy.kill()
      await once(proxy, 'exit')
    })
    const outPort = await callerOf(t, ca, port)
    const answer = await eventually(
      () => call(outPort, '/'),
      ({ status }) => status === 200,
    )
    t.match(answer.body, /2\.0/)
  })
}
