/**
 * Which fields an application and a client see, through two data planes: as Kuma's proxies set, keep and drop them
 * (kuma-semantics.md 3.0, measured there).
 */
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { httpResponder, ok, rawClient } from '../../support/raw-sockets.ts'

/** Lower case, in their order, without what differs each time. */
function fieldsOf(head: string): string[] {
  return (head.split('\r\n\r\n')[0] ?? '')
    .split('\r\n')
    .slice(1)
    .map(line => line.replace(/^[^:]+/, name => name.toLowerCase()))
    .map(line =>
      line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'UUID').replace(/^(x-forwarded-client-cert): .*/, '$1: OURS'),
    )
}

const OURS = 'x-forwarded-client-cert: OURS'

t.test('an application sees what Kuma shows it', async t => {
  const app = await httpResponder(request => ok(request))
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const cases: Readonly<
    Record<string, { readonly sent: readonly string[]; readonly seen: readonly string[] }>
  > = {
    'nothing sent: no via, no address of the client': {
      sent: [],
      seen: ['x-request-id: UUID', 'x-forwarded-proto: http', OURS],
    },
    'what a client says of itself is kept': {
      sent: [
        'x-request-id: 7',
        'x-forwarded-proto: https',
        'x-forwarded-for: 10.0.0.9',
        'via: 1.1 edge',
        'forwarded: for=a',
      ],
      seen: [
        'x-request-id: 7',
        'x-forwarded-proto: https',
        'x-forwarded-for: 10.0.0.9',
        'via: 1.1 edge',
        'forwarded: for=a',
        OURS,
      ],
    },
    'whom it was called by is ours to say': {
      sent: ['x-forwarded-client-cert: By=spiffe://default/admin', 'x-kuma-tags: &a=b&'],
      seen: ['x-request-id: UUID', 'x-forwarded-proto: http', OURS],
    },
    'fields of one connection end there': {
      sent: [
        'connection: keep-alive, x-hop',
        'x-hop: 1',
        'keep-alive: timeout=5',
        'proxy-connection: x',
        'upgrade: h2c',
        'te: gzip',
      ],
      seen: ['x-request-id: UUID', 'x-forwarded-proto: http', OURS],
    },
    'Connection cannot take away what is ours to say': {
      sent: [
        'connection: x-forwarded-client-cert, x-request-id, x-forwarded-proto',
        'x-request-id: 7',
        'x-forwarded-proto: https',
      ],
      seen: ['x-request-id: UUID', 'x-forwarded-proto: http', OURS],
    },
    'orders to Envoy are dropped, other fields of it and te: trailers are kept': {
      sent: [
        'x-envoy-retry-on: 5xx',
        'x-envoy-max-retries: 9',
        'x-envoy-internal: true',
        'x-envoy-attempt-count: 1',
        'te: trailers',
      ],
      seen: [
        'x-envoy-attempt-count: 1',
        'te: trailers',
        'x-request-id: UUID',
        'x-forwarded-proto: http',
        OURS,
      ],
    },
  }
  const client = await rawClient(pair.outPort)
  for (const [name, { sent, seen }] of Object.entries(cases)) {
    client.send(`GET /a HTTP/1.1\r\n${['Host: b', ...sent].join('\r\n')}\r\n\r\n`)
    const answer = await client.hears(/\r\n\r\n[\s\S]*\r\n\r\n/)
    client.take()
    const [, ...fields] = fieldsOf(answer.slice(answer.indexOf('\r\n\r\n') + 4))
    t.same(fields, seen, name)
  }
  client.socket.destroy()
})

t.test('a client sees what the application said, without fields of one connection', async t => {
  const sent = [
    'server: app',
    'via: 1.1 app',
    'x-envoy-x: 1',
    'connection: x-hop',
    'x-hop: 1',
    'keep-alive: timeout=5',
    'upgrade: h2',
  ]
  const app = await httpResponder(
    () => `HTTP/1.1 200 OK\r\n${sent.join('\r\n')}\r\ncontent-length: 0\r\n\r\n`,
  )
  t.teardown(app.close)
  const pair = await startPair(t, { appPort: app.port })
  const client = await rawClient(pair.outPort)
  client.send('GET /a HTTP/1.1\r\nHost: b\r\n\r\n')
  t.same(fieldsOf(await client.hears('\r\n\r\n')), [
    'server: app',
    'via: 1.1 app',
    'x-envoy-x: 1',
    'content-length: 0',
  ])
  client.socket.destroy()
})
