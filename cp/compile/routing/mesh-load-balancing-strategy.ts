/**
 * MeshLoadBalancingStrategies, what TrafficRoutes say of balancing, and the Mesh's locality → balancer, hash policies and
 * places of the endpoints of every cluster (Kuma semantics 3.9). Data planes of the same place for which the same is said
 * share a cluster.
 */
import type { Balancer, HashPolicy } from '#contract/balancer.ts'
import type { Cluster } from '#contract/cluster.ts'
import type { Resource } from '../../kinds/kind.ts'
import { type DataplaneSpec, tagSetsOf } from '../../kinds/proxy/dataplane.ts'
import { type ServiceConf, selectedPolicies, serviceConf } from '../../match/selection.ts'
import type { MeshView } from '../../match/view.ts'
import { servingInstances, type Tags } from '../cluster.ts'
import type { ClusterDraft, Draft } from '../draft.ts'
import { balancerOf, type Conf, hashPoliciesOf } from './balancer.ts'
import { type LocalityPlan, localityOf, OF_MESH, placedEndpoints, placeOf } from './locality.ts'

export function compileMeshLoadBalancingStrategy(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  const policies = selectedPolicies(view, 'MeshLoadBalancingStrategy', dataplane)
  const isNearFirst = view.mesh.spec.routing?.localityAwareLoadBalancing === true
  const tagSets = tagSetsOf(dataplane.spec)
  for (const target of draft.clusters.values()) {
    const conf = serviceConf(view, policies, target.destination.service)
    const strategy = conf === undefined ? (isNearFirst ? NEAR_FIRST : NOTHING) : strategyOf(conf)
    if (strategy !== NOTHING || target.balancer !== null) balance(view, target, strategy, tagSets)
  }
}

interface Strategy {
  /** null: nothing is said. */
  readonly balancer: Balancer | null
  readonly hashPolicies: readonly HashPolicy[]
  /** null: all endpoints are alike. */
  readonly locality: LocalityPlan | null
  /** Equal strategies have equal texts. */
  readonly text: string
}

const NOTHING = withText({ balancer: null, hashPolicies: [], locality: null })
const NEAR_FIRST = withText({ balancer: null, hashPolicies: [], locality: OF_MESH })

const strategies = new WeakMap<ServiceConf, Strategy>()

function strategyOf(said: ServiceConf): Strategy {
  let strategy = strategies.get(said)
  if (strategy === undefined) {
    const conf = said.conf as Conf
    strategy = withText({
      balancer: conf.loadBalancer === undefined ? null : balancerOf(conf.loadBalancer),
      hashPolicies: hashPoliciesOf(conf),
      locality: localityOf(conf.localityAwareness),
    })
    strategies.set(said, strategy)
  }
  return strategy
}

function withText(strategy: Omit<Strategy, 'text'>): Strategy {
  return { ...strategy, text: JSON.stringify(strategy) }
}

/** What became of a cluster, by all that makes a difference. */
const variants = new WeakMap<Cluster, Map<string, Cluster>>()
/** Of one cluster; those of policies that are gone are forgotten with the rest when there are more. */
const MOST_VARIANTS = 1_000

function balance(view: MeshView, target: ClusterDraft, strategy: Strategy, tagSets: readonly Tags[]): void {
  const { cluster, destination } = target
  const place = strategy.locality === null ? null : placeOf(strategy.locality, tagSets)
  const balancer = strategy.balancer ?? target.balancer
  const key = `${strategy.text} ${JSON.stringify([balancer, place])}`
  const known = variants.get(cluster) ?? new Map<string, Cluster>()
  variants.set(cluster, known)
  let variant = known.get(key)
  if (variant === undefined) {
    const endpoints =
      strategy.locality === null || place === null
        ? cluster.endpoints
        : placedEndpoints(strategy.locality, place, servingInstances(view, destination))
    const overprovisioning = endpoints.some(({ priority = 0 }) => priority > 0)
      ? strategy.locality?.overprovisioning
      : undefined
    const usesHash = balancer?.type === 'ring-hash' || balancer?.type === 'maglev'
    variant = {
      ...cluster,
      endpoints,
      ...(balancer !== null && balancer.type !== 'round-robin' && { balancer }),
      ...(usesHash && strategy.hashPolicies.length > 0 && { hashPolicies: strategy.hashPolicies }),
      ...(overprovisioning !== undefined && { overprovisioning }),
    }
    if (known.size >= MOST_VARIANTS) known.clear()
    known.set(key, variant)
  }
  target.cluster = variant
}
