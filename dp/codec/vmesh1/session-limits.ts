/** Limits of a vmesh/1 session: sizes in bytes, times in milliseconds, rates a second. */
import { defaultsOf, type LimitsOf, limit } from '../limit.ts'

const KIB = 1024
const MIB = 1024 * KIB

export const SESSION_LIMITS = {
  maxStreams: limit(
    1024,
    'Streams at a time, of both sides the smaller one. More calls take another connection.',
  ),
  sharedWindowBytes: limit(
    16 * MIB,
    'What the streams of a connection may keep beyond 64 KiB each, all together.',
    { min: 0 },
  ),
  bulkBytes: limit(
    MIB,
    'A call that moves so much in half a second is bulk: other calls take a second connection.',
  ),
  maxPendingBytes: limit(
    256 * KIB,
    'Written and not taken by the other side: above it no more is sent of bodies.',
  ),
  maxBacklogBytes: limit(
    MIB,
    'Written and not taken by the other side: above it the other side is not read.',
  ),
  nuisanceBurst: limit(
    10_000,
    'Frames that cost work and move nothing, and streams that are reset before they have ended, at once; beyond, the other side is read more slowly.',
    { min: 10 },
  ),
  nuisancesPerSecond: limit(2000, 'The same, a second.'),
  pingAfterMs: limit(5000, 'A connection that is silent for so long is asked with PING.'),
  pingTimeoutMs: limit(10_000, 'Without an answer to PING in time it is cut.'),
  lingerMs: limit(
    2000,
    'How long the other side, or a client of HTTP/1.1, may go on with a connection that we have ended, so that it can read our last answer; and how long a data plane that leaves waits for word that its callers have heard of it.',
  ),
} as const

export type SessionLimits = LimitsOf<typeof SESSION_LIMITS>

export const DEFAULT_SESSION_LIMITS: SessionLimits = defaultsOf(SESSION_LIMITS)
