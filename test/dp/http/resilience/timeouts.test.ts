/** How long calls may take: as a whole, in silence, as a stream; told apart by their answers. */
import t from 'tap'
import type { CallTimeouts } from '#contract/resilience/timeouts.ts'
import { startPair } from '../../../support/engine-pair.ts'
import { rawClient } from '../../../support/raw-sockets.ts'
import { callingEngine, toldApplication } from '../../../support/retried.ts'

const POLICY = 'MeshTimeout/short'

function of(times: Omit<CallTimeouts, 'policy'>): { timeouts: CallTimeouts } {
  return { timeouts: { policy: POLICY, ...times } }
}

t.test('each time has its own reason, status and body', async t => {
  const app = await toldApplication(t, () => {})
  const cases = [
    [of({ requestMs: 50 }), 'request-timeout', 'upstream request timeout'],
    [of({ maxStreamMs: 50 }), 'max-stream-duration', 'upstream max stream duration reached'],
    [of({ streamIdleMs: 50 }), 'stream-timeout', 'stream timeout'],
  ] as const
  for (const [listener, reason, body] of cases) {
    const { url } = await callingEngine(t, [app.port], listener)
    const response = await fetch(url)
    t.equal(response.status, 504)
    t.equal(response.headers.get('x-vmesh-reason'), reason)
    t.equal(await response.text(), body)
    if (reason !== 'stream-timeout') t.equal(response.headers.get('x-vmesh-policy'), POLICY)
  }
})

t.test('the time of a request counts from its last byte', async t => {
  const app = await toldApplication(t, (_request, response) => response.end('late'))
  const { port } = await callingEngine(t, [app.port], of({ requestMs: 100 }))
  const client = await rawClient(port)
  client.send('POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 2\r\n\r\na')
  await new Promise(resolve => setTimeout(resolve, 200))
  client.send('b')
  await client.hears('late')
  client.socket.destroy()
})

t.test('a response that has begun is cut, not answered twice', async t => {
  const app = await toldApplication(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half')
  })
  const { port } = await callingEngine(t, [app.port], of({ requestMs: 100 }))
  const client = await rawClient(port)
  client.send('GET / HTTP/1.1\r\nHost: api\r\n\r\n')
  t.not(await client.ended, 'end')
  t.match(client.heard, /half$/)
  t.notMatch(client.heard, /504/)
})

t.test('0 is no limit, and a call within its time is untouched', async t => {
  const app = await toldApplication(t, (_request, response) => response.end('ok'))
  const none = await callingEngine(t, [app.port], of({ requestMs: 0, maxStreamMs: 0, streamIdleMs: 0 }))
  t.equal(await (await fetch(none.url)).text(), 'ok')
  const some = await callingEngine(t, [app.port], of({ requestMs: 5000, maxStreamMs: 5000 }))
  for (let call = 0; call < 5; call++) t.equal(await (await fetch(some.url)).text(), 'ok')
})

t.test('a route has times of its own, the others those of the listener', async t => {
  const app = await toldApplication(t, () => {})
  const backends = [{ cluster: 'api', weight: 1 }]
  const match = { path: { type: 'exact', value: '/quick' } } as const
  const { url } = await callingEngine(t, [app.port], {
    ...of({ requestMs: 60_000 }),
    routes: [{ policy: 'MeshHTTPRoute/r', match, backends, timeouts: { policy: POLICY, requestMs: 40 } }],
  })
  t.equal((await fetch(`${url}/quick`)).headers.get('x-vmesh-policy'), POLICY)
  const slow = new AbortController()
  const other = fetch(`${url}/other`, { signal: slow.signal })
  t.equal((await fetch(`${url}/quick`)).status, 504, 'while the other still waits')
  slow.abort()
  await t.rejects(other)
})

t.test('times hold from the next request on when they change', async t => {
  const app = await toldApplication(t, (_request, response, number) => {
    if (number > 1) response.end('ok')
  })
  const { url, change } = await callingEngine(t, [app.port], of({ requestMs: 30 }))
  t.equal((await fetch(url)).status, 504)
  await change({})
  t.equal((await fetch(url)).status, 200)
})

t.test('the called side has times of its own', async t => {
  const app = await toldApplication(t, () => {})
  const pair = await startPair(t, { appPort: app.port })
  await pair.changeInbound({ timeouts: { policy: POLICY, requestMs: 50 } })
  const response = await fetch(`http://127.0.0.1:${pair.outPort}/`)
  t.equal(response.status, 504)
  t.equal(response.headers.get('x-vmesh-reason'), 'request-timeout')
  t.equal(response.headers.get('x-vmesh-policy'), POLICY)
})

t.test('inboundRequestMs holds where no policy says otherwise', async t => {
  const app = await toldApplication(t, () => {})
  const pair = await startPair(t, { appPort: app.port, limits: { inboundRequestMs: 50 } })
  const response = await fetch(`http://127.0.0.1:${pair.outPort}/`)
  t.equal(response.headers.get('x-vmesh-reason'), 'request-timeout')
  t.equal(response.headers.get('x-vmesh-policy'), null)
})
