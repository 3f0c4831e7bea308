/**
 * CircuitBreaker and MeshCircuitBreaker → limits and detectors of clusters, and of the applications behind inbounds. What a
 * MeshCircuitBreaker says of limits takes the place of what a CircuitBreaker says of them, likewise of detectors; those that
 * are disabled leave it as it is (Kuma semantics 1.5, 2.13, 3.3).
 */
import type { Conduct } from '#contract/resilience/conduct.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import type { Breaker } from '../../kinds/resilience/mesh-circuit-breaker.ts'
import { numberOf } from '../../kinds/values.ts'
import { catchAllItems, matchRulesOf } from '../../match/inbound-rules.ts'
import { mergeItems } from '../../match/items.ts'
import { outboundPolicy } from '../../match/legacy/connection.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { conductOfLegacy } from './circuit-breaker-legacy.ts'
import { limitsOf, outliersOf } from './circuit-breaker-sections.ts'
import { authorOf, onceFor } from './outbound-parts.ts'
import { withParts } from './parts.ts'

const TYPE = 'MeshCircuitBreaker'
const LEGACY = 'CircuitBreaker'

export function compileCircuitBreaker(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  const policies = selectedPolicies(view, TYPE, dataplane)
  const hasLegacy = view.policies(LEGACY).length > 0
  for (const target of draft.clusters.values()) {
    const { service } = target.destination
    const legacy = hasLegacy ? outboundPolicy(view, LEGACY, dataplane, service) : undefined
    if (legacy !== undefined) target.cluster = withParts(target.cluster, conductOfLegacy(legacy))
    const said = serviceConf(view, policies, service)
    if (said === undefined) continue
    const refuses = target.cluster.panic?.refuses ?? false
    target.cluster = withParts(target.cluster, (refuses ? refusingOnce : conductOnce)(said))
  }
  if (policies.length > 0) compileInbounds(view, dataplane, draft)
}

function compileInbounds(view: MeshView, dataplane: Resource<DataplaneSpec>, draft: Draft): void {
  for (const target of draft.inbounds) {
    const items = catchAllItems(matchRulesOf(view, TYPE, dataplane, target.inbound, true))
    if (items.length === 0) continue
    const upstream = { ...target.listener.upstream, ...conductOf({ conf: mergeItems(items), items }) }
    target.listener = { ...target.listener, upstream }
  }
}

/** What was merged of what. */
interface Said {
  readonly conf: unknown
  readonly items: readonly { readonly policy: Resource; readonly conf: unknown }[]
}

const conductOnce = onceFor((said: ServiceConf) => conductOf(said))

/** Where a health check says that calls fail in a panic, they do from the threshold on that is said here. */
const refusingOnce = onceFor((said: ServiceConf): Conduct => {
  const conduct = conductOnce(said)
  return { ...conduct, ...(conduct.panic !== undefined && { panic: { ...conduct.panic, refuses: true } }) }
})

function conductOf(said: Said): Conduct {
  const { connectionLimits, outlierDetection } = said.conf as Breaker
  const isOn = outlierDetection !== undefined && outlierDetection.disabled !== true
  return {
    ...(connectionLimits !== undefined && {
      limits: limitsOf(whoSaid(said, 'connectionLimits'), connectionLimits),
    }),
    ...(isOn && detectionOf(whoSaid(said, 'outlierDetection'), outlierDetection)),
  }
}

/** The policy of the highest precedence that says something of it. */
function whoSaid({ items }: Said, field: keyof Breaker): string {
  return authorOf({ items: items.filter(({ conf }) => (conf as Breaker)[field] !== undefined) })
}

function detectionOf(policy: string, said: NonNullable<Breaker['outlierDetection']>): Conduct {
  const { detectors = {}, healthyPanicThreshold } = said
  const factor = detectors.successRate?.standardDeviationFactor
  const percent = healthyPanicThreshold === undefined ? null : numberOf(healthyPanicThreshold)
  const outliers = outliersOf(policy, {
    ...said,
    total: detectors.totalFailures,
    gateway: detectors.gatewayFailures,
    local: detectors.localOriginFailures,
    successRate: detectors.successRate,
    factor: factor === undefined ? undefined : (numberOf(factor) ?? undefined),
    failurePercentage: detectors.failurePercentage,
  })
  return {
    ...(outliers !== null && { outliers }),
    ...(percent !== null && { panic: { policy, percent, refuses: false } }),
  }
}
