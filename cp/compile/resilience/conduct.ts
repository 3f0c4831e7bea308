/** A cluster with more that is said of how its endpoints are treated; the same object where the same is said of the same. */
import type { Cluster } from '#contract/cluster.ts'
import type { Conduct } from '#contract/resilience/conduct.ts'

/** What became of a cluster, by what was said. */
const variants = new WeakMap<Cluster, Map<string, Cluster>>()
/** Of one cluster; those of policies that are gone are forgotten with the rest when there are more. */
const MOST_VARIANTS = 1000

export function withConduct(cluster: Cluster, conduct: Conduct): Cluster {
  const known = variants.get(cluster) ?? new Map<string, Cluster>()
  variants.set(cluster, known)
  const key = JSON.stringify(conduct)
  let variant = known.get(key)
  if (variant === undefined) {
    variant = { ...cluster, ...conduct }
    if (known.size >= MOST_VARIANTS) known.clear()
    known.set(key, variant)
  }
  return variant
}
