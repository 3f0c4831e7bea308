/**
 * The limits of the engine as one object: sizes in bytes, times in milliseconds. Times are checked by a coarse sweep
 * (deadlines.ts), so they hold to within a second.
 */
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from './http2/http2-limits.ts'
import { DEFAULT_LOAD_LIMITS, type LoadLimits } from './load.ts'
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from './vmesh1/session-limits.ts'

export interface Limits extends SessionLimits, LoadLimits {
  /** Of HTTP/2 connections of clients and to applications. */
  readonly http2: Http2Limits
  /** Largest head of a request or response: start line, fields and the blank line. */
  readonly maxHeadBytes: number
  /** Most header fields of one head. */
  readonly maxFields: number
  /** From the first byte of a request head to its last. */
  readonly headTimeoutMs: number
  /** A client connection without a running request. */
  readonly keepAliveMs: number
  /** A running call or an upgraded connection on which no byte moves in either direction. */
  readonly streamIdleMs: number
  /** A TCP connection on which no byte moves in either direction. */
  readonly tcpIdleMs: number
  /** Rest of a request body that is read and dropped to keep a connection after an answer that did not need it. */
  readonly maxDiscardBytes: number
  /** Bytes of later requests kept while one is running; then reading stops. */
  readonly maxPipelinedBytes: number
  /** TLS handshake of an accepted connection. */
  readonly handshakeTimeoutMs: number
  /** Idle pooled connection to the local application; below the keep-alive time of common servers. */
  readonly localIdleMs: number
  /** Idle pooled connection to another data plane; far below `keepAliveMs` of that side. */
  readonly meshIdleMs: number
  /** To one endpoint. */
  readonly maxConnections: number
  /** Connections being made to one endpoint at a time. */
  readonly maxConnecting: number
  /** Calls that wait for a connection to one endpoint. */
  readonly maxWaiting: number
  /** First and longest pause before an endpoint that failed is tried again while others are healthy. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** First and longest pause between attempts to make the connection to a data plane. */
  readonly redialMs: number
  readonly maxRedialMs: number
  /** How long the connections of a removed listener may finish. */
  readonly retireMs: number
}

export const DEFAULT_LIMITS: Limits = {
  ...DEFAULT_SESSION_LIMITS,
  ...DEFAULT_LOAD_LIMITS,
  http2: DEFAULT_HTTP2_LIMITS,
  maxHeadBytes: 60 * 1024,
  maxFields: 100,
  headTimeoutMs: 10_000,
  keepAliveMs: 3_600_000,
  streamIdleMs: 1_800_000,
  tcpIdleMs: 3_600_000,
  maxDiscardBytes: 256 * 1024,
  maxPipelinedBytes: 64 * 1024,
  handshakeTimeoutMs: 10_000,
  localIdleMs: 3000,
  meshIdleMs: 60_000,
  maxConnections: 8192,
  maxConnecting: 8,
  maxWaiting: 8192,
  backoffMs: 200,
  maxBackoffMs: 10_000,
  redialMs: 50,
  maxRedialMs: 1000,
  retireMs: 30_000,
}
