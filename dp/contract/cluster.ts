/** A destination: the endpoints of one service (or subset of it) and how they are reached. */

export interface Cluster {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  /** null: endpoints are reached in plain text (mesh without mTLS). */
  readonly tls: ClusterTls | null
  readonly connectTimeoutMs: number
  /** What the endpoints speak, with prior knowledge; absent: HTTP/1.1, and between data planes what both prefer. */
  readonly protocol?: 'http2'
}

export interface Endpoint {
  /** IP address or DNS name. */
  readonly address: string
  readonly port: number
}

/** Part of the connection pool's key: two clusters share connections only where all of this is equal. */
export interface ClusterTls {
  readonly sni: string
  /** Trust domain whose bundle (`trust/TRUST-DOMAIN`) the server must chain to. */
  readonly trustDomain: string
  /** The server's certificate must hold at least one of these URI SANs. */
  readonly serverIds: readonly string[]
}
