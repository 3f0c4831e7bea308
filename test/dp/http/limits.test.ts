/** Limits of HTTP/1.1 connections that other tests do not name, each at its edge. */
import t from 'tap'
import type { Limits } from '../../../dp/codec/limits.ts'
import { anEngine, mustApply, startPair } from '../../support/engine-pair.ts'
import { eventually } from '../../support/lab.ts'
import { freePorts } from '../../support/ports.ts'
import { fieldOf, httpResponder, ok, rawClient, rawServer } from '../../support/raw-sockets.ts'
import { aCluster, anOutbound } from '../../support/snapshots.ts'

const KIB = 1024
const START = 'GET / HTTP/1.1\r\nhost: b\r\n'

/** Port of one hop in front of the application. */
async function hopTo(
  t: Parameters<typeof anEngine>[0],
  appPort: number | null,
  limits: Partial<Limits>,
): Promise<number> {
  const [port = 0] = await freePorts(1)
  const engine = anEngine(t, limits)
  await mustApply(engine, {
    listeners: [anOutbound(port, 'app')],
    clusters: [aCluster('app', appPort === null ? [] : [appPort], { tls: null })],
  })
  return port
}

async function statusOf(port: number, request: string): Promise<string> {
  const client = await rawClient(port)
  client.send(request)
  await client.hears('\r\n\r\n')
  client.socket.destroy()
  return client.heard.slice(9, 12)
}

t.test('maxHeadBytes: a head with its blank line', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const port = await hopTo(t, app.port, { maxHeadBytes: KIB })
  const request = (bytes: number): string => {
    const head = `${START}x: `
    return `${head}${'v'.repeat(bytes - head.length - 4)}\r\n\r\n`
  }
  t.equal(await statusOf(port, request(KIB)), '200')
  t.equal(await statusOf(port, request(KIB + 1)), '431')
})

t.test('maxFields: fields of a head', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const port = await hopTo(t, app.port, { maxFields: 3 })
  t.equal(await statusOf(port, `${START}a: 1\r\nb: 2\r\n\r\n`), '200')
  t.equal(await statusOf(port, `${START}a: 1\r\nb: 2\r\nc: 3\r\n\r\n`), '431')
})

t.test('maxDiscardBytes: what is read and dropped to keep a connection', async t => {
  const port = await hopTo(t, null, { maxDiscardBytes: 1000 })
  for (const [length, isKept] of [
    [1000, true],
    [1001, false],
  ] as const) {
    const client = await rawClient(port)
    client.send(`POST / HTTP/1.1\r\nhost: b\r\ncontent-length: ${length}\r\n\r\n`)
    await client.hears('\r\n\r\n')
    t.match(client.heard, /^HTTP\/1\.1 503 /)
    t.equal(fieldOf(client.heard, 'connection'), isKept ? '' : 'close', `${length} bytes to come`)
    if (isKept) {
      client.send(`${'x'.repeat(length)}${START}\r\n`)
      await eventually(
        async () => client.heard.match(/HTTP\/1\.1 503 /g)?.length,
        count => count === 2,
      )
    }
    client.socket.destroy()
  }
})

t.test('maxPipelinedBytes: who sends many requests at once is read as they are answered', async t => {
  const app = await rawServer()
  t.teardown(app.close)
  const port = await hopTo(t, app.port, { maxPipelinedBytes: KIB })
  const client = await rawClient(port)
  const request = `${START}x: ${'v'.repeat(50 * KIB)}\r\n\r\n`
  const count = 600
  for (let n = 0; n < count; n++) client.send(request)
  const upstream = await app.peer(0)
  await upstream.hears('\r\n\r\n')
  const { socket } = client
  let waiting = -1
  await eventually(
    async () => {
      const isSame = waiting === socket.writableLength
      waiting = socket.writableLength
      return isSame
    },
    isSame => isSame,
  )
  t.ok(waiting > 10 * KIB * KIB, `${waiting} bytes are not taken, of ${request.length * count}`)
  t.equal(upstream.heard.split('\r\n\r\n').length, 2, 'one request runs')
  client.socket.destroy()
})

t.test('localIdleMs: an idle connection to the application', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  const [short, long] = [
    await hopTo(t, app.port, { localIdleMs: 20 }),
    await hopTo(t, app.port, { localIdleMs: 3_600_000 }),
  ]
  t.equal(await statusOf(long, `${START}\r\n`), '200')
  t.equal(await statusOf(short, `${START}\r\n`), '200')
  await (await app.peer(1)).ended
  t.equal((await app.peer(0)).socket.destroyed, false)
})

t.test('meshIdleMs: an idle connection to another data plane', async t => {
  const app = await httpResponder(() => ok('served'))
  t.teardown(app.close)
  for (const [meshIdleMs, isKept] of [
    [20, false],
    [3_600_000, true],
  ] as const) {
    const pair = await startPair(t, { appPort: app.port, limits: { meshIdleMs } })
    t.equal(await statusOf(pair.outPort, `${START}\r\n`), '200')
    await eventually(
      async () => pair.backend.status().inbounds[0]?.connections ?? -1,
      count => count > 0 === isKept,
    )
  }
})
