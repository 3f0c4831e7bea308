/**
 * The frames between data plane and control plane: JSON text messages on one WebSocket, told apart by `type`.
 * The token and the data plane's mesh and name travel in the upgrade request, before any frame:
 *
 *   GET /v1/meshes/MESH/dataplanes/NAME/channel
 *   Authorization: Bearer TOKEN
 *   Sec-WebSocket-Protocol: vmesh.v1
 *
 * The data plane pings every `pingMs`; a side that hears nothing for `leaseMs` closes the connection.
 */
import type { Answer, Question } from './questions.ts'
import type { Violation } from './reader.ts'
import type { InboundReadiness } from './resilience/service-probe.ts'
import type { Version } from './snapshot.ts'

/** First frame of the data plane. */
export interface Hello {
  readonly type: 'hello'
  readonly protocol: number
  /** Random id of the installation, kept in the state folder. */
  readonly instance: string
  /** Counts starts of the instance; a higher one takes the session over. */
  readonly incarnation: number
  /** The Dataplane to register (JSON of the file); null: it exists already. */
  readonly dataplane: unknown
  readonly dpVersion: string
  readonly features: readonly string[]
  /** What it runs: digests by section name; null after a start without last good snapshot. */
  readonly have: { readonly version: Version; readonly digests: Readonly<Record<string, string>> } | null
  /** The addresses the daemon runs on, for the message to a second holder of the name. */
  readonly host: string
}

export interface Ack {
  readonly type: 'ack'
  readonly version: Version
  /** Names of the trust sections in use, with their digests: what staged rotation waits for. */
  readonly bundles: Readonly<Record<string, string>>
}

/** The snapshot cannot run; the old one keeps running. */
export interface Refuse {
  readonly type: 'refuse'
  readonly version: Version
  readonly violations: readonly Violation[]
}

/** Asks for a certificate; only the public key of the request is used. */
export interface IssueRequest {
  readonly type: 'issue'
  readonly id: number
  /** PKCS#10, PEM. */
  readonly csr: string
}

/** The certificate in use, which may be older than the session; sent by who runs a snapshot, and when it changes. */
export interface Report {
  readonly type: 'report'
  /** null: none, as in a mesh without mTLS. */
  readonly certificate: {
    readonly notBeforeMs: number
    readonly notAfterMs: number
    readonly backend: string
  } | null
}

/**
 * How the applications behind probed inbounds are: all of them, at the start of a session and when one changes. How often
 * an application may be told as ready again is bounded by the data plane.
 */
export interface Readiness {
  readonly type: 'readiness'
  /** By `ADDRESS:PORT` of the inbound; those of whom nothing is known yet are absent. */
  readonly inbounds: Readonly<Record<string, InboundReadiness>>
}

/** The daemon stops: deregister; answered by `left` once clients were told (or after 5 s). */
export interface Leave {
  readonly type: 'leave'
}

export type FromDataPlane = Hello | Ack | Refuse | IssueRequest | Report | Readiness | Answer | Leave

/** Answer to hello. */
export interface Welcome {
  readonly type: 'welcome'
  readonly protocol: number
  readonly controlPlane: string
  readonly pingMs: number
  readonly leaseMs: number
}

/**
 * The sections that changed against what the data plane has (all of them after a `have` of null), and the names
 * of those to drop. `digests` holds those of the changed sections.
 */
export interface SnapshotFrame {
  readonly type: 'snapshot'
  readonly version: Version
  /** Of `have` or the last acknowledged snapshot; the change applies to nothing else. */
  readonly base: Version | null
  readonly sections: Readonly<Record<string, unknown>>
  readonly digests: Readonly<Record<string, string>>
  readonly removed: readonly string[]
}

export interface Issued {
  readonly type: 'issued'
  readonly id: number
  /** Leaf first. */
  readonly chain: string
  readonly uris: readonly string[]
  readonly backend: string
  readonly trustDomain: string
}

export interface IssueRefused {
  readonly type: 'issue-refused'
  readonly id: number
  readonly reason: string
}

/**
 * The session ends. `permanent`: trying again will not help until a person changes something (exit 78 at start).
 */
export interface Reject {
  readonly type: 'reject'
  readonly code: string
  readonly message: string
  readonly violations: readonly Violation[]
  readonly permanent: boolean
}

export interface Left {
  readonly type: 'left'
}

export type FromControlPlane = Welcome | SnapshotFrame | Issued | IssueRefused | Question | Reject | Left

/** Path of the upgrade request. */
export function channelPath(mesh: string, name: string): string {
  return `/v1/meshes/${encodeURIComponent(mesh)}/dataplanes/${encodeURIComponent(name)}/channel`
}

/** WebSocket subprotocols, newest first: the protocol number is negotiated here. */
export const SUBPROTOCOLS = ['vmesh.v1'] as const
