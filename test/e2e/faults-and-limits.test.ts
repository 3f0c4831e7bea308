/**
 * Fault injection and rate limits as an operator uses them, with real processes, in both dialects, on HTTP/1.1, HTTP/2, gRPC
 * and TCP: written, seen, changed while it runs, taken away; and the retries of the calling side.
 */
import t from 'tap'
import { ECHO, grpcClient, unary } from '../support/grpc.ts'
import { type Answer, call, eventually } from '../support/lab.ts'
import { callOver2, callsOf, startPoliced } from '../support/policed.ts'
import { rawClient } from '../support/raw-sockets.ts'

const mesh = await startPoliced(t)
const { apps, ports } = mesh

const inbound = (service: string, conf: object) => ({
  targetRef: { kind: 'MeshService', name: service },
  from: [{ targetRef: { kind: 'Mesh' }, default: conf }],
})
const legacy = (service: string, conf: object, source = '*', tags = {}) => ({
  sources: [{ match: { 'kuma.io/service': source } }],
  destinations: [{ match: { 'kuma.io/service': service, ...tags } }],
  conf,
})
const sees = (path: string, isWanted: (answer: Answer) => boolean) =>
  eventually(() => call(ports.api, path), isWanted)
const asked = () => apps.api.seen.requests + apps.api2.seen.requests
const forget = () => {
  apps.api.forget()
  apps.api2.forget()
}

for (const [type, body] of [
  ['MeshFaultInjection', inbound('api', { http: [{ abort: { httpStatus: 418, percentage: 100 } }] })],
  [
    'FaultInjection',
    legacy('api', { abort: { httpStatus: 418, percentage: 100 } }, 'web', { 'kuma.io/protocol': 'http' }),
  ],
] as const) {
  t.test(`${type}: an abort answers in place of the application, until it is taken away`, async t => {
    await mesh.put(type, body)
    const answer = await sees('/', ({ status }) => status === 418)
    t.equal(answer.body, 'fault filter abort')
    t.equal(answer.headers['x-vmesh-reason'], 'fault-abort')
    t.equal(answer.headers['x-vmesh-policy'], `${type}/test`)
    await mesh.services.said(new RegExp(`"reason":"fault-abort","policy":"${type}/test"`))
    t.equal((await callOver2(ports.api, '/')).status, 418, 'HTTP/2')
    forget()
    await call(ports.api, '/')
    t.equal(asked(), 0, 'the application was not asked')
    await mesh.remove(type)
    await sees('/', ({ status }) => status === 200)
  })
}

t.test('MeshFaultInjection: a delay and an abort in one, and a client that it is not for', async t => {
  const at = performance.now()
  await mesh.put(
    'MeshFaultInjection',
    inbound('api', {
      http: [{ delay: { value: '300ms', percentage: 100 }, abort: { httpStatus: 503, percentage: '100' } }],
    }),
  )
  await sees('/', ({ status }) => status === 503)
  t.ok(performance.now() - at >= 300, 'not before its time')
  await mesh.put('MeshFaultInjection', {
    targetRef: { kind: 'MeshService', name: 'api' },
    from: [
      {
        targetRef: { kind: 'MeshService', name: 'others' },
        default: { http: [{ abort: { httpStatus: 503, percentage: 100 } }] },
      },
    ],
  })
  t.equal((await sees('/', ({ status }) => status === 200)).status, 200)
  await mesh.remove('MeshFaultInjection')
})

t.test('MeshFaultInjection: an injected 503 is tried again like any other', async t => {
  await mesh.put(
    'MeshFaultInjection',
    inbound('api', { http: [{ abort: { httpStatus: 503, percentage: 50 } }] }),
  )
  await mesh.put('MeshRetry', callsOf('api', { http: { numRetries: 20, backOff: { baseInterval: '1ms' } } }))
  await eventually(
    async () => {
      // one after the other: only three calls may be made again at once
      for (let count = 0; count < 20; count++) {
        if ((await call(ports.api, '/')).status !== 200) return false
      }
      return true
    },
    isWell => isWell,
  )
  t.pass('calls survive')
  await mesh.remove('MeshRetry')
  await mesh.remove('MeshFaultInjection')
})

t.test('MeshFaultInjection: a response goes no faster than it may', async t => {
  const chunk = { do: 'slow', chunks: 1, chunkBytes: 50_000 } as const
  await Promise.all([apps.api.tell(chunk), apps.api2.tell(chunk)])
  await mesh.put(
    'MeshFaultInjection',
    inbound('api', { http: [{ responseBandwidth: { limit: '100kbps', percentage: 100 } }] }),
  )
  const slow = await eventually(
    async () => {
      const at = performance.now()
      const { body } = await call(ports.api, '/')
      return { ms: performance.now() - at, length: body.length }
    },
    ({ ms }) => ms >= 400,
  )
  t.equal(slow.length, 50_000, 'all of it')
  await mesh.remove('MeshFaultInjection')
  await Promise.all([apps.api.tell({ do: 'ok' }), apps.api2.tell({ do: 'ok' })])
})

t.test('MeshFaultInjection: gRPC gets a status of its own', async t => {
  await mesh.put(
    'MeshFaultInjection',
    inbound('rpc', { http: [{ abort: { httpStatus: 403, percentage: 100 } }] }),
  )
  const client = grpcClient(t, ports.rpc)
  const { error } = await eventually(
    () => unary(client, ECHO.unary, Buffer.from('x')),
    outcome => outcome.error !== null,
  )
  t.equal(error?.code, 7, 'PERMISSION_DENIED')
  await mesh.remove('MeshFaultInjection')
})

const rate = (num: number) => ({
  local: {
    http: {
      requestRate: { num, interval: '60s' },
      onRateLimit: { status: 423, headers: { set: [{ name: 'x-limited', value: 'yes' }] } },
    },
    tcp: { connectionRate: { num, interval: '60s' } },
  },
})

t.test('MeshRateLimit: so many requests pass, the others are answered as it says', async t => {
  await mesh.put('MeshRateLimit', inbound('api', rate(3)))
  const limited = await sees('/', ({ status }) => status === 423)
  t.equal(limited.body, 'local_rate_limited')
  t.equal(limited.headers['x-limited'], 'yes')
  t.equal(limited.headers['x-vmesh-reason'], 'rate-limited')
  t.equal(limited.headers['x-vmesh-policy'], 'MeshRateLimit/test')
  await mesh.put('MeshRateLimit', inbound('api', { local: { http: { disabled: true } } }))
  await eventually(
    async () =>
      (await Promise.all(Array.from({ length: 10 }, () => call(ports.api, '/')))).every(
        one => one.status === 200,
      ),
    isWell => isWell,
  )
  await mesh.remove('MeshRateLimit')
})

t.test('RateLimit: by source, each instance has a bucket of its own', async t => {
  await mesh.put('RateLimit', legacy('api', { http: { requests: 5, interval: '60s' } }, 'web'))
  await sees('/', ({ status }) => status === 429)
  // each of the two endpoints has its own bucket: with all tokens of both used up, all calls are refused
  await eventually(
    async () =>
      (await Promise.all(Array.from({ length: 10 }, () => call(ports.api, '/')))).every(
        one => one.status === 429,
      ),
    isOver => isOver,
  )
  await mesh.put('RateLimit', legacy('api', { http: { requests: 5, interval: '60s' } }, 'others'))
  t.equal((await sees('/', ({ status }) => status === 200)).status, 200)
  await mesh.remove('RateLimit')
})

t.test('MeshRateLimit: TCP connections that are too many are closed without a byte', async t => {
  const heard = async (): Promise<string> => {
    const client = await rawClient(ports.store)
    client.socket.on('error', () => {})
    client.send('hello')
    await Promise.race([client.ended, client.hears('hello').catch(() => '')])
    client.socket.destroy()
    return client.heard
  }
  t.equal(await heard(), 'hello')
  await mesh.put('MeshRateLimit', inbound('store', rate(2)))
  t.equal(await eventually(heard, text => text === ''), '')
  await mesh.remove('MeshRateLimit')
  t.equal(await eventually(heard, text => text === 'hello'), 'hello')
})
