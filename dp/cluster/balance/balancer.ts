/** Whose turn it is, among endpoints that are alike: one interface for all ways to choose. */

/** An endpoint, as balancers see it. */
export interface Candidate {
  readonly endpoint: {
    /** The same for the same address. */
    readonly key: string
    readonly isHealthy: boolean
    /** Calls that run. */
    readonly active: number
  }
  readonly weight: number
}

export interface Balancer<Member extends Candidate> {
  /** One that is healthy and not among `tried`; null: there is none. `hash`: of the call, or NO_HASH. */
  pick(tried: readonly Member[], hash: number): Member | null
}
