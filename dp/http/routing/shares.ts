/** Clusters that share calls at random, by weight. */
import type { Backend } from '#contract/route.ts'
import type { Cluster } from '../../cluster/cluster.ts'

export class Shares {
  readonly #clusters: readonly Cluster[]
  /** Sum of the weights up to each. */
  readonly #bounds: readonly number[]

  /** `clusters`: by name; those of all backends are there, and there is at least one. */
  constructor(backends: readonly Backend[], clusters: ReadonlyMap<string, Cluster>) {
    this.#clusters = backends.map(({ cluster }) => clusterNamed(cluster, clusters))
    let sum = 0
    this.#bounds = backends.map(({ weight }) => {
      sum += weight
      return sum
    })
  }

  pick(): Cluster {
    const bounds = this.#bounds
    const last = this.#clusters.length - 1
    let at = 0
    if (last > 0) {
      const drawn = Math.random() * (bounds[last] ?? 0)
      while (at < last && drawn >= (bounds[at] ?? 0)) at++
    }
    const cluster = this.#clusters[at]
    if (cluster === undefined) throw new Error('the snapshot was not checked: no backends')
    return cluster
  }
}

/** Throws where there is none: the snapshot was checked. */
export function clusterNamed(name: string, clusters: ReadonlyMap<string, Cluster>): Cluster {
  const cluster = clusters.get(name)
  if (cluster === undefined) throw new Error(`the snapshot was not checked: no cluster ${name}`)
  return cluster
}
