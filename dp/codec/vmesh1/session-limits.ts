/** Limits of a vmesh/1 session: sizes in bytes, times in milliseconds, rates a second. */
export interface SessionLimits {
  /** Open at a time, of both sides the smaller one. More need another connection. */
  readonly maxStreams: number
  /** What the streams of a connection may keep beyond 64 KiB each, all together. */
  readonly sharedWindowBytes: number
  /** A call that moves so much in half a second is bulk: others take a second connection. */
  readonly bulkBytes: number
  /** Written and not taken by the peer: above the first no DATA is sent, above the second the peer is not read. */
  readonly maxPendingBytes: number
  readonly maxBacklogBytes: number
  /**
   * Frames that cost work and move nothing, and streams that are reset before they have ended: so many at once, and
   * a second; beyond, the peer is read that slowly.
   */
  readonly nuisanceBurst: number
  readonly nuisancesPerSecond: number
  /** A silent connection is asked with PING; without an answer in time it is dead. */
  readonly pingAfterMs: number
  readonly pingTimeoutMs: number
  /** How long a peer may go on with a connection that we have ended, so that it can read our last answer. */
  readonly lingerMs: number
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxStreams: 1024,
  sharedWindowBytes: 16 * 1024 * 1024,
  bulkBytes: 1024 * 1024,
  maxPendingBytes: 256 * 1024,
  maxBacklogBytes: 1024 * 1024,
  nuisanceBurst: 10_000,
  nuisancesPerSecond: 2000,
  pingAfterMs: 5000,
  pingTimeoutMs: 10_000,
  lingerMs: 2000,
}
