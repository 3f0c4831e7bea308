/**
 * MeshCircuitBreakers: `to` → limits, detectors and panic of the clusters, `from` and `rules` → those of the applications
 * behind inbounds. Limits replace what a CircuitBreaker says of limits, detectors what it says of detectors; detectors that
 * are disabled leave it as it is (Kuma semantics 2.13, 3.3).
 */
import { goDurationMs } from '#base/duration.ts'
import type { Conduct } from '#contract/resilience/conduct.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import type { Breaker } from '../../kinds/resilience/mesh-circuit-breaker.ts'
import { numberOf } from '../../kinds/values.ts'
import { matchRules } from '../../match/inbound-rules.ts'
import { mergeItems } from '../../match/items.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { limitsOf, outliersOf } from './breaker.ts'
import { withConduct } from './conduct.ts'

const TYPE = 'MeshCircuitBreaker'

export function compileMeshCircuitBreaker(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  const policies = selectedPolicies(view, TYPE, dataplane)
  if (policies.length === 0) return
  for (const target of draft.clusters.values()) {
    const said = serviceConf(view, policies, target.destination.service)
    if (said !== undefined) target.cluster = withConduct(target.cluster, knownConduct(said))
  }
  for (const { inbound, rules } of matchRules(view, TYPE, dataplane, true)) {
    const items = rules
      .filter(({ match }) => match === undefined)
      .map(({ conf, origin }) => ({ policy: origin.policy, conf }))
    const target = draft.inbounds.find(
      one => one.inbound.port === inbound.port && one.inbound.address === inbound.address,
    )
    if (target === undefined || items.length === 0) continue
    const { listener } = target
    const upstream = { ...listener.upstream, ...conductOf({ conf: mergeItems(items), items }) }
    target.listener = { ...listener, upstream }
  }
}

type Said = Pick<ServiceConf, 'conf'> & {
  readonly items: readonly { readonly policy: Resource; readonly conf: unknown }[]
}

const known = new WeakMap<ServiceConf, Conduct>()

function knownConduct(said: ServiceConf): Conduct {
  const conduct = known.get(said) ?? conductOf(said)
  known.set(said, conduct)
  return conduct
}

function conductOf(said: Said): Conduct {
  const { connectionLimits, outlierDetection } = said.conf as Breaker
  const isOn = outlierDetection !== undefined && outlierDetection.disabled !== true
  return {
    ...(connectionLimits !== undefined && {
      limits: limitsOf(whoSaid(said, 'connectionLimits'), connectionLimits),
    }),
    ...(isOn && outlierConduct(whoSaid(said, 'outlierDetection'), outlierDetection)),
  }
}

/** The policy of the highest precedence that says something of it. */
function whoSaid({ items }: Said, field: keyof Breaker): string {
  const item = items.findLast(({ conf }) => (conf as Breaker)[field] !== undefined)
  return `${TYPE}/${item?.policy.name ?? ''}`
}

function outlierConduct(policy: string, said: NonNullable<Breaker['outlierDetection']>): Conduct {
  const { detectors = {}, healthyPanicThreshold } = said
  const { successRate } = detectors
  const factor = successRate?.standardDeviationFactor
  const percent = healthyPanicThreshold === undefined ? null : numberOf(healthyPanicThreshold)
  const outliers = outliersOf(policy, {
    intervalMs: msOf(said.interval),
    baseEjectionMs: msOf(said.baseEjectionTime),
    maxEjectionPercent: said.maxEjectionPercent,
    splitsErrors: said.splitExternalAndLocalErrors,
    total: detectors.totalFailures,
    gateway: detectors.gatewayFailures,
    local: detectors.localOriginFailures,
    successRate: successRate && { ...successRate, factor: factor === undefined ? null : numberOf(factor) },
    failurePercentage: detectors.failurePercentage,
  })
  return {
    ...(outliers !== null && { outliers }),
    ...(percent !== null && { panic: { policy, percent, refuses: false } }),
  }
}

function msOf(duration: string | undefined): number | null {
  return duration === undefined ? null : goDurationMs(duration)
}
