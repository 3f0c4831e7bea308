/**
 * What acts in a data plane that runs some sections, what it fills in itself included: asked of the objects that do the
 * work. Two snapshots that act alike are equal here, whatever they leave out.
 */
import { silentLogger } from '#base/log.ts'
import type { Cluster as ClusterConfig } from '#contract/cluster.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { Panic } from '#contract/resilience/conduct.ts'
import { CELLS_BYTES, SharedCells } from '../../dp/apply/shared-cells.ts'
import { CallCounts } from '../../dp/cluster/call-counts.ts'
import { Cluster } from '../../dp/cluster/cluster.ts'
import { Destination } from '../../dp/cluster/destination.ts'
import { Deadlines } from '../../dp/codec/deadlines.ts'
import { DEFAULT_LIMITS } from '../../dp/codec/limits.ts'
import { Load } from '../../dp/codec/load.ts'
import { ListenerCounters } from '../../dp/listener/counters.ts'
import { Inbound } from '../../dp/listener/inbound.ts'
import { Outbound } from '../../dp/listener/outbound.ts'
import type { RoleEnvironment } from '../../dp/listener/role.ts'
import { MeshTls } from '../../dp/tls/mesh-tls.ts'
import { aCluster } from './snapshots.ts'

/** Of all sections, by name; plain data. */
export function actingOf(sections: ReadonlyMap<string, object>): Readonly<Record<string, unknown>> {
  const clusters = new Map<string, Cluster>()
  const acting: Record<string, unknown> = {}
  for (const [name, section] of sections) {
    if (!name.startsWith('cluster/')) continue
    const config = section as ClusterConfig
    clusters.set(config.name, new Cluster(aCluster(config.name, [1]), environment()))
    acting[name] = clusterActing(config)
  }
  for (const [name, section] of sections)
    if (name.startsWith('listener/'))
      acting[name] = listenerActing(section as InboundListener | OutboundListener, clusters)
  return JSON.parse(JSON.stringify(acting))
}

function listenerActing(
  section: InboundListener | OutboundListener,
  clusters: ReadonlyMap<string, Cluster>,
): object {
  const counters = new ListenerCounters()
  const { timeouts: _, ...said } = section
  if (section.direction === 'inbound') {
    const role = new Inbound(section, environment(), counters)
    // nobody is judged any more
    role.retire(0)
    return { ...said, ...timesOf(role), upstream: clusterActing(role.cluster.config) }
  }
  return { ...said, ...timesOf(new Outbound(section, clusters, environment(), counters)) }
}

function timesOf({ rules }: Inbound | Outbound): object {
  const { requestMs, maxStreamMs, idleMs, headMs, tcpIdleMs, policy, retry } = rules
  const times = {
    requestMs,
    maxStreamMs,
    idleMs: coarse(idleMs),
    tcpIdleMs: coarse(tcpIdleMs),
    headMs,
  }
  return { ...times, policy, isRetried: retry !== null }
}

/** Sweeps are late by a second or not. */
function coarse(ms: number): string {
  return String(Math.floor(ms / 2000) * 2000)
}

function clusterActing(config: ClusterConfig): object {
  const { panic, limits, healthChecks = [], idleMs: _, maxConnectionMs: __, ...said } = config
  const { idleMs, maxConnectionMs, maxConnections, connectTimeoutMs } = new Destination(
    config,
    TLS,
    DEFAULT_LIMITS,
  )
  return {
    ...said,
    ...{ idleMs, maxConnectionMs, maxConnections, connectTimeoutMs },
    limits: { ...limits, maxRetries: retriesOf(config) },
    healthChecks: healthChecks.map(check => ({ unhealthyIntervalMs: check.intervalMs, ...check })),
    panic: panicOf(panic),
  }
}

function retriesOf({ limits }: ClusterConfig): number {
  const counts = new CallCounts(limits, new Int32Array(8))
  let retries = 0
  while (retries < 100 && counts.enterRetry()) retries++
  return retries
}

/** Percent of healthy endpoints at which they are not enough, -1: never, and what happens then. */
function panicOf(panic: Panic | undefined): object {
  const key = JSON.stringify(panic ?? null)
  const made = panics.get(key) ?? seenPanic(panic)
  panics.set(key, made)
  return made
}

const panics = new Map<string, object>()

function seenPanic(panic: Panic | undefined): object {
  const ports = Array.from({ length: 100 }, (_, i) => i + 1)
  const config = aCluster('many', ports, { tls: null, ...(panic !== undefined && { panic }) })
  const cluster = new Cluster(config, environment())
  for (const [i, endpoint] of cluster.endpoints.entries()) {
    endpoint.mark('failing', 'x')
    const refuses = i < 99 && cluster.pick([], 0) === null
    if (endpoint.isAllowed || refuses) return { belowPercent: 100 - i, refuses }
  }
  return { belowPercent: -1, refuses: false }
}

const TLS = new MeshTls(DEFAULT_LIMITS)

function environment(): RoleEnvironment {
  const cells = new SharedCells(silentLogger(), new SharedArrayBuffer(CELLS_BYTES))
  return {
    limits: DEFAULT_LIMITS,
    log: silentLogger(),
    load: new Load(DEFAULT_LIMITS, new SharedArrayBuffer(8)),
    deadlines: new Deadlines(),
    tls: TLS,
    checksHealth: false,
    onHealth: () => {},
    onEmpty: () => {},
    cells: (name, count) => cells.of(name, count),
  }
}
