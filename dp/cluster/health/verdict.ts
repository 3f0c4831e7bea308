/** What a probe has found, and what that makes of an endpoint (kuma-semantics 3.4). */
import type { HealthCheck } from '#contract/resilience/health-check.ts'

export interface Finding {
  /** Why it is bad, in words; '' where all is well. */
  readonly fault: string
  /** The endpoint itself says that it is not to be used. */
  readonly isFinal: boolean
}

export const WELL: Finding = { fault: '', isFinal: false }

export function bad(fault: string, isFinal = false): Finding {
  return { fault, isFinal }
}

type Thresholds = Pick<HealthCheck, 'unhealthyThreshold' | 'healthyThreshold'>

/** Told whether a probe went well, exactly once. */
export type Told = (finding: Finding) => void

/** The health of one endpoint by one check: the first finding decides, then as many in a row as the thresholds say. */
export class Verdict {
  isHealthy = true
  /** Of the last probe that went wrong while it was unhealthy. */
  fault = ''
  #isKnown = false
  /** Findings in a row that speak against what it is taken for. */
  #contrary = 0

  /** True: it is taken for something else than before. */
  take({ fault, isFinal }: Finding, { unhealthyThreshold, healthyThreshold }: Thresholds): boolean {
    const isWell = fault === ''
    const isFirst = !this.#isKnown
    this.#isKnown = true
    if (!isWell) this.fault = fault
    if (isWell === this.isHealthy) {
      this.#contrary = 0
      return false
    }
    this.#contrary++
    const threshold = isWell ? healthyThreshold : unhealthyThreshold
    if (!isFirst && !isFinal && this.#contrary < threshold) return false
    this.isHealthy = isWell
    this.#contrary = 0
    return true
  }
}
