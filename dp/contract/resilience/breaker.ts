/** What bounds the calls to a cluster, and what takes endpoints with bad answers out of it (kuma-semantics 3.3). */
import type { Reader } from '../reader.ts'
import { readMs } from './timeouts.ts'

const MAX_COUNT = 4_294_967_295

/** What is under way at once from this data plane to the cluster; more is refused at once. Absent: as Envoy's defaults say. */
export interface CallLimits {
  /** `KIND/POLICY`. */
  readonly policy: string
  /** Connections, of TCP one for each of a client; HTTP calls share few. */
  readonly maxConnections?: number
  /** Calls that wait for a connection. */
  readonly maxPending?: number
  /** HTTP calls. */
  readonly maxRequests?: number
  /** Calls that are made again. */
  readonly maxRetries?: number
}

/** Detectors that are absent are off. */
export interface OutlierDetection {
  /** `KIND/POLICY`. */
  readonly policy: string
  /** How often the shares are looked at, and how often a multiplier falls by one. */
  readonly intervalMs: number
  /** Times how often the endpoint was taken out. */
  readonly baseEjectionMs: number
  /** Of the endpoints; one more than that is never out. */
  readonly maxEjectionPercent: number
  /** Failures to reach an endpoint count for `consecutiveLocal` and not as answers. */
  readonly splitsErrors: boolean
  readonly consecutive5xx?: number
  /** 502, 503, 504. */
  readonly consecutiveGateway?: number
  readonly consecutiveLocal?: number
  readonly successRate?: Share & {
    /** Standard deviations below the mean. */
    readonly factor: number
  }
  readonly failurePercentage?: Share & { readonly threshold: number }
}

interface Share {
  /** With enough requests, for the detector to act. */
  readonly minimumHosts: number
  /** In an interval, for an endpoint to count. */
  readonly requestVolume: number
}

export function readCallLimits(reader: Reader): CallLimits {
  return {
    policy: reader.text('policy'),
    ...(reader.has('maxConnections') && { maxConnections: reader.integer('maxConnections', 0, MAX_COUNT) }),
    ...(reader.has('maxPending') && { maxPending: reader.integer('maxPending', 0, MAX_COUNT) }),
    ...(reader.has('maxRequests') && { maxRequests: reader.integer('maxRequests', 0, MAX_COUNT) }),
    ...(reader.has('maxRetries') && { maxRetries: reader.integer('maxRetries', 0, MAX_COUNT) }),
  }
}

export function readOutlierDetection(reader: Reader): OutlierDetection {
  const successRate = reader.nullable('successRate')
  const failurePercentage = reader.nullable('failurePercentage')
  const count = (name: string) => reader.integer(name, 1, MAX_COUNT)
  return {
    policy: reader.text('policy'),
    intervalMs: readMs(reader, 'intervalMs', 1),
    baseEjectionMs: readMs(reader, 'baseEjectionMs', 1),
    maxEjectionPercent: reader.integer('maxEjectionPercent', 0, 100),
    splitsErrors: reader.flag('splitsErrors'),
    ...(reader.has('consecutive5xx') && { consecutive5xx: count('consecutive5xx') }),
    ...(reader.has('consecutiveGateway') && { consecutiveGateway: count('consecutiveGateway') }),
    ...(reader.has('consecutiveLocal') && { consecutiveLocal: count('consecutiveLocal') }),
    ...(successRate && {
      successRate: { ...readShare(successRate), factor: successRate.number('factor', 0, MAX_COUNT) },
    }),
    ...(failurePercentage && {
      failurePercentage: {
        ...readShare(failurePercentage),
        threshold: failurePercentage.integer('threshold', 0, 100),
      },
    }),
  }
}

function readShare(reader: Reader): Share {
  return {
    minimumHosts: reader.integer('minimumHosts', 1, MAX_COUNT),
    requestVolume: reader.integer('requestVolume', 1, MAX_COUNT),
  }
}
