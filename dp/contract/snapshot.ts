/**
 * All that one data plane runs, as named sections. A section's name says its type:
 *
 *   identity                         IdentityConfig      at most one; absent: the mesh has no mTLS
 *   trust/TRUST-DOMAIN               Trust
 *   listener/ADDRESS:PORT            InboundListener | OutboundListener
 *   cluster/NAME                     Cluster
 *
 * Equal sections have equal digests whoever gets them, so the control plane serialises each once and sends only
 * those that changed.
 */
import type { Cluster } from './cluster.ts'
import type { IdentityConfig, Trust } from './identity.ts'
import type { InboundListener, OutboundListener } from './listener.ts'

/** (epoch, revision): a restored store has a higher epoch, so a version never goes backwards. */
export interface Version {
  readonly epoch: number
  readonly revision: number
}

export interface Sections {
  readonly identity: IdentityConfig | null
  /** By trust domain. */
  readonly trust: ReadonlyMap<string, Trust>
  /** By `ADDRESS:PORT`, as in the section's name. */
  readonly listeners: ReadonlyMap<string, InboundListener | OutboundListener>
  /** By name. */
  readonly clusters: ReadonlyMap<string, Cluster>
}

export interface Snapshot extends Sections {
  readonly version: Version
}

/** Compares versions: negative when `a` is older than `b`. */
export function compareVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.revision - b.revision
}

/** The one spelling, also of ETags and on disk: `EPOCH-REVISION`. */
export function formatVersion(version: Version): string {
  return `${version.epoch}-${version.revision}`
}
