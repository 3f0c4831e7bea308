/**
 * The clients that people have, through two daemons with two workers each: curl, nghttp, h2load, grpc-js, ws, redis-cli and psql
 * against real applications, over one mutual-TLS connection a worker.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { connectWebSocket, createUpgrade } from '#base/websocket.ts'
import { httpApplication } from '../support/applications.ts'
import { startPostgres, startRedis } from '../support/databases.ts'
import { asIs, ECHO, grpcClient, grpcServer, status, unary } from '../support/grpc.ts'
import { eventually, Lab, type Running } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const run = async (program: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(program, args, { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 })).stdout

const lab = new Lab()
t.teardown(() => lab.close())
const http = await httpApplication('http')
t.teardown(() => void http.server.close())
const http2 = createServer((asked, answer) => {
  answer.setHeader('x-version', asked.httpVersion)
  asked.pipe(answer)
})
await new Promise<void>(resolve => http2.listen(0, '127.0.0.1', resolve))
t.teardown(() => void http2.close())
const grpc = await grpcServer(t)
const upgrade = createUpgrade({ maxFrameBytes: 2_000_000, protocols: ['echo'] })
http.server.on('upgrade', (asked, socket, head) =>
  upgrade(asked, socket, head, peer =>
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })),
  ),
)
const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
t.teardown(() => Promise.all([redis.stop(), postgres.stop()]).then(() => {}))

const APPLICATIONS = {
  http: ['http', http.port],
  http2: ['http2', (http2.address() as AddressInfo).port],
  grpc: ['grpc', grpc.port],
  redis: ['tcp', redis.port],
  postgres: ['tcp', postgres.port],
} as const
type Name = keyof typeof APPLICATIONS
const NAMES = Object.keys(APPLICATIONS) as Name[]
const inPorts = await freePorts(NAMES.length)
const outPorts = await freePorts(NAMES.length)
const portOf = (name: Name): string => String(outPorts[NAMES.indexOf(name)])

await lab.startControlPlane()
const far = {
  name: 'far-1',
  networking: {
    address: '127.0.0.1',
    inbound: NAMES.map((name, index) => ({
      port: inPorts[index],
      servicePort: APPLICATIONS[name][1],
      tags: { 'kuma.io/service': name, 'kuma.io/protocol': APPLICATIONS[name][0] },
    })),
  },
}
const near = {
  name: 'near-1',
  networking: {
    address: '127.0.0.1',
    inbound: [{ port: (await freePorts(1))[0], servicePort: 9, tags: { 'kuma.io/service': 'near' } }],
    outbound: NAMES.map((name, index) => ({ port: outPorts[index], tags: { 'kuma.io/service': name } })),
  },
}
const daemons: Running[] = []
for (const dataplane of [far, near]) {
  const daemon = lab.run([...(await lab.dataPlaneArguments(dataplane)), '--concurrency=2'])
  await daemon.said(/data plane is ready/)
  daemons.push(daemon)
}
await eventually(
  () => run('curl', '-s', `http://127.0.0.1:${portOf('http')}/`),
  answer => answer.startsWith('http GET'),
)

t.test('curl: HTTP/1.1 and HTTP/2, to applications of either', async t => {
  const body = 'x'.repeat(300_000)
  const file = join(t.testdir({ body }), 'body')
  for (const flag of ['--http1.1', '--http2-prior-knowledge']) {
    const old = await run(
      'curl',
      '-s',
      flag,
      '--data-binary',
      `@${file}`,
      `http://127.0.0.1:${portOf('http')}/p`,
    )
    t.equal(old, 'http POST /p 300000', `${flag} to HTTP/1.1`)
    const url = `http://127.0.0.1:${portOf('http2')}/p`
    const answer = await run('curl', '-si', flag, '--data-binary', `@${file}`, '-H', 'expect:', url)
    t.match(answer, /^x-version: 2\.0\r$/m)
    t.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4), body, `${flag} to HTTP/2`)
  }
})

t.test('nghttp and h2load: every request is answered', async t => {
  const url = `http://127.0.0.1:${portOf('http2')}/`
  t.match(await run('nghttp', '-v', url), /:status: 200/)
  const load = await run('h2load', '-n2000', '-c8', '-m16', url)
  t.match(
    load,
    /requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout/,
  )
  const old = await run('h2load', '--h1', '-n500', '-c8', `http://127.0.0.1:${portOf('http')}/`)
  t.match(old, /500 succeeded, 0 failed, 0 errored, 0 timeout/)
})

t.test('grpc-js: calls, errors, many messages both ways', async t => {
  const client = grpcClient(t, Number(portOf('grpc')))
  const message = Buffer.alloc(2_000_000, 'm')
  const { error, value } = await unary(client, ECHO.unary, message)
  t.equal(error, null)
  t.ok(value?.equals(message))
  t.match((await unary(client, ECHO.fail, message)).error, { code: status.NOT_FOUND })
  const talk = client.makeBidiStreamRequest(ECHO.talk.path, asIs, asIs)
  const heard: string[] = []
  talk.on('data', (bytes: Buffer) => heard.push(String(bytes)))
  for (let n = 0; n < 1000; n++) talk.write(Buffer.from(`${n}`))
  talk.end()
  await once(talk, 'end')
  t.equal(heard.join(), Array.from({ length: 1000 }, (_, n) => n).join())
})

t.test('ws: messages both ways, and the end', async t => {
  const client = connectWebSocket({
    maxFrameBytes: 2_000_000,
    protocols: ['echo'],
    url: `ws://127.0.0.1:${portOf('http')}/`,
    headers: {},
    handshakeTimeoutMs: 5000,
    onRefused: code => t.fail(`refused with ${code}`),
  })
  await once(client, 'open')
  for (const size of [1, 70_000, 1_000_000]) {
    client.send('x'.repeat(size))
    const [data] = await once(client, 'message')
    t.equal(String(data).length, size)
  }
  client.close(1000, 'done')
  t.match(await once(client, 'close'), [1000])
})

t.test('redis-cli: commands, pipes, large values', async t => {
  const redisCli = (...args: string[]): Promise<string> => run('redis-cli', '-p', portOf('redis'), ...args)
  t.equal(await redisCli('ping'), 'PONG\n')
  await redisCli('set', 'large', 'v'.repeat(100_000))
  t.equal(await redisCli('strlen', 'large'), '100000\n')
  t.equal((await redisCli('get', 'large')).length, 100_001)
  t.equal(
    await redisCli(
      'eval',
      "for i=1,1000 do redis.call('rpush','l',i) end return redis.call('llen','l')",
      '0',
    ),
    '1000\n',
  )
  t.equal((await redisCli('lrange', 'l', '0', '-1')).split('\n').length, 1001)
})

t.test('psql: queries, and a large result', async t => {
  const psql = (query: string): Promise<string> =>
    run('psql', '-h', '127.0.0.1', '-p', portOf('postgres'), '-U', 'postgres', '-Atc', query)
  t.equal(await psql('select 6 * 7'), '42\n')
  await psql('create table t as select generate_series(1, 50000) as n')
  const rows = (await psql('select n, md5(n::text) from t order by n')).trimEnd().split('\n')
  t.equal(rows.length, 50_000)
  t.match(rows.at(-1), /^50000\|[0-9a-f]{32}$/)
})

t.test('daemons with workers stop in order', async t => {
  t.same(await Promise.all(daemons.map(daemon => daemon.stop())), [0, 0])
})
