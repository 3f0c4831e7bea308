/** Probes by TCP, HTTP/1.1, HTTP/2 and gRPC against real servers; whatever happens, no connection is left. */
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { type AskOptions, asks, type Way, watched } from '../../../support/asked.ts'
import { grpcHealthServer, grpcServer } from '../../../support/grpc.ts'
import { freePorts } from '../../../support/ports.ts'

const HTTP: Way = { type: 'http', path: '/health?deep=1', statuses: [200, 204] }
const GRPC: Way = { type: 'grpc', service: '' }
const ANSWERED = 'HTTP/1.1 200 OK\r\n'

t.test('tcp: well when the port accepts, and the connection ends at once', async t => {
  const app = await watched(t)
  t.equal(await asks({ type: 'tcp' }, { port: app.port }), '')
  await app.came(1)
  await app.gone()
})

t.test('tcp: an application of IPv6', async t => {
  const app = await watched(t, createServer(), '::1')
  t.equal(await asks({ type: 'tcp' }, { port: app.port, address: '::1' }), '')
})

t.test('a port where nobody listens refuses', async t => {
  const [port = 0] = await freePorts(1)
  for (const way of [{ type: 'tcp' }, HTTP, GRPC] as const) {
    t.equal(await asks(way, { port }), 'connection refused', way.type)
  }
  t.equal(await asks(HTTP, { port, protocol: 'http2' }), 'connection refused')
})

t.test('http: asks as the probe says, and says who asks', async t => {
  const seen: unknown[] = []
  const app = await watched(
    t,
    createHttpServer(({ method, url, headers }, response) => {
      seen.push([method, url, headers.host, headers['user-agent']])
      response.end('well')
    }),
  )
  const { port } = app
  t.equal(await asks(HTTP, { port }), '')
  t.equal(await asks({ ...HTTP, host: 'shop.example.com' } as Way, { port }), '')
  t.same(seen, [
    ['GET', '/health?deep=1', `127.0.0.1:${port}`, 'Envoy/HC'],
    ['GET', '/health?deep=1', 'shop.example.com', 'Envoy/HC'],
  ])
  await app.gone()
})

t.test('http: the status decides, whatever the body', async t => {
  for (const [status, said] of [
    [200, ''],
    [204, ''],
    [301, 'answered 301'],
    [500, 'answered 500'],
  ] as const) {
    const { port, gone } = await httpApplication(t, (_request, response) => response.writeHead(status).end())
    t.equal(await asks(HTTP, { port }), said)
    await gone()
  }
})

t.test('http: a body without an end is not read for ever', async t => {
  const { port, gone } = await httpApplication(t, (_request, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384)));
    }
    response.on('drain', write)
    write()
  })
  t.equal(await asks(HTTP, { port }), '')
  await gone()
})

t.test('http: what is no whole answer is not well', async t => {
  for (const [answer, said] of [
    ['', 'the connection was cut'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'the answer is no HTTP'],
    [`${ANSWERED}content-length: 9\r\n\r\nhal`, 'the connection was cut'],
    [`${ANSWERED}transfer-encoding: chunked\r\n\r\nzz\r\n`, 'the answer is no HTTP'],
    ['HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', 'answered 101'],
  ] as const) {
    const app = await rawApplication(t, answer)
    t.equal(await asks(HTTP, { port: app.port }), said, JSON.stringify(answer))
    await app.gone()
  }
})

t.test('http: an application of HTTP/2 is asked by HTTP/2', async t => {
  const seen: unknown[] = []
  const app = await watched(
    t,
    createHttp2Server((request, response) => {
      seen.push([request.method, request.url, request.authority, request.headers['user-agent']])
      response.statusCode = request.authority === 'ill' ? 503 : 200
      response.end('well')
    }),
  )
  const ask = (way: Way): Promise<string> => asks(way, { port: app.port, protocol: 'http2' })
  t.equal(await ask(HTTP), '')
  t.equal(await ask({ ...HTTP, host: 'ill' } as Way), 'answered 503')
  t.same(seen, [
    ['GET', '/health?deep=1', `127.0.0.1:${app.port}`, 'Envoy/HC'],
    ['GET', '/health?deep=1', 'ill', 'Envoy/HC'],
  ])
  await app.gone()
})

t.test('http: of HTTP/2, what is no whole answer is not well', async t => {
  const cut = await watched(
    t,
    createHttp2Server((_request, response) => {
      response.write('hal')
      response.stream.session?.destroy()
    }),
  )
  t.equal(await asks(HTTP, { port: cut.port, protocol: 'http2' }), 'the connection was cut')
  const reset = await watched(
    t,
    createHttp2Server((_request, response) => {
      response.write('hal', () => response.stream.close(2))
    }),
  )
  t.match(await asks(HTTP, { port: reset.port, protocol: 'http2' }), /cut|INTERNAL_ERROR/)
  const http1 = await rawApplication(t, `${ANSWERED}\r\n`)
  t.equal(await asks(HTTP, { port: http1.port, protocol: 'http2' }), 'the answer is no HTTP/2')
  for (const app of [cut, reset, http1]) await app.gone()
})

t.test('http: a body of HTTP/2 without an end is not read for ever', async t => {
  const app = await watched(
    t,
    createHttp2Server((_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      }
      response.stream.on('error', () => {})
      response.on('drain', write)
      write()
    }),
  )
  t.equal(await asks(HTTP, { port: app.port, protocol: 'http2' }), '')
  await app.gone()
})

t.test('grpc: well when the health service says SERVING, of that service', async t => {
  const healths: Readonly<Record<string, number>> = { '': 1, shop: 1, old: 2, odd: 9 }
  const port = await grpcHealthServer(t, service => healths[service] ?? null)
  const ask = (service: string): Promise<string> => asks({ type: 'grpc', service }, { port })
  t.equal(await ask(''), '')
  t.equal(await ask('shop'), '')
  t.equal(await ask('old'), 'answered NOT_SERVING')
  t.equal(await ask('odd'), 'answered status 9')
  t.equal(await ask('else'), "its health service does not know the service 'else'")
})

t.test('grpc: a server without the health service, and one that is no gRPC', async t => {
  const { port } = await grpcServer(t)
  t.equal(await asks(GRPC, { port }), 'it has no service grpc.health.v1.Health')
  const web = await watched(
    t,
    createHttp2Server((_request, response) => response.end('hello')),
  )
  t.equal(await asks(GRPC, { port: web.port }), 'the answer is no gRPC')
  const missing = await watched(
    t,
    createHttp2Server((_request, response) => {
      response.statusCode = 404
      response.end()
    }),
  )
  t.equal(await asks(GRPC, { port: missing.port }), 'answered HTTP 404')
})

t.test('when nobody waits any more the connection ends', async t => {
  const silent = await watched(t)
  const { port } = silent
  const ways: readonly [Way, AskOptions][] = [
    [HTTP, { port }],
    [HTTP, { port, protocol: 'http2' }],
    [GRPC, { port }],
  ]
  let count = 0
  for (const [way, options] of ways) {
    const given = new AbortController()
    const said = asks(way, { ...options, signal: given.signal })
    await silent.came(++count)
    given.abort()
    t.equal(await said, 'given up')
    await silent.gone()
  }
})

t.test('what cannot be sent is a reason and no connection', async t => {
  const app = await watched(t)
  await t.rejects(asks({ ...HTTP, path: '/a b' } as Way, { port: app.port }), /unescaped characters/)
})

function httpApplication(t: import('tap').Test, answer: RequestListener) {
  return watched(t, createHttpServer(answer))
}

/** Answers the first bytes with these, and ends. */
function rawApplication(t: import('tap').Test, answer: string) {
  const server = createServer((socket: Socket) => {
    socket.once('data', () => socket.end(answer))
  })
  return watched(t, server)
}
