/**
 * Each policy for calls that hold out, with every field and with no value that is the default: what the tests of defaults and
 * of values at the ends of their ranges begin with.
 */

/** `conf`, or several that say all together. */
export interface WholePolicy {
  readonly confs: readonly object[]
  /** Lists that it stands in; legacy kinds: where `conf` is. */
  readonly lists: readonly ('to' | 'from' | 'rules' | 'conf')[]
}

/** What health checks of both dialects have. */
export const HEALTH = {
  interval: '10s',
  timeout: '2s',
  unhealthyThreshold: 3,
  healthyThreshold: 2,
  initialJitter: '1s',
  intervalJitter: '2s',
  intervalJitterPercent: 5,
  healthyPanicThreshold: 20,
  failTrafficOnPanic: true,
  noTrafficInterval: '20s',
  eventLogPath: '/tmp/health.log',
  alwaysLogHealthCheckFailures: true,
  reuseConnection: false,
}
const TCP_PROBE = { send: 'aGVsbG8=', receive: ['d29ybGQ='] }
const COUNT = { consecutive: 3 }
const SHARE = { minimumHosts: 3, requestVolume: 20 }
const BACK_OFF = { baseInterval: '10ms', maxInterval: '2s' }
const RETRIES = { numRetries: 4, perTryTimeout: '1s', backOff: BACK_OFF }
const PAUSES = {
  rateLimitedBackOff: { resetHeaders: [{ name: 'retry-after', format: 'Seconds' }], maxInterval: '9s' },
}
const MESH_HTTP_RETRY = {
  ...RETRIES,
  ...PAUSES,
  retryOn: ['5xx'],
  retriableResponseHeaders: [{ type: 'Prefix', name: 'x-again', value: 'yes' }],
  retriableRequestHeaders: [{ type: 'Prefix', name: 'x-try', value: 'yes' }],
  hostSelection: [
    { predicate: 'OmitPreviousPriorities', updateFrequency: 5 },
    { predicate: 'OmitHostsWithTags', tags: { old: 'yes' } },
  ],
}
const HEADERS = [{ name: 'x-a', value: 'b' }]

export const WHOLE_POLICIES: Readonly<Record<string, WholePolicy>> = {
  MeshTimeout: {
    lists: ['to', 'from', 'rules'],
    confs: [
      {
        connectionTimeout: '1s',
        // below what the data plane allows idle connections
        idleTimeout: '2s',
        http: {
          requestTimeout: '2s',
          streamIdleTimeout: '3m',
          maxStreamDuration: '4m',
          maxConnectionDuration: '5m',
          requestHeadersTimeout: '6s',
        },
      },
    ],
  },
  MeshRetry: {
    lists: ['to'],
    confs: [
      {
        tcp: { maxConnectAttempt: 3 },
        http: MESH_HTTP_RETRY,
        grpc: { ...RETRIES, ...PAUSES, retryOn: ['Internal'] },
      },
      { http: { hostSelectionMaxAttempts: 3 } },
    ],
  },
  MeshCircuitBreaker: {
    lists: ['to', 'from', 'rules'],
    confs: [
      {
        connectionLimits: { maxConnections: 5, maxPendingRequests: 6, maxRequests: 7, maxRetries: 8 },
        outlierDetection: {
          disabled: false,
          interval: '5s',
          baseEjectionTime: '20s',
          maxEjectionPercent: 50,
          splitExternalAndLocalErrors: true,
          healthyPanicThreshold: 20,
          detectors: {
            totalFailures: COUNT,
            gatewayFailures: COUNT,
            localOriginFailures: COUNT,
            successRate: { ...SHARE, standardDeviationFactor: '1.5' },
            failurePercentage: { ...SHARE, threshold: 60 },
          },
        },
      },
      { outlierDetection: { disabled: true, detectors: { totalFailures: COUNT } } },
      { connectionLimits: { maxConnectionPools: 3 } },
    ],
  },
  MeshHealthCheck: {
    lists: ['to'],
    confs: [
      {
        ...HEALTH,
        unhealthyInterval: '7s',
        tcp: { disabled: false, ...TCP_PROBE },
        http: {
          disabled: false,
          path: '/ready',
          requestHeadersToAdd: { set: HEADERS, add: [{ name: 'x-b', value: 'c' }] },
          expectedStatuses: [204],
        },
        grpc: { disabled: false, serviceName: 'a', authority: 'b' },
      },
      { tcp: { disabled: true }, http: { disabled: true }, grpc: { disabled: true } },
    ],
  },
  MeshRateLimit: {
    lists: ['from', 'rules'],
    confs: [
      {
        local: {
          http: {
            disabled: false,
            requestRate: { num: 3, interval: '2s' },
            onRateLimit: { status: 423, headers: { set: HEADERS, add: [{ name: 'x-b', value: 'c' }] } },
          },
          tcp: { disabled: false, connectionRate: { num: 4, interval: '3s' } },
        },
      },
      {
        local: {
          http: { disabled: true, requestRate: { num: 3, interval: '2s' } },
          tcp: { disabled: true, connectionRate: { num: 4, interval: '3s' } },
        },
      },
    ],
  },
  MeshFaultInjection: {
    lists: ['from', 'rules'],
    confs: [
      {
        http: [
          {
            abort: { httpStatus: 500, percentage: '50.5' },
            delay: { value: '1s', percentage: 5 },
            responseBandwidth: { limit: '50Mbps', percentage: 40 },
          },
        ],
      },
    ],
  },
  Timeout: {
    lists: ['conf'],
    confs: [
      {
        connectTimeout: '1s',
        tcp: { idleTimeout: '10m' },
        http: { requestTimeout: '2s', idleTimeout: '2s', streamIdleTimeout: '3m', maxStreamDuration: '4m' },
      },
      { grpc: { streamIdleTimeout: '5m', maxStreamDuration: '6m' } },
    ],
  },
  Retry: {
    lists: ['conf'],
    confs: [
      {
        http: { ...RETRIES, retryOn: ['all_5xx'], retriableStatusCodes: [429], retriableMethods: ['GET'] },
        grpc: { ...RETRIES, retryOn: ['internal'] },
        tcp: { maxConnectAttempts: 3 },
      },
    ],
  },
  CircuitBreaker: {
    lists: ['conf'],
    confs: [
      {
        interval: '5s',
        baseEjectionTime: '20s',
        maxEjectionPercent: 50,
        splitExternalAndLocalErrors: true,
        detectors: {
          totalErrors: COUNT,
          gatewayErrors: COUNT,
          localErrors: COUNT,
          standardDeviation: { ...SHARE, factor: 1.5 },
          failure: { ...SHARE, threshold: 60 },
        },
        thresholds: { maxConnections: 5, maxPendingRequests: 6, maxRequests: 7, maxRetries: 8 },
      },
    ],
  },
  HealthCheck: {
    lists: ['conf'],
    confs: [
      {
        ...HEALTH,
        http: {
          path: '/ready',
          expectedStatuses: [204],
          requestHeadersToAdd: [{ header: { key: 'x-a', value: 'b' }, append: false }],
        },
      },
      { ...HEALTH, tcp: TCP_PROBE },
    ],
  },
  RateLimit: {
    lists: ['conf'],
    confs: [
      {
        http: {
          requests: 3,
          interval: '2s',
          onRateLimit: { status: 423, headers: [{ key: 'x-a', value: 'b', append: true }] },
        },
      },
    ],
  },
  FaultInjection: {
    lists: ['conf'],
    confs: [
      {
        delay: { percentage: 5, value: '1s' },
        abort: { percentage: 50.5, httpStatus: 500 },
        responseBandwidth: { percentage: 40, limit: '50 mbps' },
      },
    ],
  },
}
