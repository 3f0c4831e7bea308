/** curl, nghttp, h2load, HAProxy and nginx with certificates of the mesh, calling our inbounds and called by us. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { makeMeshCa } from '../../support/certificates.ts'
import { startPair } from '../../support/engine-pair.ts'
import {
  aFolder,
  callerOf,
  type PemFiles,
  pemFiles,
  startProgram,
  without,
} from '../../support/foreign-peers.ts'
import { startEcho } from '../../support/http2-echo.ts'
import { call } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'
import {
  fieldOf,
  httpResponder,
  ok,
  type RawServer,
  rawClient,
  rawServer,
} from '../../support/raw-sockets.ts'
import { LOOPBACK } from '../../support/snapshots.ts'

const run = promisify(execFile)
const HAPROXY = 'defaults\n  timeout connect 5s\n  timeout client 9s\n  timeout server 9s\n'

/** Answers with what the proxy in front says of the call; to `upgrade: websocket` with 101, and then with what it gets. */
function application(): Promise<RawServer> {
  return rawServer(peer => {
    let isEcho = false
    peer.socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1')
      if (isEcho) peer.send(text)
      else if (fieldOf(text, 'upgrade') === 'websocket') {
        isEcho = true
        peer.send('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n')
        peer.send('sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n')
      } else peer.send(ok(fieldOf(text, 'x-seen')))
    })
  })
}

const SERVERS = {
  haproxy: (port: number, app: number, files: PemFiles, _folder: string) => `${HAPROXY}
frontend in
  mode http
  bind ${LOOPBACK}:${port} ssl crt ${files.identity} ca-file ${files.root} verify required alpn h2
  http-request set-header x-seen %[req.ver]
  default_backend out
backend out
  mode http
  server one ${LOOPBACK}:${app}
`,
  nginx: (port: number, app: number, files: PemFiles, folder: string) => `
http { access_log off; client_body_temp_path ${folder}/1; proxy_temp_path ${folder}/2; fastcgi_temp_path ${folder}/3;
  uwsgi_temp_path ${folder}/4; scgi_temp_path ${folder}/5;
  server { listen ${LOOPBACK}:${port} ssl http2; ssl_protocols TLSv1.3;
    ssl_certificate ${files.identity}; ssl_certificate_key ${files.identity};
    ssl_client_certificate ${files.root}; ssl_verify_client on;
    location / { proxy_pass http://${LOOPBACK}:${app}; proxy_http_version 1.1; proxy_set_header x-seen $server_protocol;
      proxy_set_header upgrade $http_upgrade; proxy_set_header connection upgrade; } } }
`,
}

for (const name of ['haproxy', 'nginx'] as const) {
  t.test(`calls go to ${name} over h2, upgrades over HTTP/1.1`, { skip: without(name) }, async t => {
    const app = await application()
    t.teardown(app.close)
    const ca = await makeMeshCa()
    const folder = aFolder(t)
    const files = await pemFiles(folder, ca, 'backend')
    const [port = 0] = await freePorts(1)
    await startProgram(t, name, { folder, text: SERVERS[name](port, app.port, files, folder), port })
    const outPort = await callerOf(t, ca, port)
    const client = await rawClient(outPort)
    t.teardown(() => client.socket.destroy())
    // Both wait for the first connection, which nobody knows the protocol of.
    client.send('GET /echo HTTP/1.1\r\nhost: b\r\nconnection: upgrade\r\nupgrade: websocket\r\n')
    client.send('sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(outPort, '/')))
    for (const answer of answers) {
      t.equal(answer.status, 200)
      t.match(answer.body, /2\.0/)
    }
    t.match(await client.hears('\r\n\r\n'), /^HTTP\/1.1 101 /)
    client.send('to and fro')
    await client.hears(/to and fro$/)
    t.pass('an upgrade passes')
  })
}

t.test('TCP goes to others as it is within TLS', { skip: without('haproxy') }, async t => {
  const app = await rawServer(peer => peer.socket.on('data', (bytes: Buffer) => peer.send(`<${bytes}>`)))
  t.teardown(app.close)
  const ca = await makeMeshCa()
  const folder = aFolder(t)
  const files = await pemFiles(folder, ca, 'backend')
  const [port = 0] = await freePorts(1)
  const text = `${HAPROXY}
listen in
  mode tcp
  bind ${LOOPBACK}:${port} ssl crt ${files.identity} ca-file ${files.root} verify required
  server one ${LOOPBACK}:${app.port}
`
  await startProgram(t, 'haproxy', { folder, text, port })
  const outPort = await callerOf(t, ca, port, 'tcp')
  const clients = await Promise.all(Array.from({ length: 8 }, () => rawClient(outPort)))
  for (const [index, client] of clients.entries()) {
    client.send(`PRI * HTTP/2.0 ${index}`)
    await client.hears(new RegExp(`^<PRI \\* HTTP/2.0 ${index}>$`))
    client.socket.destroy()
  }
  t.ok(app.peers.length >= 8, 'a connection each')
})

const loadSkip = without('haproxy') || without('h2load')
t.test('haproxy brings load to an inbound over h2 and over HTTP/1.1', { skip: loadSkip }, async t => {
  const app = await httpResponder(request => ok(fieldOf(request, 'x-forwarded-client-cert')))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const folder = aFolder(t)
  const files = await pemFiles(folder, pair.ca, 'edge')
  const [h2 = 0, h1 = 0] = await freePorts(2)
  const server = `server one ${LOOPBACK}:${pair.inPort} ssl crt ${files.identity} ca-file ${files.root} verify required`
  const text = `${HAPROXY}
listen two
  mode http
  bind ${LOOPBACK}:${h2} proto h2
  ${server} alpn h2
listen one
  mode http
  bind ${LOOPBACK}:${h1}
  ${server}
`
  await startProgram(t, 'haproxy', { folder, text, port: h2 })
  // It holds no certificate itself.
  const { stdout } = await run('h2load', ['-n3000', '-c4', '-m32', `http://${LOOPBACK}:${h2}/`])
  t.match(stdout, /3000 2xx, 0 3xx, 0 4xx, 0 5xx/)
  const answers = await Promise.all(Array.from({ length: 30 }, () => call(h1, '/')))
  t.match(new Set(answers.map(({ body }) => body)), new Set([/URI=spiffe:\/\/default\/edge/]))
})

t.test('curl with a certificate of the mesh', { skip: without('curl') }, async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const { identity } = await pemFiles(aFolder(t), pair.ca, 'curl')
  const argv = ['-sk', '--cert', identity, '-w', ' %{http_version}']
  for (const [flag, version] of [
    ['--http2', '2'],
    ['--http1.1', '1.1'],
    ['--no-alpn', '1.1'],
  ] as const) {
    const { stdout } = await run('curl', [...argv, flag, `https://${LOOPBACK}:${pair.inPort}/`])
    t.equal(stdout, `served ${version}`)
  }
})

for (const protocol of ['http', 'http2'] as const) {
  t.test(`nghttp calls an inbound of ${protocol}`, { skip: without('nghttp') }, async t => {
    const app = protocol === 'http' ? await httpResponder(() => ok('served')) : await startEcho()
    t.teardown(() => app.close())
    const pair = await startPair(t, { appPort: app.port, protocol })
    const { identity } = await pemFiles(aFolder(t), pair.ca, 'nghttp')
    const argv = ['--cert', identity, '--key', identity, '-ny', '-m', '100', '-s']
    const { stdout } = await run('nghttp', [...argv, `https://${LOOPBACK}:${pair.inPort}/`])
    t.equal(stdout.match(/ 200 /g)?.length, 100)
  })
}
