/**
 * Whether too few endpoints of a cluster are healthy: worse than all of them, says Envoy, which uses all then. What counts
 * is against how many something is said; it is counted as it comes, since thousands may fail at once.
 */
import type { Panic as Config } from '#contract/resilience/conduct.ts'
import type { Endpoint } from '../endpoint.ts'

/** Percent. */
const FEW = 50

export class Panic {
  /** Calls are to be refused. */
  isRefusing = false
  #config: Pick<Config, 'percent' | 'refuses'> = { percent: FEW, refuses: false }
  #endpoints: ReadonlySet<Endpoint> = new Set()
  /** Those of them that something is said against. */
  #marked = new Set<Endpoint>()
  /** Said to all of them. */
  #usesAll = false

  /** The endpoints from now on. `config`: undefined as where nobody says anything. */
  watch(endpoints: readonly Endpoint[], config: Config | undefined): void {
    this.#config = config ?? { percent: FEW, refuses: false }
    this.#endpoints = new Set(endpoints)
    this.#marked = new Set(endpoints.filter(({ marks }) => marks.length > 0))
    this.#weigh(true)
  }

  /** Something is said against it, or no more. */
  note(endpoint: Endpoint): void {
    // One that is gone may still be spoken of.
    if (!this.#endpoints.has(endpoint)) return
    if (endpoint.marks.length > 0) this.#marked.add(endpoint)
    else this.#marked.delete(endpoint)
    this.#weigh(false)
  }

  #weigh(areNew: boolean): void {
    const { percent, refuses } = this.#config
    const { size } = this.#endpoints
    const isPanic = (size - this.#marked.size) * 100 < percent * size
    this.isRefusing = isPanic && refuses
    const usesAll = isPanic && !refuses
    if (usesAll === this.#usesAll && !areNew) return
    this.#usesAll = usesAll
    for (const endpoint of this.#endpoints) endpoint.setPanic(usesAll)
  }
}
