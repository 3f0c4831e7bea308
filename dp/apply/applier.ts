/**
 * The engine: prepare (prepare.ts; may fail, changes nothing), commit (one synchronous step: no call sees half of a
 * snapshot), retire (what is gone finishes what it has). State that outlives a snapshot is kept by cluster name,
 * endpoint address and listening address.
 */
import type { Logger } from '#base/log.ts'
import type { RunningStatistics } from '#contract/questions.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import { Cluster, type ClusterEnvironment } from '../cluster/cluster.ts'
import type { HealthChange } from '../cluster/endpoint.ts'
import { Deadlines } from '../codec/deadlines.ts'
import { DEFAULT_LIMITS, type Limits } from '../codec/limits.ts'
import { Load } from '../codec/load.ts'
import { Inbound } from '../listener/inbound.ts'
import { TcpListener } from '../listener/tcp-listener.ts'
import { readIdentity } from '../tls/credentials.ts'
import { MeshTls, type TrustDomain } from '../tls/mesh-tls.ts'
import { drain } from './drain.ts'
import type { Engine } from './engine.ts'
import { type Bind, type Prepared, prepare } from './prepare.ts'
import { type RunningListener, Runtime } from './runtime.ts'
import { SharedCells } from './shared-cells.ts'
import { statusOf } from './status.ts'

export interface EngineOptions {
  readonly log: Logger
  /** DEFAULT_LIMITS where left out. */
  readonly limits?: Partial<Limits>
  /** Of all engines of this data plane; its own where left out. */
  readonly load?: Load
  /** Of all engines of this data plane; its own where left out. */
  readonly cells?: SharedCells
  /** How a listening socket is had; TcpListener.bind where left out. */
  readonly bind?: Bind
  /** Told when an endpoint of a called service is found out of reach, or again within. */
  readonly onHealth?: (change: HealthChange) => void
  /** One engine of a data plane probes endpoints for all; true where left out. */
  readonly checksHealth?: boolean
}

/** An engine in this thread. */
export interface LocalEngine extends Engine {
  status(): RunningStatistics
  /** What another engine of this data plane has found out about an endpoint. */
  hear(change: HealthChange): void
  /** Those that run now, by `ADDRESS:PORT`. */
  readonly listeners: ReadonlyMap<string, RunningListener>
}

export function createEngine(options: EngineOptions): LocalEngine {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const { log, bind = TcpListener.bind, onHealth = () => {} } = options
  const load = options.load ?? new Load(limits)
  const cells = options.cells ?? new SharedCells(log)
  const environment = {
    limits,
    log,
    load,
    deadlines: new Deadlines(),
    tls: new MeshTls(limits),
    onHealth,
    cells: (name: string, count: number) => cells.of(name, count),
    checksHealth: options.checksHealth ?? true,
  }
  const runtime = new Runtime(environment)
  return {
    async apply(snapshot) {
      const prepared = await prepare(snapshot, runtime, bind)
      if (!('changes' in prepared)) {
        log.warn({ violations: prepared }, 'snapshot refused, the one before keeps running')
        return { ok: false, violations: prepared }
      }
      commit(snapshot, prepared, runtime, environment)
      const { listeners, clusters } = prepared.changes
      log.debug({ listeners, clusters }, 'snapshot applied')
      return { ok: true }
    },
    setIdentity(identity) {
      environment.tls.setCredentials(readIdentity(identity))
    },
    status: () => statusOf(runtime),
    drain: timeoutMs => drain(runtime, timeoutMs),
    hear: change => {
      runtime.clusters.get(change.cluster)?.hear(change)
      for (const role of runtime.roles) {
        const isMeant = role instanceof Inbound && role.cluster.config.name === change.cluster
        if (isMeant) role.cluster.hear(change)
      }
    },
    get listeners() {
      return runtime.listeners
    },
  }
}

function commit(
  snapshot: Snapshot,
  prepared: Prepared,
  runtime: Runtime,
  environment: ClusterEnvironment,
): void {
  const { changes } = prepared
  const before = { clusters: runtime.clusters, listeners: runtime.listeners }
  const narrowed = environment.tls.setRoots(prepared.roots)
  const clusters = commitClusters(snapshot, prepared, runtime, environment)
  const listeners = commitListeners(snapshot, prepared, runtime, clusters)
  runtime.clusters = clusters
  runtime.listeners = listeners
  runtime.sections = snapshot
  recheck(narrowed, runtime)
  for (const key of changes.listeners.removed) {
    const gone = before.listeners.get(key)
    gone?.socket.close()
    if (gone !== undefined) runtime.retire(gone.role)
  }
  for (const name of changes.clusters.removed) before.clusters.get(name)?.retire()
}

function commitClusters(
  snapshot: Snapshot,
  { changes }: Prepared,
  runtime: Runtime,
  environment: ClusterEnvironment,
): ReadonlyMap<string, Cluster> {
  const changed = new Set(changes.clusters.changed)
  const clusters = new Map<string, Cluster>()
  for (const [name, config] of snapshot.clusters) {
    const running = runtime.clusters.get(name)
    if (running !== undefined && changed.has(name)) running.update(config)
    clusters.set(name, running ?? new Cluster(config, environment))
  }
  return clusters
}

function commitListeners(
  snapshot: Snapshot,
  { changes, sockets }: Prepared,
  runtime: Runtime,
  clusters: ReadonlyMap<string, Cluster>,
): ReadonlyMap<string, RunningListener> {
  const changed = new Set(changes.listeners.changed)
  const listeners = new Map<string, RunningListener>()
  for (const [key, config] of snapshot.listeners) {
    const running = runtime.listeners.get(key)
    const socket = sockets.get(key)
    if (running !== undefined) {
      listeners.set(key, changed.has(key) ? runtime.change(running, config, clusters) : running)
    } else if (socket !== undefined) {
      const role = runtime.start(config, clusters)
      socket.open(raw => role.accept(raw))
      listeners.set(key, { socket, role })
    }
  }
  return listeners
}

/** Ends what was made on the word of a root that is not trusted any more. */
function recheck(narrowed: readonly TrustDomain[], runtime: Runtime): void {
  if (narrowed.length === 0) return
  for (const cluster of runtime.clusters.values()) cluster.recheck(narrowed)
  for (const role of runtime.roles) if (role instanceof Inbound) role.recheck(narrowed)
}
