/** How the endpoints of a cluster are treated: what bounds and judges the calls to them. Part of clusters and upstreams. */
import type { Reader } from '../reader.ts'
import { type CallLimits, type OutlierDetection, readCallLimits, readOutlierDetection } from './breaker.ts'
import { type HealthCheck, readHealthCheck } from './health-check.ts'
import { readMs } from './timeouts.ts'

export interface Conduct {
  /** How long a connection is kept on which nothing runs; absent: as the data plane's limits say; 0: no limit. */
  readonly idleMs?: number
  /** Connections older than that take no more calls; absent or 0: no limit. */
  readonly maxConnectionMs?: number
  /** Absent: those of the data plane, and three retries at once. */
  readonly limits?: CallLimits
  /** Absent: no endpoint is taken out because of its answers. */
  readonly outliers?: OutlierDetection
  readonly healthChecks?: readonly HealthCheck[]
  readonly panic?: Panic
}

/** What happens where too few endpoints are healthy; absent: `percent` is 50. */
export interface Panic {
  /** `KIND/POLICY`. */
  readonly policy: string
  /** Below this share of healthy endpoints all are used, as if all were healthy; 0: never. */
  readonly percent: number
  /** Calls are refused instead. */
  readonly refuses: boolean
}

export function readConduct(reader: Reader): Conduct {
  const panic = reader.nullable('panic')
  return {
    ...(reader.has('idleMs') && { idleMs: readMs(reader, 'idleMs') }),
    ...(reader.has('maxConnectionMs') && { maxConnectionMs: readMs(reader, 'maxConnectionMs') }),
    ...(reader.has('limits') && { limits: readCallLimits(reader.object('limits')) }),
    ...(reader.has('outliers') && { outliers: readOutlierDetection(reader.object('outliers')) }),
    ...(reader.has('healthChecks') && { healthChecks: reader.list('healthChecks').map(readHealthCheck) }),
    ...(panic && {
      panic: {
        policy: panic.text('policy'),
        percent: panic.number('percent', 0, 100),
        refuses: panic.flag('refuses'),
      },
    }),
  }
}
