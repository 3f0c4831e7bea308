/** A destination: the endpoints of one service (or subset of it) and how they are reached. */
import type { Balancer, HashPolicy } from './balancer.ts'
import type { Conduct } from './resilience/conduct.ts'

export interface Cluster extends Conduct {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  /** null: endpoints are reached in plain text (mesh without mTLS). */
  readonly tls: ClusterTls | null
  readonly connectTimeoutMs: number
  /** What the endpoints speak, with prior knowledge; absent: HTTP/1.1, and between data planes what both prefer. */
  readonly protocol?: 'http2'
  /** Absent: round robin. */
  readonly balancer?: Balancer
  /** Absent: calls have no hash. */
  readonly hashPolicies?: readonly HashPolicy[]
  /**
   * Percent: the share of healthy endpoints times this is what a priority can take, the rest goes to the next one
   * (Envoy's overprovisioning factor). Absent: 140.
   */
  readonly overprovisioning?: number
}

export interface Endpoint {
  /** IP address or DNS name. */
  readonly address: string
  readonly port: number
  /** Share of the calls beside its neighbours', at least 1; absent: 1. */
  readonly weight?: number
  /** 0 is asked first; absent: 0. */
  readonly priority?: number
  /** Endpoints of equal name share the locality's weight; absent: of none. */
  readonly locality?: Locality
}

/** A group of endpoints of one priority that gets its share of the calls as one. */
export interface Locality {
  readonly name: string
  /** At least 1; a locality with unhealthy endpoints takes less. */
  readonly weight: number
}

/** Part of the connection pool's key: two clusters share connections only where all of this is equal. */
export interface ClusterTls {
  readonly sni: string
  /** Trust domain whose bundle (`trust/TRUST-DOMAIN`) the server must chain to. */
  readonly trustDomain: string
  /** The server's certificate must hold at least one of these URI SANs. */
  readonly serverIds: readonly string[]
}
