/**
 * The limits of the engine as one object: sizes in bytes, times in milliseconds. Times are checked by a coarse sweep
 * (deadlines.ts), so they hold to within a second.
 */
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from './http2/http2-limits.ts'
import { defaultsOf, type LimitsOf, limit } from './limit.ts'
import { DEFAULT_LOAD_LIMITS, type LoadLimits } from './load.ts'
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from './vmesh1/session-limits.ts'

const KIB = 1024

export const ENGINE_LIMITS = {
  maxHeadBytes: limit(
    60 * KIB,
    'Head of a request or response of HTTP/1.1: start line, fields and the blank line.',
    {
      min: KIB,
      max: 1024 * KIB,
    },
  ),
  maxFields: limit(100, 'Header fields of one head.'),
  headTimeoutMs: limit(10_000, 'From the first byte of the head of a request to its last.'),
  keepAliveMs: limit(3_600_000, 'How long a client may keep a connection on which no request runs.'),
  streamIdleMs: limit(
    1_800_000,
    'A call, or an upgraded connection, on which no byte moves in either direction, ends.',
  ),
  inboundRequestMs: limit(
    15_000,
    "From the last byte of a request to the last of the application's response, where no MeshTimeout says otherwise; 0: no limit.",
    { min: 0 },
  ),
  tcpIdleMs: limit(3_600_000, 'A TCP connection on which no byte moves in either direction ends.'),
  maxDiscardBytes: limit(
    256 * KIB,
    'Rest of a body that is read and dropped to keep a connection after an answer that did not need it.',
    { min: 0 },
  ),
  maxReplayBytes: limit(
    64 * KIB,
    'Of a request, kept while it may have to be made again; a longer one is made once.',
  ),
  maxPipelinedBytes: limit(64 * KIB, 'Kept of later requests while one is running; then reading stops.'),
  handshakeTimeoutMs: limit(10_000, 'TLS handshake of a connection that was accepted.'),
  localIdleMs: limit(
    3000,
    'How long an idle connection to the local application is kept; below the keep-alive time of common servers.',
  ),
  meshIdleMs: limit(
    60_000,
    'How long an idle connection to another data plane is kept; far below `keepAlive` of that side.',
  ),
  maxConnections: limit(8192, 'Connections, or calls on shared connections, to one endpoint.'),
  maxConnecting: limit(8, 'Connections that are being made to one endpoint at a time.'),
  maxWaiting: limit(
    8192,
    'Calls that wait for a connection to one endpoint; more are refused with `overflow`.',
  ),
  backoffMs: limit(
    200,
    'First pause before an endpoint that failed is tried again while others are healthy.',
  ),
  maxBackoffMs: limit(10_000, 'Longest of these pauses, which double.'),
  redialMs: limit(50, 'First pause between attempts to make the connection to a data plane.'),
  maxRedialMs: limit(1000, 'Longest of these pauses, which double.'),
  maxCopies: limit(
    1024,
    'Copies of requests on their way to the mirrors of one outbound; more are left out, as `mirrorsLost` tells.',
  ),
  copyIdleMs: limit(15_000, 'A copy of a request on which no byte moves, its answer included, is given up.'),
  retireMs: limit(30_000, 'How long the connections of a removed listener may finish.', { min: 0 }),
} as const

export interface Limits extends SessionLimits, LoadLimits, LimitsOf<typeof ENGINE_LIMITS> {
  readonly http2: Http2Limits
}

export const DEFAULT_LIMITS: Limits = {
  ...DEFAULT_SESSION_LIMITS,
  ...DEFAULT_LOAD_LIMITS,
  ...defaultsOf(ENGINE_LIMITS),
  http2: DEFAULT_HTTP2_LIMITS,
}
