/**
 * Policies for the calls to `api`, `rpc` and `store` that change all the time and ask for no failure: whatever they say, a healthy endpoint
 * serves. Retries and the breaker's number of retries stay, with other values, for without them calls must fail.
 */

export interface PolicyChange {
  readonly type: string
  readonly path: string
  /** null: it is taken away. */
  readonly body: object | null
  /** For people: what it says now. */
  readonly conf: string
}

const COLLECTIONS: Readonly<Record<string, string>> = { MeshRetry: 'meshretries' }
/** How often an optional policy is taken away instead of changed. */
const REMOVED = 0.2

type Random = () => number

const between = (random: Random, from: number, to: number): number =>
  Math.floor(from + random() * (to - from))
const ms = (random: Random, from: number, to: number): string => `${between(random, from, to)}ms`
const to = (conf: object): object => ({
  targetRef: { kind: 'Mesh' },
  to: [{ targetRef: { kind: 'Mesh' }, default: conf }],
})
const from = (conf: object, kind: object = { kind: 'Mesh' }): object => ({
  targetRef: { kind: 'Mesh' },
  from: [{ targetRef: kind, default: conf }],
})

/** `perTryTimeout` is what saves calls from those that hang. */
function retry(random: Random): object {
  const both = {
    numRetries: between(random, 7, 10),
    perTryTimeout: ms(random, 400, 600),
    backOff: { baseInterval: ms(random, 2, 10), maxInterval: ms(random, 20, 60) },
  }
  return to({
    http: {
      ...both,
      retryOn: ['5xx', 'Reset', 'ConnectFailure', 'RefusedStream'],
      hostSelection: [{ predicate: 'OmitPreviousHosts' }],
    },
    // There is no choice of hosts for gRPC: others come in turn.
    grpc: both,
    tcp: { maxConnectAttempt: between(random, 5, 9) },
  })
}

function timeout(random: Random): object {
  return to({
    connectionTimeout: ms(random, 1000, 5000),
    idleTimeout: ms(random, 20_000, 60_000),
    http: { requestTimeout: ms(random, 20_000, 30_000), streamIdleTimeout: ms(random, 20_000, 30_000) },
  })
}

function breaker(random: Random): object {
  const many = () => between(random, 5000, 9000)
  return to({
    connectionLimits: {
      maxConnections: many(),
      maxPendingRequests: many(),
      maxRequests: many(),
      maxRetries: many(),
    },
    outlierDetection: {
      interval: ms(random, 500, 2000),
      baseEjectionTime: ms(random, 500, 2000),
      maxEjectionPercent: between(random, 10, 40),
      splitExternalAndLocalErrors: random() < 0.5,
      detectors: {
        totalFailures: { consecutive: between(random, 3, 8) },
        gatewayFailures: { consecutive: between(random, 3, 8) },
        localOriginFailures: { consecutive: between(random, 3, 8) },
        ...(random() < 0.3 && {
          failurePercentage: { minimumHosts: 5, requestVolume: 10, threshold: between(random, 60, 90) },
        }),
      },
    },
  })
}

function healthCheck(random: Random): object {
  return to({
    interval: ms(random, 300, 1000),
    timeout: ms(random, 200, 400),
    unhealthyThreshold: between(random, 1, 4),
    healthyThreshold: between(random, 1, 3),
    tcp: {},
    grpc: { disabled: true },
    http: random() < 0.5 ? { disabled: true } : { path: '/health', expectedStatuses: [200] },
  })
}

function rateLimit(random: Random): object {
  const rate = { num: between(random, 50_000, 90_000), interval: '1s' }
  return from({ local: { http: { requestRate: rate }, tcp: { connectionRate: rate } } })
}

function fault(random: Random): object {
  const httpStatus = between(random, 500, 599)
  return from({
    http: [{ abort: { httpStatus, percentage: 0 }, delay: { value: ms(random, 100, 900), percentage: 0 } }],
  })
}

function permission(random: Random): object {
  return from(
    { action: random() < 0.5 ? 'Deny' : 'Allow' },
    { kind: 'MeshService', name: `nobody-${between(random, 0, 7)}` },
  )
}

interface Changing {
  readonly type: string
  readonly make: (random: Random) => object
  readonly isNeeded: boolean
}

const CHANGING: readonly Changing[] = [
  { type: 'MeshRetry', make: retry, isNeeded: true },
  { type: 'MeshCircuitBreaker', make: breaker, isNeeded: true },
  { type: 'MeshTimeout', make: timeout, isNeeded: false },
  { type: 'MeshHealthCheck', make: healthCheck, isNeeded: false },
  { type: 'MeshRateLimit', make: rateLimit, isNeeded: false },
  { type: 'MeshFaultInjection', make: fault, isNeeded: false },
  { type: 'MeshTrafficPermission', make: permission, isNeeded: false },
]

/** One call, one that waits, one that is made again, at a time. */
export function tightBreaker(): PolicyChange {
  const connectionLimits = { maxConnections: 1, maxPendingRequests: 1, maxRequests: 1, maxRetries: 1 }
  const tight = { type: 'MeshCircuitBreaker', make: () => to({ connectionLimits }), isNeeded: true }
  return changeOf(tight, () => 0)
}

function changeOf({ type, make, isNeeded }: Changing, random: Random): PolicyChange {
  const name = 'chaos'
  const path = `/meshes/default/${COLLECTIONS[type] ?? `${type.toLowerCase()}s`}/${name}`
  const isRemoved = !isNeeded && random() < REMOVED
  if (isRemoved) return { type, path, body: null, conf: 'removed' }
  const spec = make(random)
  const conf = JSON.stringify(spec).replace(/^.*"default":/, '')
  return { type, path, body: { type, mesh: 'default', name, spec }, conf }
}

/** Those without which calls fail, to begin with. */
export function neededPolicies(random: Random): PolicyChange[] {
  return CHANGING.filter(({ isNeeded }) => isNeeded).map(changing => changeOf(changing, random))
}

/** One of them, with other values or taken away. */
export function nextPolicy(random: Random): PolicyChange {
  const changing = CHANGING[between(random, 0, CHANGING.length)]
  if (changing === undefined) throw new RangeError('random is below 1')
  return changeOf(changing, random)
}
