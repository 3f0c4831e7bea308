/**
 * The policies that every new mesh brings along, as Kuma 2.14 makes them (kuma-api 5.7): timeouts of sidecars and of
 * gateways, a circuit breaker, retries. What the mesh names in `skipCreatingInitialPolicies` is left out.
 */
import type { Kind, ResourceDraft } from '../kinds/kind.ts'
import type { MeshSpec } from '../kinds/mesh/mesh.ts'
import { meshCircuitBreaker } from '../kinds/resilience/mesh-circuit-breaker.ts'
import { meshRetry } from '../kinds/resilience/mesh-retry.ts'
import { meshTimeout } from '../kinds/resilience/mesh-timeout.ts'
import { computeLabels } from '../store/guard/labels.ts'
import type { WriteHook } from '../store/guarded-store.ts'
import type { Write } from '../store/store.ts'

/**
 * Rides on the commit of a Mesh that is new.
 * @param zone name of this control plane's zone
 */
export function defaultPoliciesHook(zone: string): WriteHook {
  return async (draft, before) => {
    if (draft.type !== 'Mesh' || before !== null) return []
    const policies = defaultPolicies(draft.name, (draft.spec as MeshSpec).skipCreatingInitialPolicies ?? [])
    return policies.map(({ kind, resource }): Write => {
      const labels = computeLabels(kind, resource, zone)
      return { op: 'put', resource: { ...resource, labels }, expectedRevision: 0 }
    })
  }
}

interface DefaultPolicy {
  readonly kind: Kind
  readonly resource: ResourceDraft
}

/** @param skipped types; `*`: all */
export function defaultPolicies(mesh: string, skipped: readonly string[]): readonly DefaultPolicy[] {
  if (skipped.includes('*')) return []
  const all: readonly DefaultPolicy[] = [
    policy(meshTimeout, mesh, `mesh-timeout-all-${mesh}`, {
      targetRef: { kind: 'Mesh', proxyTypes: ['Sidecar'] },
      to: [
        {
          targetRef: ANY,
          default: {
            connectionTimeout: '5s',
            idleTimeout: '1h0m0s',
            http: { requestTimeout: '15s', streamIdleTimeout: '30m0s' },
          },
        },
      ],
      from: [
        {
          targetRef: ANY,
          default: {
            connectionTimeout: '10s',
            idleTimeout: '2h0m0s',
            http: { requestTimeout: '0s', streamIdleTimeout: '1h0m0s', maxStreamDuration: '0s' },
          },
        },
      ],
    }),
    policy(meshTimeout, mesh, `mesh-gateways-timeout-all-${mesh}`, {
      targetRef: { kind: 'Mesh', proxyTypes: ['Gateway'] },
      to: [{ targetRef: ANY, default: { idleTimeout: '1h0m0s', http: { streamIdleTimeout: '5s' } } }],
      from: [
        {
          targetRef: ANY,
          default: {
            idleTimeout: '5m0s',
            http: { streamIdleTimeout: '5s', requestHeadersTimeout: '500ms' },
          },
        },
      ],
    }),
    policy(meshCircuitBreaker, mesh, `mesh-circuit-breaker-all-${mesh}`, {
      targetRef: ANY,
      to: [
        {
          targetRef: ANY,
          default: {
            connectionLimits: {
              maxConnections: 1024,
              maxPendingRequests: 1024,
              maxRetries: 3,
              maxRequests: 1024,
            },
          },
        },
      ],
    }),
    policy(meshRetry, mesh, `mesh-retry-all-${mesh}`, {
      targetRef: ANY,
      to: [
        { targetRef: ANY, default: { tcp: { maxConnectAttempt: 5 }, http: FIVE_TIMES, grpc: FIVE_TIMES } },
      ],
    }),
  ]
  return all.filter(({ kind }) => !skipped.includes(kind.type))
}

const ANY = { kind: 'Mesh' } as const

const FIVE_TIMES = {
  numRetries: 5,
  perTryTimeout: '16s',
  backOff: { baseInterval: '25ms', maxInterval: '250ms' },
}

function policy<Spec>(kind: Kind<Spec>, mesh: string, name: string, spec: Spec): DefaultPolicy {
  return { kind, resource: { type: kind.type, mesh, name, labels: {}, spec } }
}
