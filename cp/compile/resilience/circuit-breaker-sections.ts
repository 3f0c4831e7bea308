/** What either dialect says of limits and detectors → the contract's, with Envoy's defaults (Kuma semantics 3.3). */
import type { CallLimits, OutlierDetection } from '#contract/resilience/breaker.ts'
import { msOf } from './milliseconds.ts'

/** Envoy's; of retries 3, which the contract has as well. */
const MOST_UNDER_WAY = 1024
/** Nobody is that far below the others. */
const MAX_FACTOR = 1_000_000

/** Fields that are absent are Envoy's defaults: what another policy has said of limits is gone. */
export interface SaidLimits {
  readonly maxConnections?: number | undefined
  readonly maxPendingRequests?: number | undefined
  readonly maxRequests?: number | undefined
  readonly maxRetries?: number | undefined
}

export interface SaidOutliers {
  readonly interval?: string | undefined
  readonly baseEjectionTime?: string | undefined
  readonly maxEjectionPercent?: number | undefined
  readonly splitExternalAndLocalErrors?: boolean | undefined
  readonly total: Consecutive | undefined
  readonly gateway: Consecutive | undefined
  readonly local: Consecutive | undefined
  readonly successRate: SaidShare | undefined
  /** Of `successRate`. */
  readonly factor: number | undefined
  readonly failurePercentage: (SaidShare & { readonly threshold?: number | undefined }) | undefined
}

interface Consecutive {
  readonly consecutive?: number | undefined
}

interface SaidShare {
  readonly minimumHosts?: number | undefined
  readonly requestVolume?: number | undefined
}

/** `policy`: `KIND/POLICY`. */
export function limitsOf(policy: string, said: SaidLimits): CallLimits {
  return {
    policy,
    maxConnections: said.maxConnections ?? MOST_UNDER_WAY,
    maxPending: said.maxPendingRequests ?? MOST_UNDER_WAY,
    maxRequests: said.maxRequests ?? MOST_UNDER_WAY,
    ...(said.maxRetries !== undefined && { maxRetries: said.maxRetries }),
  }
}

/** Detectors that are not mentioned are off; null: all are. */
export function outliersOf(policy: string, said: SaidOutliers): OutlierDetection | null {
  const { successRate, failurePercentage } = said
  const detectors = {
    ...named('consecutive5xx', said.total),
    ...named('consecutiveGateway', said.gateway),
    ...named('consecutiveLocal', said.local),
    ...(successRate !== undefined && {
      successRate: {
        ...shareOf(successRate, 100),
        factor: Math.min(Math.max(0, said.factor ?? 1.9), MAX_FACTOR),
      },
    }),
    ...(failurePercentage !== undefined && {
      failurePercentage: { ...shareOf(failurePercentage, 50), threshold: failurePercentage.threshold ?? 85 },
    }),
  }
  if (Object.keys(detectors).length === 0) return null
  return {
    policy,
    intervalMs: Math.max(1, msOf(said.interval ?? '10s')),
    baseEjectionMs: Math.max(1, msOf(said.baseEjectionTime ?? '30s')),
    maxEjectionPercent: said.maxEjectionPercent ?? 10,
    splitsErrors: said.splitExternalAndLocalErrors ?? false,
    ...detectors,
  }
}

/** 0 in a row never comes about. */
function named<Name extends 'consecutive5xx' | 'consecutiveGateway' | 'consecutiveLocal'>(
  name: Name,
  said: Consecutive | undefined,
): { [N in Name]?: number } {
  const { consecutive = 5 } = said ?? { consecutive: 0 }
  return consecutive === 0 ? {} : ({ [name]: consecutive } as { [N in Name]?: number })
}

function shareOf({ minimumHosts = 5, requestVolume }: SaidShare, volume: number) {
  return { minimumHosts: Math.max(1, minimumHosts), requestVolume: Math.max(1, requestVolume ?? volume) }
}
