/** The legacy and the present dialect of a policy give the same snapshot where they say the same. */
import t from 'tap'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { readResource } from '../../../../cp/kinds/validate.ts'
import { kindNamed } from '../../../support/bodies.ts'
import { Compiled, meshOf } from '../../../support/compiled.ts'
import { aDataplane, resource } from '../../../support/resources.ts'
import { HEALTH } from './whole-policies.ts'

const PROTOCOLS = ['http', 'grpc', 'tcp']

const SELECTORS = {
  sources: [{ match: { 'kuma.io/service': '*' } }],
  destinations: [{ match: { 'kuma.io/service': '*' } }],
}

const BY_HTTP = { ...HEALTH, http: { path: '/ready', expectedStatuses: [200, 204] } }

const CASES: readonly {
  readonly name: string
  readonly legacy: readonly [type: string, conf: object]
  readonly present: readonly [type: string, conf: object]
  readonly isInbound?: boolean
  readonly selectors?: object
  /** All of them, where nothing is said. */
  readonly calls?: readonly string[]
}[] = [
  {
    name: 'timeouts',
    legacy: [
      'Timeout',
      {
        connectTimeout: '1s',
        tcp: { idleTimeout: '10m' },
        http: { requestTimeout: '2s', idleTimeout: '10m', streamIdleTimeout: '3m', maxStreamDuration: '4m' },
      },
    ],
    present: [
      'MeshTimeout',
      {
        connectionTimeout: '1s',
        idleTimeout: '10m',
        http: { requestTimeout: '2s', streamIdleTimeout: '3m', maxStreamDuration: '4m' },
      },
    ],
  },
  {
    name: 'retries of http and tcp',
    legacy: [
      'Retry',
      {
        http: {
          numRetries: 4,
          perTryTimeout: '1s',
          backOff: { baseInterval: '10ms', maxInterval: '2s' },
          retryOn: ['all_5xx', 'reset', 'retriable_4xx', 'retriable_status_codes'],
          retriableStatusCodes: [429],
          retriableMethods: ['GET'],
        },
        tcp: { maxConnectAttempts: 3 },
      },
    ],
    present: [
      'MeshRetry',
      {
        http: {
          numRetries: 4,
          perTryTimeout: '1s',
          backOff: { baseInterval: '10ms', maxInterval: '2s' },
          retryOn: ['5xx', 'Reset', 'Retriable4xx', '429', 'HttpMethodGet'],
        },
        tcp: { maxConnectAttempt: 3 },
      },
    ],
  },
  {
    name: 'retries of grpc',
    legacy: ['Retry', { grpc: { numRetries: 2, retryOn: ['unavailable', 'cancelled'] } }],
    present: ['MeshRetry', { grpc: { numRetries: 2, retryOn: ['Unavailable', 'Canceled'] } }],
  },
  {
    name: 'circuit breakers',
    legacy: [
      'CircuitBreaker',
      {
        interval: '5s',
        baseEjectionTime: '20s',
        maxEjectionPercent: 50,
        splitExternalAndLocalErrors: true,
        detectors: {
          totalErrors: { consecutive: 3 },
          gatewayErrors: { consecutive: 4 },
          localErrors: { consecutive: 2 },
          standardDeviation: { requestVolume: 10, minimumHosts: 3, factor: 1.5 },
          failure: { requestVolume: 20, minimumHosts: 4, threshold: 60 },
        },
        thresholds: { maxConnections: 5, maxPendingRequests: 6, maxRequests: 7, maxRetries: 8 },
      },
    ],
    present: [
      'MeshCircuitBreaker',
      {
        connectionLimits: { maxConnections: 5, maxPendingRequests: 6, maxRequests: 7, maxRetries: 8 },
        outlierDetection: {
          interval: '5s',
          baseEjectionTime: '20s',
          maxEjectionPercent: 50,
          splitExternalAndLocalErrors: true,
          detectors: {
            totalFailures: { consecutive: 3 },
            gatewayFailures: { consecutive: 4 },
            localOriginFailures: { consecutive: 2 },
            successRate: { requestVolume: 10, minimumHosts: 3, standardDeviationFactor: '1.5' },
            failurePercentage: { requestVolume: 20, minimumHosts: 4, threshold: 60 },
          },
        },
      },
    ],
  },
  {
    name: 'health checks by HTTP',
    calls: ['http'],
    legacy: ['HealthCheck', BY_HTTP],
    present: ['MeshHealthCheck', BY_HTTP],
  },
  {
    name: 'rate limits',
    isInbound: true,
    legacy: ['RateLimit', { http: { requests: 3, interval: '2s', onRateLimit: { status: 423 } } }],
    present: [
      'MeshRateLimit',
      { local: { http: { requestRate: { num: 3, interval: '2s' }, onRateLimit: { status: 423 } } } },
    ],
  },
  {
    name: 'faults',
    isInbound: true,
    selectors: { destinations: [{ match: { 'kuma.io/service': '*', 'kuma.io/protocol': 'http' } }] },
    legacy: [
      'FaultInjection',
      {
        delay: { percentage: 5, value: '1s' },
        abort: { percentage: 50.5, httpStatus: 500 },
        responseBandwidth: { percentage: 40, limit: '50 mbps' },
      },
    ],
    present: [
      'MeshFaultInjection',
      {
        http: [
          {
            delay: { percentage: 5, value: '1s' },
            abort: { percentage: '50.5', httpStatus: 500 },
            responseBandwidth: { percentage: 40, limit: '50Mbps' },
          },
        ],
      },
    ],
  },
]

for (const { name, legacy, present, isInbound = false, selectors = {}, calls = PROTOCOLS } of CASES) {
  t.test(name, async t => {
    const [old, now] = [
      compiled(calls, legacy[0], { ...SELECTORS, ...selectors, conf: legacy[1] }),
      compiled(calls, present[0], {
        targetRef: { kind: 'Mesh' },
        [isInbound ? 'from' : 'to']: [{ targetRef: { kind: 'Mesh' }, default: present[1] }],
      }),
    ]
    t.notSame(old, compiled(calls, null, {}), 'it says something')
    t.same(old, now)
  })
}

/** Sections of `web-1`, with policies without their kind; `type` null: without a policy. */
function compiled(calls: readonly string[], type: string | null, body: object): unknown {
  const others = type === null ? [] : [policyOf(type, body)]
  const web = aDataplane('web-1', { calls })
  const services = PROTOCOLS.map(protocol => aDataplane(protocol, { protocol }))
  const { sections } = new Compiled(meshOf([web, ...services, ...others]), 'web-1')
  return JSON.parse(JSON.stringify(Object.fromEntries(sections)).replaceAll(`${type}/`, ''))
}

function policyOf(type: string, body: object): Resource {
  const isLegacy = 'sources' in body
  const read = readResource(kindNamed(type), {
    type,
    mesh: 'default',
    name: 'p',
    ...(isLegacy ? body : { spec: body }),
  })
  if (!read.ok) throw new Error(JSON.stringify(read))
  return resource(type, 'default', 'p', read.draft.spec)
}
