/** Limits of an HTTP/2 connection: sizes in bytes, times in milliseconds, rates a second. Each is a setting. */
export interface Http2Limits {
  /** Largest frame that the peer may send (SETTINGS_MAX_FRAME_SIZE). */
  readonly maxFrameBytes: number
  /** Header list of a message, 32 bytes a field included; the compressed block may not be larger either. */
  readonly maxHeaderListBytes: number
  readonly maxFields: number
  /** Frames that may continue one header block. */
  readonly maxContinuations: number
  /** Streams that the peer may have open at a time. */
  readonly maxStreams: number
  /** Dynamic table of the decoder. */
  readonly headerTableBytes: number
  /** Of a body that was received and not passed on yet, for one stream and for all. */
  readonly streamWindowBytes: number
  readonly connectionWindowBytes: number
  /** Written and not taken by the peer: above the first no DATA is sent, above the second the connection ends. */
  readonly maxPendingBytes: number
  readonly maxBacklogBytes: number
  /**
   * Streams that the peer may reset, or make us reset, before they are complete: at once, and a second; each complete
   * one allows another. To be raised for peers that carry the calls of many, as data planes do.
   */
  readonly resetBurst: number
  readonly resetsPerSecond: number
  /** Frames that cost work and move nothing (PING, SETTINGS, empty DATA, useless WINDOW_UPDATE, …), likewise. */
  readonly idleFrameBurst: number
  readonly idleFramesPerSecond: number
  /** Preface and SETTINGS of the peer, its acknowledgement of ours, and a header block from first to last frame. */
  readonly handshakeTimeoutMs: number
  readonly headTimeoutMs: number
  /** A silent connection is asked with PING; without an answer in time it is dead. */
  readonly pingAfterMs: number
  readonly pingTimeoutMs: number
  /** How long the peer may take to close a connection that we have ended. */
  readonly lingerMs: number
}

export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxFrameBytes: 16 * 1024,
  maxHeaderListBytes: 60 * 1024,
  maxFields: 100,
  maxContinuations: 32,
  maxStreams: 1024,
  headerTableBytes: 4096,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 16 * 1024 * 1024,
  maxPendingBytes: 256 * 1024,
  maxBacklogBytes: 1024 * 1024,
  resetBurst: 500,
  resetsPerSecond: 100,
  idleFrameBurst: 2000,
  idleFramesPerSecond: 500,
  handshakeTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  pingAfterMs: 30_000,
  pingTimeoutMs: 10_000,
  lingerMs: 2000,
}
