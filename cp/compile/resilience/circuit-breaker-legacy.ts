/** A CircuitBreaker → limits and detectors of the clusters of the service that it is for (Kuma semantics 3.3). */
import type { Conduct } from '#contract/resilience/conduct.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { CircuitBreakerSpec } from '../../kinds/legacy/circuit-breaker.ts'
import { limitsOf, outliersOf } from './circuit-breaker-sections.ts'
import { onceFor } from './outbound-parts.ts'

export const conductOfLegacy = onceFor(({ name, spec }: Resource): Conduct => {
  const { conf = {} } = spec as CircuitBreakerSpec
  const policy = `CircuitBreaker/${name}`
  const { thresholds, detectors = {} } = conf
  const { standardDeviation } = detectors
  const outliers = outliersOf(policy, {
    ...conf,
    total: detectors.totalErrors,
    gateway: detectors.gatewayErrors,
    local: detectors.localErrors,
    successRate: standardDeviation,
    factor: standardDeviation?.factor,
    failurePercentage: detectors.failure,
  })
  return {
    ...(thresholds !== undefined && { limits: limitsOf(policy, thresholds) }),
    ...(outliers !== null && { outliers }),
  }
})
