/** Calls that are made again: after what, how often, with which body, and never where they must not be. */
import t from 'tap'
import type { Retry } from '#contract/resilience/retry.ts'
import { freePorts } from '../../../support/ports.ts'
import { rawClient, rawServer } from '../../../support/raw-sockets.ts'
import { type Answer, aRetry, callingEngine, toldApplication } from '../../../support/retried.ts'

const status =
  (...codes: readonly number[]): Answer =>
  (_request, response, number) => {
    response.statusCode = codes[number - 1] ?? codes.at(-1) ?? 200
    response.setHeader('x-number', number)
    response.end(`answer ${number}`)
  }

async function tries(
  t: Parameters<typeof toldApplication>[0],
  answer: Answer,
  retry: Partial<Retry>,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly text: string; readonly asked: number }> {
  const app = await toldApplication(t, answer)
  const { url } = await callingEngine(t, [app.port], { retry: aRetry(retry) })
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text(), asked: app.bodies.length }
}

t.test('what is tried again and how often, as the conditions say', async t => {
  const cases: readonly (readonly [string, Answer, Partial<Retry>, RequestInit, number, number])[] = [
    ['a gateway error until it succeeds', status(503, 502, 200), {}, {}, 200, 3],
    ['and no more often than it may', status(503), {}, {}, 503, 4],
    ['a 500 is none', status(500), {}, {}, 500, 1],
    ['but one of 5xx', status(500), { on: ['5xx'] }, {}, 500, 4],
    ['409 alone is retriable-4xx', status(409), { on: ['retriable-4xx'] }, {}, 409, 4],
    ['not 404', status(404), { on: ['retriable-4xx'] }, {}, 404, 1],
    ['a status by its number', status(429, 200), { statuses: [429] }, {}, 200, 2],
    ['a POST as well', status(503, 200), {}, { method: 'POST', body: 'x' }, 200, 2],
    ['unless only GET may', status(503), { methods: ['GET'] }, { method: 'POST', body: 'x' }, 503, 1],
    ['GET then may', status(503, 200), { methods: ['GET'] }, {}, 200, 2],
    [
      'only requests with a header',
      status(503, 200),
      { requestHeaders: [{ type: 'present', name: 'x-again' }] },
      { headers: { 'x-again': '1' } },
      200,
      2,
    ],
    [
      'not those without',
      status(503, 200),
      { requestHeaders: [{ type: 'present', name: 'x-again' }] },
      {},
      503,
      1,
    ],
    [
      'answers with a header',
      (_request, response, number) => response.setHeader('x-busy', number === 1 ? 'yes' : 'no').end(),
      { on: [], responseHeaders: [{ type: 'exact', name: 'x-busy', value: 'yes' }] },
      {},
      200,
      2,
    ],
    [
      'a reset',
      (request, response, number) => (number < 3 ? request.socket.resetAndDestroy() : response.end()),
      { on: ['reset'] },
      {},
      200,
      3,
    ],
    [
      'a try that takes too long',
      (_request, response, number) => {
        if (number > 1) response.end()
      },
      { perTryMs: 50 },
      {},
      200,
      2,
    ],
    ['nobody hears within any try', () => {}, { perTryMs: 30, retries: 2 }, {}, 504, 3],
  ]
  for (const [name, answer, retry, init, expected, asked] of cases) {
    await t.test(name, async t => {
      const result = await tries(t, answer, retry, init)
      t.equal(result.status, expected)
      t.equal(result.asked, asked)
    })
  }
})

t.test('the last answer goes to the client as it is', async t => {
  const { status: code, text } = await tries(t, status(503), { retries: 2 })
  t.equal(code, 503)
  t.equal(text, 'answer 3')
})

t.test('a call that no try got through says why and by which policy', async t => {
  const app = await toldApplication(t, () => {})
  const { url } = await callingEngine(t, [app.port], { retry: aRetry({ perTryMs: 20, retries: 1 }) })
  const response = await fetch(url)
  t.equal(response.headers.get('x-vmesh-reason'), 'per-try-timeout')
  t.equal(response.headers.get('x-vmesh-policy'), 'MeshRetry/thrice')
  t.equal(await response.text(), 'upstream request timeout')
})

t.test('a body is replayed from its beginning, whole', async t => {
  const app = await toldApplication(t, status(503, 503, 200))
  const { url } = await callingEngine(t, [app.port], { retry: aRetry() })
  const body = 'x'.repeat(40_000)
  const response = await fetch(url, { method: 'PUT', body })
  t.equal(response.status, 200)
  t.same(
    app.bodies.map(one => one === body),
    [true, true, true],
  )
})

t.test('a chunked body that comes in pieces is replayed too', async t => {
  const app = await toldApplication(t, status(503, 200))
  const { port } = await callingEngine(t, [app.port], { retry: aRetry() })
  const client = await rawClient(port)
  client.send('POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  client.send('2\r\nde\r\n0\r\n\r\n')
  await client.hears('answer 2')
  t.same(app.bodies, ['abcde', 'abcde'])
  client.socket.destroy()
})

t.test('a request over maxReplayBytes is sent once', async t => {
  const app = await toldApplication(t, status(503, 200))
  const { url } = await callingEngine(t, [app.port], { retry: aRetry() }, {}, { maxReplayBytes: 2000 })
  t.equal((await fetch(url, { method: 'PUT', body: 'x'.repeat(2001) })).status, 503)
  t.equal(app.bodies.length, 1)
  t.equal((await fetch(url, { method: 'PUT', body: 'x'.repeat(900) })).status, 200)
})

t.test('an answer that has begun is not asked for again', async t => {
  const app = await rawServer(async peer => {
    await peer.hears('\r\n\r\n')
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    peer.reset()
  })
  t.teardown(app.close)
  const { url } = await callingEngine(t, [app.port], { retry: aRetry({ on: ['5xx', 'reset'] }) })
  await t.rejects(fetch(url).then(response => response.text()))
  t.equal(app.peers.length, 1)
})

t.test('a retry goes to another endpoint', async t => {
  const bad = await toldApplication(t, status(503))
  const good = await toldApplication(t, status(200))
  const { url } = await callingEngine(t, [bad.port, good.port], { retry: aRetry({ retries: 1 }) })
  for (let call = 0; call < 20; call++) t.equal((await fetch(url)).status, 200)
  t.ok(bad.bodies.length > 0)
})

t.test('an endpoint with an omitted key is left to the last', async t => {
  const bad = await toldApplication(t, status(503))
  const worse = await toldApplication(t, status(503))
  const good = await toldApplication(t, status(200))
  const retry = aRetry({ retries: 1, omittedEndpoints: [`127.0.0.1 ${worse.port}`] })
  const { url } = await callingEngine(t, [bad.port, worse.port, good.port], { retry })
  for (let call = 0; call < 12; call++) {
    const before = bad.bodies.length
    const response = await fetch(url)
    if (bad.bodies.length > before) t.equal(response.status, 200, 'after the bad one the good one')
  }
})

t.test('a port that nobody listens on is a connect failure', async t => {
  const [closed = 0] = await freePorts(1)
  const { url, counters } = await callingEngine(t, [closed], { retry: aRetry({ retries: 2 }) })
  const response = await fetch(url)
  t.equal(response.headers.get('x-vmesh-reason'), 'connection-refused')
  t.equal(counters()['retries'], 2)
  t.equal(counters()['retriesExhausted'], 1)
})

t.test('retries of one cluster at once are bounded, the others pass their answer on', async t => {
  const app = await toldApplication(t, status(503))
  const { url, counters } = await callingEngine(
    t,
    [app.port],
    { retry: aRetry({ backOff: { baseMs: 300, maxMs: 300 } }) },
    { limits: { policy: 'MeshCircuitBreaker/one', maxRetries: 1 } },
  )
  const answers = await Promise.all(Array.from({ length: 6 }, async () => (await fetch(url)).status))
  t.same(answers, [503, 503, 503, 503, 503, 503])
  t.equal(app.bodies.length, 6 + 3, 'one of them had its three retries')
  t.equal(counters()['retriesOverflow'], 5)
})

t.test('the pause that an answer asks for is kept, unless it is too long', async t => {
  const asks = (value: string): Answer => {
    return (_request, response, number) => {
      response.statusCode = number === 1 ? 503 : 200
      response.setHeader('retry-after', value).end()
    }
  }
  const rateLimited = { headers: [{ name: 'retry-after', format: 'seconds' }], maxMs: 2000 } as const
  const waited = performance.now()
  t.equal((await tries(t, asks('1'), { rateLimited })).status, 200)
  t.ok(performance.now() - waited >= 999, 'not before its time')
  // a test that would wait for an hour fails by its own time limit
  t.equal((await tries(t, asks('3600'), { rateLimited })).status, 200)
})

t.test('a client that leaves during a pause is not asked for again', async t => {
  const app = await toldApplication(t, status(503))
  const { port, counters, engine } = await callingEngine(t, [app.port], {
    retry: aRetry({ backOff: { baseMs: 60_000, maxMs: 60_000 }, retries: 1 }),
  })
  const client = await rawClient(port)
  client.send('GET / HTTP/1.1\r\nHost: api\r\n\r\n')
  while (counters()['retries'] !== 1) await new Promise(resolve => setImmediate(resolve))
  client.reset()
  while (engine.status().outbounds[0]?.connections !== 0) await new Promise(resolve => setImmediate(resolve))
  t.equal(app.bodies.length, 1)
})

t.test('a pattern that cannot be used is refused with its place, and what runs goes on', async t => {
  const app = await toldApplication(t, status(200))
  const { url, change } = await callingEngine(t, [app.port], {})
  const responseHeaders = [{ type: 'regex', name: 'x', value: '(' }] as const
  await t.rejects(change({ retry: aRetry({ responseHeaders }) }), /retry\.responseHeaders\[0\]\.value/)
  t.equal((await fetch(url)).status, 200)
})

t.test('a try of a route has its time, also where the listener times nothing', async t => {
  const app = await toldApplication(t, (_request, response, number) => {
    if (number > 1) response.end('late')
  })
  const backends = [{ cluster: 'api', weight: 1 }]
  const route = { policy: 'MeshHTTPRoute/r', match: {}, backends, retry: aRetry({ perTryMs: 50 }) }
  const { url } = await callingEngine(t, [app.port], { routes: [route] })
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
  t.equal(await response.text(), 'late')
})
