/**
 * Timeouts and retries as an operator uses them, with real processes and applications that are slow, hang, reset and fail:
 * written, seen on HTTP/1.1, HTTP/2, gRPC and TCP, changed while it runs, taken away, in both dialects.
 */
import t from 'tap'
import { ECHO, grpcClient, unary } from '../support/grpc.ts'
import { call, eventually } from '../support/lab.ts'
import { callOver2, callsOf, legacyCallsOf, startPoliced } from '../support/policed.ts'
import { rawClient } from '../support/raw-sockets.ts'

const mesh = await startPoliced(t)
const { apps, ports } = mesh
const both = [apps.api, apps.api2]

async function tellApi(behaviour: Parameters<typeof apps.api.tell>[0]): Promise<void> {
  for (const app of both) {
    await app.tell(behaviour)
    app.forget()
  }
}

const asked = () => both.reduce((sum, app) => sum + app.seen.requests, 0)
const reason = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => headers['x-vmesh-reason']

for (const [type, conf] of [
  ['MeshTimeout', callsOf('api', { http: { requestTimeout: '200ms' } })],
  ['Timeout', legacyCallsOf('api', { http: { requestTimeout: '200ms' } })],
] as const) {
  t.test(`${type}: a request may take no longer, until it may`, async t => {
    await tellApi({ do: 'slow', headMs: 600 })
    await mesh.put(type, conf)
    const late = await eventually(
      () => call(ports.api, '/'),
      ({ status }) => status === 504,
    )
    t.equal(late.body, 'upstream request timeout')
    t.equal(late.headers['x-vmesh-reason'], 'request-timeout')
    t.equal(late.headers['x-vmesh-policy'], `${type}/test`)
    t.equal((await callOver2(ports.api, '/')).status, 504, 'HTTP/2')
    await mesh.put(type, JSON.parse(JSON.stringify(conf).replace('200ms', '10s')) as object)
    await eventually(
      () => call(ports.api, '/'),
      ({ status }) => status === 200,
    )
    await mesh.remove(type)
    t.equal((await call(ports.api, '/')).status, 200)
    await tellApi({ do: 'ok' })
  })
}

t.test('MeshTimeout: gRPC is told of it in its own words', async t => {
  await apps.rpc.tell({ do: 'hang' })
  await mesh.put('MeshTimeout', callsOf('rpc', { http: { requestTimeout: '200ms' } }))
  const client = grpcClient(t, ports.rpc)
  const { error } = await eventually(
    () => unary(client, ECHO.unary, Buffer.from('x')),
    outcome => outcome.error !== null,
  )
  t.match(error?.details, /request-timeout|upstream request timeout/)
  await apps.rpc.tell({ do: 'ok' })
  await mesh.remove('MeshTimeout')
  await eventually(
    () => unary(client, ECHO.unary, Buffer.from('x')),
    ({ value }) => String(value) === 'x',
  )
})

t.test('MeshTimeout of the called side: a slow application is answered for', async t => {
  await tellApi({ do: 'slow', headMs: 600 })
  await mesh.put('MeshTimeout', {
    targetRef: { kind: 'MeshService', name: 'api' },
    from: [{ targetRef: { kind: 'Mesh' }, default: { http: { requestTimeout: '200ms' } } }],
  })
  const late = await eventually(
    () => call(ports.api, '/'),
    ({ status }) => status === 504,
  )
  t.equal(reason(late), 'request-timeout')
  t.ok(late.headers['x-vmesh-policy'] === 'MeshTimeout/test')
  await mesh.remove('MeshTimeout')
  await tellApi({ do: 'ok' })
})

t.test('MeshTimeout of the called side, for one client by its identity', async t => {
  await tellApi({ do: 'slow', headMs: 600 })
  const times = (value: string) => ({
    targetRef: { kind: 'MeshService', name: 'api' },
    rules: [
      {
        matches: [{ spiffeID: { type: 'Exact', value } }],
        default: { http: { requestTimeout: '200ms' } },
      },
    ],
  })
  await mesh.put('MeshTimeout', times('spiffe://default/web'))
  const late = await eventually(
    () => call(ports.api, '/'),
    ({ status }) => status === 504,
  )
  t.equal(late.headers['x-vmesh-policy'], 'MeshTimeout/test')
  await mesh.put('MeshTimeout', times('spiffe://default/others'))
  t.equal(
    (
      await eventually(
        () => call(ports.api, '/'),
        ({ status }) => status === 200,
      )
    ).status,
    200,
  )
  await mesh.remove('MeshTimeout')
  await tellApi({ do: 'ok' })
})

t.test('MeshTimeout and MeshRetry for the requests of a route', async t => {
  const route = { kind: 'MeshHTTPRoute', name: 'slow' }
  const to = (targetRef: object, conf: object) => ({
    targetRef: { kind: 'MeshService', name: 'web' },
    to: [{ targetRef, default: conf }],
  })
  await mesh.put(
    'MeshHTTPRoute',
    {
      targetRef: { kind: 'MeshService', name: 'web' },
      to: [
        {
          targetRef: { kind: 'MeshService', name: 'api' },
          rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/slow' } }], default: {} }],
        },
      ],
    },
    'slow',
  )
  await tellApi({ do: 'slow', headMs: 600 })
  await mesh.put('MeshTimeout', to(route, { http: { requestTimeout: '200ms' } }))
  await eventually(
    () => call(ports.api, '/slow'),
    ({ status }) => status === 504,
  )
  t.equal((await call(ports.api, '/other')).status, 200, 'other requests have their time')
  await mesh.remove('MeshTimeout')
  await tellApi({ do: 'status', status: 503 })
  await mesh.put(
    'MeshRetry',
    to(route, { http: { numRetries: 3, retryOn: ['5xx'], backOff: { baseInterval: '1ms' } } }),
  )
  const tries = async (path: string): Promise<number> => {
    for (const app of both) app.forget()
    await call(ports.api, path)
    return asked()
  }
  t.equal(
    await eventually(
      () => tries('/slow'),
      count => count === 4,
    ),
    4,
  )
  t.equal(await tries('/other'), 1)
  await mesh.remove('MeshRetry')
  await mesh.remove('MeshHTTPRoute', 'slow')
  await tellApi({ do: 'ok' })
})

t.test('MeshTimeout: a TCP connection without a byte ends', async t => {
  await mesh.put('MeshTimeout', callsOf('store', { idleTimeout: '500ms' }))
  await eventually(
    async () => {
      const client = await rawClient(ports.store)
      client.socket.on('error', () => {})
      client.send('hello')
      await client.hears('hello')
      return Promise.race([client.ended, new Promise(resolve => setTimeout(resolve, 3000, 'alive'))])
    },
    ending => ending !== 'alive',
  )
  t.pass('it was ended')
  await mesh.remove('MeshTimeout')
})

for (const [type, conf] of [
  ['MeshRetry', callsOf('api', { http: { numRetries: 3, backOff: { baseInterval: '1ms' } } })],
  ['Retry', legacyCallsOf('api', { http: { numRetries: 3, backOff: { baseInterval: '0.001s' } } })],
] as const) {
  t.test(`${type}: failures of the application are tried again, others are not`, async t => {
    await tellApi({ do: 'status', status: 503 })
    t.equal((await call(ports.api, '/')).status, 503)
    t.equal(asked(), 1, 'without a policy once')
    await mesh.put(type, conf)
    await eventually(
      async () => {
        for (const app of both) app.forget()
        await call(ports.api, '/')
        return asked()
      },
      count => count === 4,
    )
    for (const app of both) app.forget()
    t.equal((await callOver2(ports.api, '/')).status, 503, 'HTTP/2')
    t.equal(asked(), 4)
    await tellApi({ do: 'status', status: 500 })
    await call(ports.api, '/')
    t.equal(asked(), 1, 'a 500 is none of the default conditions')
    for (const behaviour of [{ do: 'reset' }, { do: 'close' }] as const) {
      await tellApi({ do: 'sequence', steps: [behaviour, { do: 'ok' }] })
      t.equal((await call(ports.api, '/', { method: 'POST', body: 'b' })).status, 200, behaviour.do)
    }
    await mesh.remove(type)
    await tellApi({ do: 'status', status: 503 })
    await eventually(
      async () => {
        for (const app of both) app.forget()
        await call(ports.api, '/')
        return asked()
      },
      count => count === 1,
    )
    await tellApi({ do: 'ok' })
  })
}

t.test('MeshRetry: one endpoint of two that fails is not noticed', async t => {
  await mesh.put('MeshRetry', callsOf('api', { http: { numRetries: 1, backOff: { baseInterval: '1ms' } } }))
  await apps.api.tell({ do: 'refuse' })
  let calls = 0
  await eventually(
    async () => {
      calls = (await call(ports.api, '/')).status === 200 ? calls + 1 : 0
      return calls
    },
    row => row === 30,
  )
  t.equal(calls, 30)
  await apps.api.tell({ do: 'ok' })
  await mesh.remove('MeshRetry')
})

t.test('MeshRetry: a gRPC status is tried again', async t => {
  await apps.rpc.tell({ do: 'grpc', status: 14 })
  apps.rpc.forget()
  const client = grpcClient(t, ports.rpc)
  t.equal((await unary(client, ECHO.unary, Buffer.from('x'))).error?.code, 14)
  t.equal(apps.rpc.seen.requests, 1)
  await mesh.put('MeshRetry', callsOf('rpc', { grpc: { numRetries: 2, retryOn: ['Unavailable'] } }))
  await eventually(
    async () => {
      apps.rpc.forget()
      await unary(client, ECHO.unary, Buffer.from('x'))
      return apps.rpc.seen.requests
    },
    count => count === 3,
  )
  await apps.rpc.tell({ do: 'ok' })
  await mesh.remove('MeshRetry')
})
