/**
 * The policies whose words differ by protocol, over HTTP/2 and gRPC with real processes: configured, seen, changed while they
 * run, taken away. Their tests over HTTP/1.1 and TCP are beside this one.
 */
import t from 'tap'
import { ECHO, grpcClient, status, unary } from '../support/grpc.ts'
import { eventually } from '../support/lab.ts'
import { callOver2, callsOf, startPoliced } from '../support/policed.ts'

const mesh = await startPoliced(t)
const { apps, ports } = mesh
const client = grpcClient(t, ports.rpc)

/** Code of gRPC; 0: the message came back. */
async function code(): Promise<number> {
  const { error, value } = await unary(client, ECHO.unary, Buffer.from('x'))
  if (error === null && String(value) !== 'x') throw new Error('another message came back')
  return error?.code ?? 0
}
const becomes = (wanted: number) => eventually(code, one => one === wanted)
const over2 = (wanted: number) =>
  eventually(
    () => callOver2(ports.api, '/'),
    answer => answer.status === wanted,
  )
/** A policy for all clients of a service. */
const inbound = (service: string, conf: object) => ({
  targetRef: { kind: 'MeshService', name: service },
  from: [{ targetRef: { kind: 'Mesh' }, default: conf }],
})
const again = {
  targetRef: { kind: 'Mesh' },
  from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }],
}

t.test('MeshTrafficPermission', async t => {
  t.equal(await becomes(status.OK), status.OK)
  await mesh.remove('MeshTrafficPermission', 'allow-all-default')
  t.equal(await becomes(status.PERMISSION_DENIED), status.PERMISSION_DENIED)
  t.equal((await over2(403)).headers['x-vmesh-reason'], 'permission-denied')
  await mesh.put('MeshTrafficPermission', again)
  t.equal(await becomes(status.OK), status.OK)
  await over2(200)
})

t.test('MeshRateLimit', async t => {
  const local = { http: { requestRate: { num: 2, interval: '60s' } } }
  await mesh.put('MeshRateLimit', inbound('rpc', { local }), 'rpc')
  await mesh.put('MeshRateLimit', inbound('api', { local }), 'api')
  t.equal(await becomes(status.UNAVAILABLE), status.UNAVAILABLE, 'as Envoy has it: 429 is UNAVAILABLE')
  t.match((await over2(429)).headers, {
    'x-vmesh-reason': 'rate-limited',
    'x-vmesh-policy': 'MeshRateLimit/api',
  })
  await mesh.put('MeshRateLimit', inbound('rpc', { local: { http: { disabled: true } } }), 'rpc')
  t.equal(await becomes(status.OK), status.OK)
  await mesh.remove('MeshRateLimit', 'rpc')
  await mesh.remove('MeshRateLimit', 'api')
  await over2(200)
})

t.test('MeshCircuitBreaker: limits', async t => {
  const limit = (maxRequests: number) => callsOf('rpc', { connectionLimits: { maxRequests } })
  await mesh.put('MeshCircuitBreaker', limit(1))
  await apps.rpc.tell({ do: 'hang' })
  apps.rpc.forget()
  const first = unary(client, ECHO.unary, Buffer.from('x'))
  await apps.rpc.until(({ requests }) => requests > 0)
  // one that gets through before the limit acts has no answer
  const { error } = await eventually(
    () => unary(client, ECHO.unary, Buffer.from('x'), undefined, 500),
    outcome => outcome.error?.code === status.UNAVAILABLE,
  )
  t.match(error?.details, /overflow/)
  await mesh.remove('MeshCircuitBreaker')
  // which ends the call that hangs
  await apps.rpc.tell({ do: 'refuse' })
  await first
  await apps.rpc.tell({ do: 'ok' })
  t.equal(await becomes(status.OK), status.OK)
})

t.test('MeshCircuitBreaker: an endpoint that fails is taken out', async t => {
  const outlierDetection = {
    healthyPanicThreshold: 0,
    maxEjectionPercent: 100,
    baseEjectionTime: '1h',
    detectors: { totalFailures: { consecutive: 3 } },
  }
  await mesh.put('MeshCircuitBreaker', callsOf('rpc', { outlierDetection }))
  await apps.rpc.tell({ do: 'status', status: 503 })
  const { error } = await eventually(
    () => unary(client, ECHO.unary, Buffer.from('x')),
    outcome => /no healthy upstream/.test(outcome.error?.details ?? ''),
  )
  t.equal(error?.code, status.UNAVAILABLE)
  await apps.rpc.tell({ do: 'ok' })
  await mesh.remove('MeshCircuitBreaker')
  t.equal(await becomes(status.OK), status.OK, 'without the policy nobody is out')
})

t.test('MeshRetry: a status of gRPC', async t => {
  await apps.rpc.tell({ do: 'sequence', steps: [{ do: 'grpc', status: status.UNAVAILABLE }, { do: 'ok' }] })
  t.equal(await code(), status.UNAVAILABLE)
  const grpc = { numRetries: 2, retryOn: ['Unavailable'], backOff: { baseInterval: '1ms' } }
  await mesh.put('MeshRetry', callsOf('rpc', { grpc }))
  const isRetried = async (): Promise<number> => {
    await apps.rpc.tell({ do: 'sequence', steps: [{ do: 'grpc', status: status.UNAVAILABLE }, { do: 'ok' }] })
    return code()
  }
  t.equal(await eventually(isRetried, one => one === status.OK), status.OK)
  await mesh.remove('MeshRetry')
  t.equal(await eventually(isRetried, one => one !== status.OK), status.UNAVAILABLE)
  await apps.rpc.tell({ do: 'ok' })
})
