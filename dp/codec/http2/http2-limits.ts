/** Limits of an HTTP/2 connection, of clients and to applications and others: sizes in bytes, times in ms, rates a second. */
import { defaultsOf, type LimitsOf, limit } from '../limit.ts'

const KIB = 1024
const MIB = 1024 * KIB

export const HTTP2_LIMITS = {
  maxFrameBytes: limit(16 * KIB, 'Largest frame that the other side may send (SETTINGS_MAX_FRAME_SIZE).', {
    min: 16 * KIB,
    max: 16 * MIB - 1,
  }),
  maxHeaderListBytes: limit(
    60 * KIB,
    'Header list of a message, 32 bytes a field included; the compressed block may not be larger either.',
    { min: KIB, max: 16 * MIB },
  ),
  maxFields: limit(100, 'Header fields of a message.'),
  maxContinuations: limit(32, 'Frames that may continue one header block.', { min: 0 }),
  maxStreams: limit(1024, 'Streams that the other side may have open at a time.'),
  headerTableBytes: limit(4 * KIB, 'Dynamic table of the decoder (SETTINGS_HEADER_TABLE_SIZE).', {
    min: 0,
    max: MIB,
  }),
  streamWindowBytes: limit(256 * KIB, 'Of a body that was received and not passed on yet, for one stream.'),
  connectionWindowBytes: limit(16 * MIB, 'The same for all streams of a connection.', { min: 64 * KIB }),
  maxPendingBytes: limit(
    256 * KIB,
    'Written and not taken by the other side: above it no more of a body is sent.',
  ),
  maxBacklogBytes: limit(MIB, 'Written and not taken by the other side: above it the connection ends.'),
  resetBurst: limit(
    500,
    'Streams that the other side may reset, or make us reset, before they are complete, at once. Each complete one allows another. To be raised for peers that carry the calls of many.',
    { min: 0 },
  ),
  resetsPerSecond: limit(100, 'The same, a second.', { min: 0 }),
  idleFrameBurst: limit(
    2000,
    'Frames that cost work and move nothing (PING, SETTINGS, empty DATA, useless WINDOW_UPDATE, …), at once.',
    { min: 10 },
  ),
  idleFramesPerSecond: limit(500, 'The same, a second.', { min: 0 }),
  handshakeTimeoutMs: limit(
    10_000,
    'Preface and SETTINGS of the other side, and its acknowledgement of ours.',
  ),
  headTimeoutMs: limit(10_000, 'A header block from its first to its last frame.'),
  pingAfterMs: limit(30_000, 'A connection that is silent for so long is asked with PING.'),
  pingTimeoutMs: limit(10_000, 'Without an answer to PING in time it is dead.'),
  lingerMs: limit(2000, 'How long the other side may take to close a connection that we have ended.'),
} as const

export type Http2Limits = LimitsOf<typeof HTTP2_LIMITS>

export const DEFAULT_HTTP2_LIMITS: Http2Limits = defaultsOf(HTTP2_LIMITS)
