/** The misbehaving upstream does what it is told and counts right, before others judge the mesh by it. */
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import t from 'tap'
import { ECHO, grpcClient, unary } from './grpc.ts'
import { call } from './lab.ts'
import { seeded, startMisbehaving } from './misbehaving.ts'
import { startMisbehavingProcess } from './misbehaving-process.ts'
import { RawPeer, rawClient } from './raw-sockets.ts'
import { LOOPBACK } from './snapshots.ts'

const GET = 'GET /p HTTP/1.1\r\nhost: a\r\n\r\n'

function over2(port: number, path = '/p'): Promise<string> {
  return new Promise(resolve => {
    const session = connectHttp2(`http://${LOOPBACK}:${port}`)
    session.on('error', () => {})
    const stream = session.request({ ':path': path })
    let text = ''
    let status = 0
    stream.on('response', headers => {
      status = headers[':status'] ?? 0
    })
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    stream.on('error', () => {})
    stream.on('close', () => {
      resolve(`${status} ${text} ${stream.rstCode}`)
      session.destroy()
    })
  })
}

t.test('answers well until told otherwise, on HTTP/1.1, HTTP/2 and gRPC', async t => {
  const app = await startMisbehaving(t, { name: 'a1' })
  const answer = await call(app.port, '/p?x=1', { method: 'POST', body: 'four' })
  t.match(answer, { status: 200, body: 'a1 POST /p?x=1 4' })
  t.equal(await over2(app.port), '200 a1 GET /p 0 0')
  const { value, error } = await unary(grpcClient(t, app.port), ECHO.unary, Buffer.from('hi'))
  t.same([value?.toString(), error], ['hi', null])
  const seen = await app.until(seen => seen.running === 0)
  t.same(seen.byPath, { '/p': 2, '/test.Echo/Unary': 1 })
  t.same(
    seen.newest.map(one => [one.protocol, one.bytes, one.state]),
    [
      ['http1', 4, 'done'],
      ['http2', 0, 'done'],
      ['grpc', 7, 'done'],
    ],
  )
  t.equal(seen.newest[0]?.sha256, '04efaf080f5a3e74')
})

t.test('answers statuses of both kinds, and each path its own', async t => {
  const app = await startMisbehaving(t)
  await app.tell({ do: 'status', status: 429, headers: { 'retry-after': '3' } }, '/limited')
  t.match(await call(app.port, '/limited?a'), { status: 429, headers: { 'retry-after': '3' } })
  t.match(await call(app.port, '/other'), { status: 200 })
  await app.tell({ do: 'grpc', status: 14, message: 'gone: ü' })
  const client = grpcClient(t, app.port)
  const { error } = await unary(client, ECHO.unary, Buffer.from('hi'))
  t.match(error, { code: 14, details: 'gone: ü' })
})

t.test('goes through a sequence, and mixes by percentages', async t => {
  const app = await startMisbehaving(t, { random: seeded(1) })
  const [fails, works] = [{ do: 'status', status: 503 } as const, { do: 'ok' } as const]
  await app.tell({ do: 'sequence', steps: [fails, fails, works] })
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) statuses.push((await call(app.port, '/')).status)
  t.same(statuses, [503, 503, 200, 200])
  await app.tell({ do: 'mix', parts: [{ percent: 30, as: fails }] })
  let failed = 0
  for (let i = 0; i < 300; i++) if ((await call(app.port, '/')).status === 503) failed++
  t.ok(failed > 60 && failed < 120, `${failed} of 300`)
})

t.test('resets and closes at each stage', async t => {
  const app = await startMisbehaving(t)
  const heard: string[] = []
  for (const told of ['reset', 'close'] as const) {
    for (const at of ['head', 'request', 'answer', 'body'] as const) {
      await app.tell({ do: told, at })
      const client = await rawClient(app.port)
      client.send(GET)
      const ending = await client.ended
      const head = client.heard.startsWith('HTTP/1.1 200') ? 'head' : 'nothing'
      heard.push(`${at}: ${head}${client.heard.endsWith('xxx') ? ' and body' : ''}, ${ending}`)
      client.socket.destroy()
    }
  }
  t.same(heard, [
    'head: nothing, reset',
    'request: nothing, reset',
    'answer: head, reset',
    'body: head and body, reset',
    'head: nothing, end',
    'request: nothing, end',
    'answer: head, end',
    'body: head and body, end',
  ])
  app.forget()
  await app.tell({ do: 'reset', at: 'connect' })
  await t.rejects(call(app.port, '/'), { code: 'ECONNRESET' })
  await app.tell({ do: 'close', at: 'connect' })
  t.equal(await (await rawClient(app.port)).ended, 'end')
  t.match(app.seen, { requests: 0, connections: 2 })
})

t.test('resets streams of HTTP/2 with a code, or the whole connection', async t => {
  const app = await startMisbehaving(t)
  await app.tell({ do: 'reset', code: 7 })
  t.equal(await over2(app.port), '0  7')
  await app.tell({ do: 'reset', at: 'body', code: 2 })
  t.equal(await over2(app.port), `200 ${'x'.repeat(1000)} 2`)
  await app.tell({ do: 'reset', whole: true })
  t.match(await over2(app.port), /^0 /)
})

t.test('hangs, trickles, and stops reading', async t => {
  const app = await startMisbehaving(t)
  await app.tell({ do: 'hang' })
  const client = await rawClient(app.port)
  client.send(GET)
  await app.until(seen => seen.running === 1)
  client.socket.destroy()
  await app.until(seen => seen.running === 0 && seen.cut === 1)
  await app.tell({ do: 'slow', headMs: 20, chunks: 3, everyMs: 5 })
  t.match(await call(app.port, '/'), { status: 200, body: 'x'.repeat(30) })
  t.equal(await over2(app.port), `200 ${'x'.repeat(30)} 0`)
  app.forget()
  await app.tell({ do: 'half-open' })
  const stuck = await rawClient(app.port)
  stuck.send(GET)
  await app.until(seen => seen.connections === 1)
  t.equal(app.seen.requests, 0)
  stuck.socket.destroy()
})

t.test('refuses, does not accept, and serves again on the same port', async t => {
  const app = await startMisbehaving(t)
  const kept = await rawClient(app.port)
  await app.tell({ do: 'refuse' })
  t.equal(await kept.ended, 'reset')
  await t.rejects(rawClient(app.port), { code: 'ECONNREFUSED' })
  await app.tell({ do: 'deaf' })
  const waiting = connect(app.port, LOOPBACK)
  t.equal(await Promise.race([new RawPeer(waiting).ended, afterMs(300)]), 'nothing', 'neither in nor refused')
  waiting.destroy()
  await app.tell({ do: 'ok' })
  t.match(await call(app.port, '/'), { status: 200 })
})

t.test('echoes, resets and hangs on TCP', async t => {
  const app = await startMisbehaving(t, { protocol: 'tcp' })
  const client = await rawClient(app.port)
  client.send('hello')
  await client.hears('hello')
  client.socket.end()
  t.equal(await client.ended, 'end')
  await app.tell({ do: 'reset', at: 'body' })
  const cut = await rawClient(app.port)
  cut.send('hello!')
  t.same([await cut.ended, cut.heard], ['reset', 'hel'])
  t.match(await app.until(seen => seen.open === 0), {
    requests: 2,
    cut: 1,
    newest: [{ bytes: 5 }, { bytes: 6 }],
  })
})

t.test('does the same in a process of its own', async t => {
  const app = await startMisbehavingProcess(t, { name: 'p1' })
  t.match(await call(app.port, '/p'), { body: 'p1 GET /p 0' })
  await app.tell({ do: 'status', status: 500 }, '/p')
  t.match(await call(app.port, '/p'), { status: 500 })
  t.match(await app.seen(), { requests: 2, byPath: { '/p': 2 } })
  await app.forget()
  t.match(await app.seen(), { requests: 0 })
})

function afterMs(ms: number): Promise<string> {
  return new Promise(resolve => setTimeout(() => resolve('nothing'), ms))
}
