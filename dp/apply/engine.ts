/**
 * The engine: runs a snapshot. It gets plain data only (snapshots and identities) from whoever owns the link, so
 * that several engines can run in worker threads later.
 */
import type { Identity } from '#contract/identity.ts'
import type { Violation } from '#contract/messages.ts'
import type { Snapshot } from '#contract/snapshot.ts'

export type ApplyResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly violations: readonly Violation[] }

export interface Engine {
  /**
   * Prepare, commit, retire. Refused (a port in use, an unknown cluster): the violations name the section as
   * path, and all runs on as before. Calls are serialised by the caller.
   */
  apply(snapshot: Snapshot): Promise<ApplyResult>
  /** From now on new handshakes use it; connections of an expired certificate are closed at its end. */
  setIdentity(identity: Identity): void
  status(): EngineStatus
  /** Stops accepting, waits until nothing runs or `timeoutMs` is over, then cuts what is left. */
  drain(timeoutMs: number): Promise<void>
}

export interface EngineStatus {
  readonly inbounds: readonly InboundStatus[]
  readonly outbounds: readonly OutboundStatus[]
}

export interface InboundStatus {
  readonly address: string
  readonly port: number
  readonly service: string
  readonly protocol: string
  readonly connections: number
  readonly counters: Readonly<Record<string, number>>
}

export interface OutboundStatus {
  readonly address: string
  readonly port: number
  readonly cluster: string
  readonly protocol: string
  readonly connections: number
  readonly endpoints: readonly {
    readonly address: string
    readonly port: number
    readonly healthy: boolean
    /** Why it is not healthy, in words; empty when it is. */
    readonly reason: string
    readonly active: number
  }[]
  readonly counters: Readonly<Record<string, number>>
}
