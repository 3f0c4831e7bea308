/**
 * Which endpoints come first for a client (Kuma semantics 3.9): those of its zone, among them those that share a tag with
 * it; then those of other zones, as the failover rules say.
 */
import type { Endpoint, Locality } from '#contract/cluster.ts'
import { MAX_WEIGHT } from '#contract/route.ts'
import type { MeshLoadBalancingStrategySpec } from '../../kinds/routing/mesh-load-balancing-strategy.ts'
import { numberOf } from '../../kinds/values.ts'
import type { Instance } from '../../match/view.ts'
import type { Tags } from '../cluster.ts'

type Conf = NonNullable<NonNullable<MeshLoadBalancingStrategySpec['to']>[number]['default']>
type Awareness = NonNullable<Conf['localityAwareness']>
type Failover = NonNullable<NonNullable<Awareness['crossZone']>['failover']>[number]

export interface LocalityPlan {
  /** The first on which an endpoint agrees with the client says its locality. */
  readonly affinity: readonly { readonly key: string; readonly weight: number }[]
  /** Where calls go beside the own zone, in order. */
  readonly failover: readonly Failover[]
  /** undefined: the data plane's default. */
  readonly overprovisioning?: number
}

/** What a client's picture depends on. */
export interface ClientPlace {
  readonly zone: string
  /** Value of each affinity tag; null: it has none. */
  readonly affinity: readonly (string | null)[]
}

const MAX_PRIORITY = 127
const ZONE_TAG = 'kuma.io/zone'
/** Kuma's default of failoverThreshold, 50 %. */
const DEFAULT_THRESHOLD = 50
/** Of endpoints of the own zone that share no tag with the client. */
const REST: Locality = { name: '', weight: 1 }

/** The own zone first, then all others. */
const NEAR_FIRST: Pick<LocalityPlan, 'affinity' | 'failover'> = {
  affinity: [],
  failover: [{ to: { type: 'Any' } }],
}

/** What the Mesh says where no policy does. */
export const OF_MESH: LocalityPlan = NEAR_FIRST

/** What a policy says, be it nothing; null: all zones are alike. */
export function localityOf({ disabled = false, localZone, crossZone }: Awareness = {}): LocalityPlan | null {
  if (disabled) return null
  const threshold = numberOf(crossZone?.failoverThreshold?.percentage ?? DEFAULT_THRESHOLD)
  const overprovisioning = Math.max(100, Math.round(10_000 / (threshold ?? DEFAULT_THRESHOLD)))
  if (localZone === undefined && crossZone === undefined) return { ...NEAR_FIRST, overprovisioning }
  const tags = localZone?.affinityTags ?? []
  return {
    affinity: tags.map(({ key, weight }, i) => ({
      key,
      weight: Math.min(weight ?? 9 * 10 ** (tags.length - i - 1), MAX_WEIGHT),
    })),
    failover: crossZone?.failover ?? [],
    overprovisioning,
  }
}

/** null: it has no zone, so that nothing is near. */
export function placeOf({ affinity }: LocalityPlan, tagSets: readonly Tags[]): ClientPlace | null {
  const firstOf = (tag: string): string | null => tagSets.find(tags => tags[tag] !== undefined)?.[tag] ?? null
  const zone = firstOf(ZONE_TAG)
  return zone === null ? null : { zone, affinity: affinity.map(({ key }) => firstOf(key)) }
}

/** Without those in zones that no rule covers. */
export function placedEndpoints(
  { affinity, failover }: LocalityPlan,
  { zone, affinity: values }: ClientPlace,
  instances: readonly Instance[],
): readonly Endpoint[] {
  const groups = affinity.flatMap(({ key, weight }, i) => {
    const value = values[i] ?? null
    return value === null ? [] : [{ key, value, locality: { name: `${key}=${value}`, weight } }]
  })
  const priorities = new Map<string, number | null>()
  return instances.flatMap(({ address, port, tags }): Endpoint[] => {
    const of = tags[ZONE_TAG] ?? zone
    if (of === zone) {
      if (groups.length === 0) return [{ address, port }]
      const locality = groups.find(({ key, value }) => tags[key] === value)?.locality ?? REST
      return [{ address, port, locality }]
    }
    const priority = priorities.get(of) ?? priorityOf(of, zone, failover)
    priorities.set(of, priority)
    return priority === null ? [] : [{ address, port, priority }]
  })
}

/** By the place of the first rule for the own zone that covers the other; null: it gets nothing. */
function priorityOf(zone: string, own: string, failover: readonly Failover[]): number | null {
  for (const [i, { from, to }] of failover.entries()) {
    if (from !== undefined && !from.zones.includes(own)) continue
    if (to.type === 'None') return null
    const isListed = (to.zones ?? []).includes(zone)
    if (to.type === 'Any' || (to.type === 'Only') === isListed) return Math.min(i + 1, MAX_PRIORITY)
  }
  return null
}
