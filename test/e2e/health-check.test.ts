/**
 * Health checks as an operator uses them, with real processes: applications that answer 503, hang, take no bytes, say that
 * they do not serve; panic, and panic switched off; in both dialects, on HTTP, gRPC and TCP.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { call, eventually } from '../support/lab.ts'
import { callsOf, legacyCallsOf, startPoliced } from '../support/policed.ts'
import { rawClient } from '../support/raw-sockets.ts'

const mesh = await startPoliced(t)
const { apps, ports, lab } = mesh
const TIMES = { interval: '100ms', timeout: '300ms', noTrafficInterval: '100ms' }
const http = { path: '/ready', expectedStatuses: [200] }
const eventLogPath = join(lab.dir, 'health.log')

/** Who answers twenty calls; empty where all are refused as the mesh does. */
async function whoAnswers(): Promise<string> {
  const names = new Set<string>()
  for (let count = 0; count < 20; count++) {
    const { status, body, headers } = await call(ports.api, '/')
    if (status === 200) names.add(body.split(' ')[0] ?? '')
    else names.add(String(headers['x-vmesh-reason']))
  }
  return [...names].sort().join(' ')
}
const answered = (wanted: string) => eventually(whoAnswers, names => names === wanted)

for (const [type, body] of [
  [
    'MeshHealthCheck',
    callsOf('api', { ...TIMES, unhealthyThreshold: 2, healthyThreshold: 1, eventLogPath, http }),
  ],
  ['HealthCheck', legacyCallsOf('api', { ...TIMES, unhealthyThreshold: 2, healthyThreshold: 1, http })],
] as const) {
  t.test(`${type}: who says that it is not well is not called, until it is well`, async t => {
    await mesh.put(type, body)
    await apps.api.until(seen => (seen.byPath['/ready'] ?? 0) > 0)
    const probe = apps.api.seen.newest.findLast(({ path }) => path === '/ready')
    t.match(probe, { method: 'GET', headers: { 'user-agent': 'Envoy/HC', host: 'api' } })
    await apps.api.tell({ do: 'status', status: 503 }, '/ready')
    t.equal(await answered('a2'), 'a2')
    await apps.api.tell({ do: 'ok' }, '/ready')
    t.equal(await answered('a1 a2'), 'a1 a2')
    await apps.api.tell({ do: 'hang' }, '/ready')
    t.equal(await answered('a2'), 'a2', 'whoever does not answer is not well')
    await mesh.remove(type)
    t.equal(await answered('a1 a2'), 'a1 a2', 'nobody asks any more')
    await apps.api.tell({ do: 'ok' }, '/ready')
  })
}

t.test('changes are written to the event log', async t => {
  const events = readFileSync(eventLogPath, 'utf8').trim().split('\n')
  const [first] = events.map(line => JSON.parse(line) as Record<string, string>)
  t.match(first, {
    cluster: 'api',
    health: 'unhealthy',
    reason: 'answered 503',
    policy: 'MeshHealthCheck/test',
  })
  t.ok(events.length >= 3)
})

t.test('MeshHealthCheck: where all are ill all are called, unless calls are to fail', async t => {
  for (const app of [apps.api, apps.api2]) await app.tell({ do: 'status', status: 500 }, '/ready')
  const once = { ...TIMES, unhealthyThreshold: 1, http }
  await mesh.put('MeshHealthCheck', callsOf('api', { ...once, healthyPanicThreshold: 0 }))
  t.equal(await answered('no-healthy-endpoint'), 'no-healthy-endpoint')
  const refused = await call(ports.api, '/')
  t.equal(refused.status, 503)
  t.equal(refused.body, 'no healthy upstream')
  t.equal(refused.headers['x-vmesh-policy'], 'MeshHealthCheck/test')
  await mesh.put('MeshHealthCheck', callsOf('api', once))
  t.equal(await answered('a1 a2'), 'a1 a2')
  await mesh.put('MeshHealthCheck', callsOf('api', { ...once, failTrafficOnPanic: true }))
  t.equal(await answered('no-healthy-endpoint'), 'no-healthy-endpoint')
  await mesh.remove('MeshHealthCheck')
  await answered('a1 a2')
  for (const app of [apps.api, apps.api2]) await app.tell({ do: 'ok' }, '/ready')
})

t.test('MeshHealthCheck: gRPC is asked by its own health service', async t => {
  await mesh.put(
    'MeshHealthCheck',
    callsOf('rpc', {
      ...TIMES,
      unhealthyThreshold: 1,
      healthyPanicThreshold: 0,
      grpc: { serviceName: 'shop' },
    }),
  )
  // the application echoes the question, in which the first field is a text: no SERVING
  const seen = await apps.rpc.until(one => (one.byPath['/grpc.health.v1.Health/Check'] ?? 0) > 0)
  t.match(
    seen.newest.findLast(({ path }) => path.startsWith('/grpc.health')),
    { protocol: 'grpc', method: 'POST' },
  )
  await eventually(
    () => call(ports.rpc, '/', { method: 'POST' }),
    ({ status }) => status === 503,
  )
  await mesh.remove('MeshHealthCheck')
  await eventually(
    () => call(ports.rpc, '/', { method: 'POST' }),
    ({ status }) => status === 200,
  )
})

t.test('MeshHealthCheck: TCP, with what is said and what has to come back', async t => {
  const hears = async (): Promise<string> => {
    const client = await rawClient(ports.store)
    client.socket.on('error', () => {})
    client.send('hello')
    const said = await Promise.race([
      client.ended.then(() => 'closed'),
      client.hears('hello').catch(() => 'closed'),
      new Promise<string>(resolve => setTimeout(resolve, 1000, 'nothing')),
    ])
    client.socket.destroy()
    return said
  }
  const check = (receive: string) => ({
    ...TIMES,
    unhealthyThreshold: 1,
    healthyPanicThreshold: 0,
    tcp: { send: Buffer.from('ping').toString('base64'), receive: [Buffer.from(receive).toString('base64')] },
  })
  await mesh.put('MeshHealthCheck', callsOf('store', check('ping')))
  t.equal(await hears(), 'hello', 'the application sends back what it gets')
  await mesh.put('MeshHealthCheck', callsOf('store', check('pong')))
  t.equal(await eventually(hears, text => text === 'closed'), 'closed')
  await mesh.put('MeshHealthCheck', callsOf('store', check('ping')))
  t.equal(await eventually(hears, text => text === 'hello'), 'hello')
  await apps.store.tell({ do: 'half-open' })
  t.equal(await eventually(hears, text => text === 'closed'), 'closed', 'whoever reads nothing is not well')
  await apps.store.tell({ do: 'ok' })
  await mesh.remove('MeshHealthCheck')
})
