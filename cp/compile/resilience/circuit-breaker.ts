/**
 * CircuitBreakers → limits and detectors of the clusters of a data plane (Kuma semantics 1.5, 3.3): one policy for each
 * called service, the one whose selectors fit both ends best.
 */
import { goDurationMs } from '#base/duration.ts'
import type { Conduct } from '#contract/resilience/conduct.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { CircuitBreakerSpec } from '../../kinds/legacy/circuit-breaker.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { outboundPolicy } from '../../match/legacy/connection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { limitsOf, outliersOf } from './breaker.ts'
import { withConduct } from './conduct.ts'

const TYPE = 'CircuitBreaker'

export function compileCircuitBreaker(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  if (view.policies(TYPE).length === 0) return
  for (const target of draft.clusters.values()) {
    const policy = outboundPolicy(view, TYPE, dataplane, target.destination.service)
    if (policy !== undefined) target.cluster = withConduct(target.cluster, conductOf(policy))
  }
}

const known = new WeakMap<Resource, Conduct>()

function conductOf(policy: Resource): Conduct {
  let conduct = known.get(policy)
  if (conduct === undefined) {
    const { conf = {} } = policy.spec as CircuitBreakerSpec
    const name = `${TYPE}/${policy.name}`
    const { thresholds, detectors = {} } = conf
    const { standardDeviation } = detectors
    const outliers = outliersOf(name, {
      intervalMs: msOf(conf.interval),
      baseEjectionMs: msOf(conf.baseEjectionTime),
      maxEjectionPercent: conf.maxEjectionPercent,
      splitsErrors: conf.splitExternalAndLocalErrors,
      total: detectors.totalErrors,
      gateway: detectors.gatewayErrors,
      local: detectors.localErrors,
      successRate: standardDeviation && { ...standardDeviation, factor: standardDeviation.factor ?? null },
      failurePercentage: detectors.failure,
    })
    conduct = {
      ...(thresholds !== undefined && { limits: limitsOf(name, thresholds) }),
      ...(outliers !== null && { outliers }),
    }
    known.set(policy, conduct)
  }
  return conduct
}

function msOf(duration: string | undefined): number | null {
  return duration === undefined ? null : goDurationMs(duration)
}
