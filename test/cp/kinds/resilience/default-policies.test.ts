/** The four policies that Kuma 2.14 makes with a mesh are stored exactly as they are (kuma-api 5.7). */
import t from 'tap'
import { storedSpec, to } from '../../../support/policies.ts'

const everybody = { targetRef: { kind: 'Mesh' } }
const retried = {
  numRetries: 5,
  perTryTimeout: '16s',
  backOff: { baseInterval: '25ms', maxInterval: '250ms' },
}

const POLICIES: readonly (readonly [name: string, type: string, spec: object])[] = [
  [
    'mesh-timeout-all-default',
    'MeshTimeout',
    {
      targetRef: { kind: 'Mesh', proxyTypes: ['Sidecar'] },
      to: [
        {
          ...everybody,
          default: {
            connectionTimeout: '5s',
            idleTimeout: '1h0m0s',
            http: { requestTimeout: '15s', streamIdleTimeout: '30m0s' },
          },
        },
      ],
      from: [
        {
          ...everybody,
          default: {
            connectionTimeout: '10s',
            idleTimeout: '2h0m0s',
            http: { requestTimeout: '0s', streamIdleTimeout: '1h0m0s', maxStreamDuration: '0s' },
          },
        },
      ],
    },
  ],
  [
    'mesh-gateways-timeout-all-default',
    'MeshTimeout',
    {
      targetRef: { kind: 'Mesh', proxyTypes: ['Gateway'] },
      to: [{ ...everybody, default: { idleTimeout: '1h0m0s', http: { streamIdleTimeout: '5s' } } }],
      from: [
        {
          ...everybody,
          default: {
            idleTimeout: '5m0s',
            http: { streamIdleTimeout: '5s', requestHeadersTimeout: '500ms' },
          },
        },
      ],
    },
  ],
  [
    'mesh-circuit-breaker-all-default',
    'MeshCircuitBreaker',
    to(
      {
        connectionLimits: {
          maxConnections: 1024,
          maxPendingRequests: 1024,
          maxRetries: 3,
          maxRequests: 1024,
        },
      },
      { kind: 'Mesh' },
    ),
  ],
  [
    'mesh-retry-all-default',
    'MeshRetry',
    to({ tcp: { maxConnectAttempt: 5 }, http: retried, grpc: retried }, { kind: 'Mesh' }),
  ],
]

for (const [name, type, spec] of POLICIES) {
  t.test(`${name} is stored unchanged`, async t => {
    t.equal(JSON.stringify(storedSpec(type, spec)), JSON.stringify(spec))
  })
}
