/**
 * The engine: runs a snapshot. It gets plain data only (snapshots and identities) from whoever owns the link, so one
 * runs in the same thread (applier.ts) as well as several in others (workers/).
 */
import type { Identity } from '#contract/identity.ts'
import type { RunningStatistics } from '#contract/questions.ts'
import type { Violation } from '#contract/reader.ts'
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
  /**
   * From now on new handshakes use it; connections of an expired certificate are closed at its end. Throws
   * `tls.bad-identity` for one that cannot be used, and keeps the one it had.
   */
  setIdentity(identity: Identity): void
  status(): RunningStatistics | Promise<RunningStatistics>
  /** Stops accepting, waits until nothing runs or `timeoutMs` is over, then cuts what is left. */
  drain(timeoutMs: number): Promise<void>
}
