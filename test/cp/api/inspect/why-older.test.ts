/** `_why` of the older policies: named where they act, and for what is left to them beside those with a targetRef. */
import t from 'tap'
import { dataplaneBody, startInspected } from '../../../support/inspected-mesh.ts'

const { put, remove, json } = await startInspected(t)
await put('dataplanes/web-1', 'Dataplane', dataplaneBody('web', { calls: ['backend'] }))
await put('dataplanes/backend-1', 'Dataplane', dataplaneBody('backend', { address: '192.168.0.2' }))

const everybody = [{ match: { 'kuma.io/service': '*' } }]
const to = (service: string) => [{ match: { 'kuma.io/service': service } }]
const callsOfBackend = { sources: everybody, destinations: to('backend') }

interface Shown {
  readonly type: string
  readonly clients?: object
  readonly match?: unknown
  readonly values: readonly { readonly path: string; readonly value: unknown; readonly policy: string }[]
}

/** Per policy type: `FIELD VALUE POLICY`, in front of it for whom where not for all. */
async function said(part: 'inbounds' | 'outbounds' | 'destinations'): Promise<Record<string, string[]>> {
  const why = (await json('dataplanes/web-1/_why')) as Record<
    typeof part,
    readonly { readonly policies: readonly Shown[] }[]
  >
  const lines: Record<string, string[]> = {}
  for (const { type, clients, match, values } of why[part][0]?.policies ?? []) {
    const whom = JSON.stringify(match ?? clients ?? '')
    lines[type] ??= []
    for (const { path, value, policy } of values)
      lines[type].push(`${whom === '""' ? '' : `${whom} `}${path} ${JSON.stringify(value)} ${policy}`)
  }
  return lines
}

t.test('a Timeout and a Retry are named until a newer policy speaks of the service', async t => {
  await put('timeouts/old', 'Timeout', { ...callsOfBackend, conf: { http: { requestTimeout: '3s' } } })
  await put('retries/old', 'Retry', { ...callsOfBackend, conf: { http: { numRetries: 4 } } })
  t.match(await said('outbounds'), {
    Timeout: ['http.requestTimeout "3s" old'],
    Retry: ['http.numRetries 4 old'],
  })
  const spec = (conf: object) => ({ spec: { to: [{ targetRef: { kind: 'Mesh' }, default: conf }] } })
  await put('meshtimeouts/new', 'MeshTimeout', spec({ http: { requestTimeout: '2s' } }))
  await put('meshretries/new', 'MeshRetry', spec({ http: { numRetries: 1 } }))
  const now = await said('outbounds')
  t.same([now['Timeout'], now['Retry']], [undefined, undefined], 'they have no say any more')
  t.match(now, { MeshTimeout: ['http.requestTimeout "2s" new'], MeshRetry: ['http.numRetries 1 new'] })
  for (const path of ['meshtimeouts/new', 'meshretries/new', 'timeouts/old', 'retries/old'])
    await remove(path)
  t.same(await said('outbounds'), {})
})

t.test('a CircuitBreaker is named for what a MeshCircuitBreaker leaves to it', async t => {
  const conf = { thresholds: { maxRetries: 5 }, detectors: { totalErrors: { consecutive: 3 } } }
  await put('circuit-breakers/old', 'CircuitBreaker', { ...callsOfBackend, conf })
  const detector = 'detectors.totalErrors.consecutive 3 old'
  const limit = 'thresholds.maxRetries 5 old'
  t.same([...((await said('outbounds'))['CircuitBreaker'] ?? [])].sort(), [detector, limit])
  const newer = (breaker: object) =>
    put('meshcircuitbreakers/new', 'MeshCircuitBreaker', {
      spec: { to: [{ targetRef: { kind: 'Mesh' }, default: breaker }] },
    })
  await newer({ connectionLimits: { maxRetries: 9 } })
  t.same((await said('outbounds'))['CircuitBreaker'], [detector], 'its limits are said by the other')
  const detectors = { totalFailures: { consecutive: 9 } }
  await newer({ outlierDetection: { detectors } })
  t.same((await said('outbounds'))['CircuitBreaker'], [limit], 'its detectors are said by the other')
  await newer({ outlierDetection: { disabled: true, detectors } })
  t.same((await said('outbounds'))['CircuitBreaker']?.length, 2, 'who is disabled leaves it as it is')
  await newer({ connectionLimits: { maxRetries: 9 }, outlierDetection: { detectors } })
  t.same((await said('outbounds'))['CircuitBreaker'], undefined, 'nothing is left')
  await remove('meshcircuitbreakers/new')
  await remove('circuit-breakers/old')
})

t.test('a HealthCheck probes beside a MeshHealthCheck, whose word on panic goes first', async t => {
  const times = { interval: '5s', timeout: '1s', unhealthyThreshold: 2, healthyThreshold: 1 }
  await put('health-checks/old', 'HealthCheck', {
    ...callsOfBackend,
    conf: { ...times, healthyPanicThreshold: 20, failTrafficOnPanic: true, tcp: {} },
  })
  await put('meshhealthchecks/new', 'MeshHealthCheck', {
    spec: { to: [{ targetRef: { kind: 'Mesh' }, default: { interval: '9s', http: { path: '/up' } } }] },
  })
  const fields = async () => (await said('outbounds'))['HealthCheck']?.map(line => line.split(' ')[0]).sort()
  const probe = ['healthyThreshold', 'interval', 'tcp', 'timeout', 'unhealthyThreshold']
  t.same(await fields(), ['failTrafficOnPanic', 'healthyPanicThreshold', ...probe].sort())
  await put('meshcircuitbreakers/new', 'MeshCircuitBreaker', {
    spec: {
      to: [
        {
          targetRef: { kind: 'Mesh' },
          default: {
            outlierDetection: { healthyPanicThreshold: 7, detectors: { totalFailures: { consecutive: 9 } } },
          },
        },
      ],
    },
  })
  t.same(await fields(), ['failTrafficOnPanic', ...probe].sort())
  await put('meshhealthchecks/new', 'MeshHealthCheck', {
    spec: { to: [{ targetRef: { kind: 'Mesh' }, default: { healthyPanicThreshold: 8, http: {} } }] },
  })
  t.same(await fields(), probe)
  for (const path of ['meshhealthchecks/new', 'meshcircuitbreakers/new', 'health-checks/old'])
    await remove(path)
})

t.test('on an inbound that an older policy limits or disturbs, the newer kind has no say', async t => {
  const destinations = [{ match: { 'kuma.io/service': 'web', 'kuma.io/protocol': 'http' } }]
  const onWeb = { sources: to('backend'), destinations }
  await put('meshratelimits/new', 'MeshRateLimit', {
    spec: { rules: [{ default: { local: { http: { requestRate: { num: 3, interval: '1s' } } } } }] },
  })
  t.match(await said('inbounds'), { MeshRateLimit: [/^local\.http\.requestRate\.num 3 new$/, /interval/] })
  await put('rate-limits/old', 'RateLimit', { ...onWeb, conf: { http: { requests: 7, interval: '1s' } } })
  await put('fault-injections/old', 'FaultInjection', {
    ...onWeb,
    conf: { abort: { httpStatus: 503, percentage: 10 } },
  })
  const now = await said('inbounds')
  t.equal(now['MeshRateLimit'], undefined)
  const whom = '{"kuma.io/service":"backend"}'
  t.match(now['RateLimit']?.[0], `${whom} http.requests 7 old`)
  t.same(now['FaultInjection']?.toSorted(), [
    `${whom} abort.httpStatus 503 old`,
    `${whom} abort.percentage 10 old`,
  ])
  for (const path of ['meshratelimits/new', 'rate-limits/old', 'fault-injections/old']) await remove(path)
})

t.test('requests of a route have what is said of that route, named with its matches', async t => {
  const matches = [{ path: { type: 'PathPrefix', value: '/slow' } }]
  const backend = { kind: 'MeshService', name: 'backend' }
  await put('meshhttproutes/slow', 'MeshHTTPRoute', {
    spec: { to: [{ targetRef: backend, rules: [{ matches, default: {} }] }] },
  })
  await put('meshtimeouts/of-route', 'MeshTimeout', {
    spec: {
      targetRef: { kind: 'MeshHTTPRoute', name: 'slow' },
      to: [{ targetRef: { kind: 'Mesh' }, default: { http: { requestTimeout: '60s' } } }],
    },
  })
  t.match((await said('outbounds'))['MeshTimeout'], [
    `${JSON.stringify(matches)} http.requestTimeout "1m0s" of-route`,
  ])
})
