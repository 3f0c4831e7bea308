/** gRPC through both data planes: a real client and a real server of @grpc/grpc-js at the ends. */
import { once } from 'node:events'
import t from 'tap'
import { startPair } from '../../support/engine-pair.ts'
import { asIs, ECHO, grpcClient, grpcServer, Metadata, status, unary } from '../../support/grpc.ts'
import { freePorts } from '../../support/ports.ts'
import { DENY_ALL } from '../../support/snapshots.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

async function started(t: Teardown) {
  const server = await grpcServer(t)
  const pair = await startPair(t, { appPort: server.port, protocol: 'http2' })
  return { server, pair, client: grpcClient(t, pair.outPort) }
}

t.test('unary calls: message, metadata both ways, trailers', async t => {
  const { client } = await started(t)
  const metadata = new Metadata()
  metadata.set('x-mine', 'yes')
  const { error, value, head, trailer } = await unary(client, ECHO.unary, Buffer.from('hello'), metadata)
  t.equal(error, null)
  t.equal(value?.toString(), 'hello')
  t.same(head?.get('x-seen'), ['yes'])
  t.same(trailer?.get('x-last'), ['word'])
})

t.test('errors as trailers alone keep their code and their words', async t => {
  const { client } = await started(t)
  const { error } = await unary(client, ECHO.fail, Buffer.from('x'))
  t.match(error, { code: status.NOT_FOUND, details: 'no such thing: ü' })
})

t.test('large messages, many at a time', async t => {
  const { client } = await started(t)
  const sizes = [1, 16_383, 16_384, 65_535, 1_000_000, 5_000_000]
  const outcomes = await Promise.all(
    sizes.map(size => unary(client, ECHO.unary, Buffer.alloc(size, size % 251))),
  )
  t.same(
    outcomes.map(({ value }) => value?.length),
    sizes,
  )
  t.ok(outcomes.every(({ value }, index) => value?.every(byte => byte === (sizes[index] ?? 0) % 251)))
})

t.test('streams of the server, of the client, and both ways at once', async t => {
  const { client } = await started(t)
  const counted: number[] = []
  const count = client.makeServerStreamRequest(ECHO.count.path, asIs, asIs, Buffer.alloc(200))
  count.on('data', (message: Buffer) => counted.push(message[0] ?? -1))
  await once(count, 'end')
  t.same(
    counted,
    Array.from({ length: 200 }, (_, i) => i),
  )
  const sum = await new Promise<Buffer | undefined>((resolve, reject) => {
    const call = client.makeClientStreamRequest(ECHO.sum.path, asIs, asIs, (error, value) =>
      error === null ? resolve(value) : reject(error),
    )
    for (let i = 0; i < 300; i++) call.write(Buffer.alloc(i))
    call.end()
  })
  t.equal(sum?.toString(), String((299 * 300) / 2))
  const talk = client.makeBidiStreamRequest(ECHO.talk.path, asIs, asIs)
  for (const word of ['one', 'two', 'three']) {
    talk.write(Buffer.from(word))
    const [heard] = await once(talk, 'data')
    t.equal(String(heard), word)
  }
  talk.end()
  await once(talk, 'status')
})

t.test('a deadline and a cancellation reach the server', async t => {
  const { client, server } = await started(t)
  const late = client.makeBidiStreamRequest(ECHO.talk.path, asIs, asIs, { deadline: Date.now() + 200 })
  late.on('error', () => {})
  late.write(Buffer.from('x'))
  const ended = new Promise<number>(resolve => late.on('status', ({ code }) => resolve(code)))
  t.equal(await ended, status.DEADLINE_EXCEEDED)
  const talk = client.makeBidiStreamRequest(ECHO.talk.path, asIs, asIs)
  talk.on('error', () => {})
  talk.write(Buffer.from('x'))
  await once(talk, 'data')
  talk.cancel()
  while (server.cancelled() < 2) await new Promise(setImmediate)
  t.pass('both calls have ended there')
})

t.test('what the mesh refuses has the code that a client of gRPC expects', async t => {
  const { client, pair } = await started(t)
  await pair.changeInbound({ permission: DENY_ALL, protocol: 'http2' })
  const denied = await unary(client, ECHO.unary, Buffer.from('x'))
  t.match(denied.error, { code: status.PERMISSION_DENIED })
  t.same(denied.trailer?.get('x-vmesh-reason'), ['permission-denied'])
  const [dead = 0] = await freePorts(1)
  const other = await startPair(t, { appPort: dead, protocol: 'http2' })
  const gone = await unary(grpcClient(t, other.outPort), ECHO.unary, Buffer.from('x'))
  t.match(gone.error, { code: status.UNAVAILABLE })
})
