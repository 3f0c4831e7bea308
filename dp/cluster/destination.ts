/** How the endpoints of a cluster are reached: what every connection of its pools has to be made with. */
import type { Cluster, ClusterTls } from '#contract/cluster.ts'
import type { Limits } from '../codec/limits.ts'
import type { MeshTls, TrustDomain } from '../tls/mesh-tls.ts'
import { type Peer, refuseServer } from '../tls/peer.ts'

export class Destination {
  readonly connectTimeoutMs: number
  /** null: plain text. */
  readonly target: ClusterTls | null
  readonly domain: TrustDomain | null
  /** How long an idle connection is kept. */
  readonly idleMs: number
  /** To one endpoint, each of which carries one call at a time. */
  readonly maxConnections: number
  /** Connections older than that take no new calls; 0: no limit. */
  readonly maxConnectionMs: number

  constructor(cluster: Cluster, tls: MeshTls, limits: Limits) {
    this.connectTimeoutMs = cluster.connectTimeoutMs
    this.target = cluster.tls
    this.domain = cluster.tls === null ? null : tls.domain(cluster.tls.trustDomain)
    this.maxConnections = Math.min(
      limits.maxConnections,
      cluster.limits?.maxConnections ?? limits.maxConnections,
    )
    const ownIdleMs = cluster.tls === null ? limits.localIdleMs : limits.meshIdleMs
    this.idleMs = Math.min(ownIdleMs, cluster.idleMs || ownIdleMs)
    this.maxConnectionMs = cluster.maxConnectionMs ?? 0
  }

  /** Whether a running call to that server may go on. */
  allows(peer: Peer): boolean {
    return this.target === null || refuseServer(peer, this.target.serverIds, Date.now()) === ''
  }
}
