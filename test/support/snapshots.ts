/** Builders for snapshots: sections with defaults, so that a test names only what it is about. */
import type { Cluster, ClusterTls } from '#contract/cluster.ts'
import type { Trust } from '#contract/identity.ts'
import type { InboundListener, OutboundListener, Permission, PermissionRule } from '#contract/listener.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import type { TestCa } from './certificates.ts'

export interface SnapshotParts {
  readonly listeners?: readonly (InboundListener | OutboundListener)[]
  readonly clusters?: readonly Cluster[]
  readonly trust?: readonly Trust[]
}

let revision = 0

export function aSnapshot(parts: SnapshotParts): Snapshot {
  return {
    version: { epoch: 1, revision: ++revision },
    identity: null,
    trust: new Map((parts.trust ?? []).map(trust => [trust.trustDomain, trust])),
    listeners: new Map((parts.listeners ?? []).map(one => [`${one.address}:${one.port}`, one])),
    clusters: new Map((parts.clusters ?? []).map(cluster => [cluster.name, cluster])),
  }
}

export const LOOPBACK = '127.0.0.1'

export function trustOf(...cas: readonly TestCa[]): Trust {
  return { trustDomain: cas[0]?.mesh ?? '', roots: cas.map(ca => ca.rootPem) }
}

export const ALLOW_ALL: Permission = {
  rules: [{ principals: [], action: 'allow', policy: 'MeshTrafficPermission/allow-all' }],
}
export const DENY_ALL: Permission = { rules: [] }

/** First matching rule decides. */
export function aRule(action: PermissionRule['action'], ...principals: string[]): PermissionRule {
  return { principals, action, policy: `MeshTrafficPermission/${action}-rule` }
}

/** With TLS of trust domain `default` and everybody allowed, unless told otherwise. */
export function anInbound(
  port: number,
  upstreamPort: number,
  options: Partial<InboundListener> & { permission?: Permission } = {},
): InboundListener {
  const { permission = ALLOW_ALL, ...rest } = options
  return {
    direction: 'inbound',
    address: LOOPBACK,
    port,
    protocol: 'http',
    service: 'backend',
    upstream: { address: LOOPBACK, port: upstreamPort },
    tls: { trustDomain: 'default', permission },
    ...rest,
  }
}

export function anOutbound(
  port: number,
  cluster: string,
  options: Partial<OutboundListener> = {},
): OutboundListener {
  return { direction: 'outbound', address: LOOPBACK, port, protocol: 'http', cluster, ...options }
}

/** Mesh TLS to `spiffe://default/NAME` unless told otherwise. */
export function aCluster(name: string, ports: readonly number[], options: Partial<Cluster> = {}): Cluster {
  return {
    name,
    endpoints: ports.map(port => ({ address: LOOPBACK, port })),
    tls: clusterTls(name),
    connectTimeoutMs: 2000,
    ...options,
  }
}

export function clusterTls(service: string, trustDomain = 'default'): ClusterTls {
  return { sni: service, trustDomain, serverIds: [`spiffe://${trustDomain}/${service}`] }
}

/** Of a health check: one probe a minute, one finding is enough. */
export const PROBE_TIMES = {
  policy: 'MeshHealthCheck/p',
  intervalMs: 60_000,
  timeoutMs: 60_000,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
  initialJitterMs: 0,
  intervalJitterMs: 0,
  intervalJitterPercent: 0,
  noTrafficIntervalMs: 60_000,
  reusesConnection: true,
  logsAllFailures: false,
} as const
