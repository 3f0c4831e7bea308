/**
 * The frames of vmesh/1, as ARCHITECTURE.md tells them: a head of eight bytes, then the payload.
 *
 *   0  length of the payload, 16 bits
 *   2  type, 8 bits
 *   3  flags, 8 bits
 *   4  stream, 32 bits; 0 is the connection
 *
 * A frame of an unknown type is skipped, an unknown flag and what follows the known payload of a control frame as
 * well. What a peer would have to understand gets another ALPN name.
 */

export const FRAME_HEAD_BYTES = 8

/** Bytes of a stream. Flag END: the sender will send no more of them. */
export const DATA = 0
/** Opens a stream; only clients do. Payload: none yet. */
export const OPEN = 1
/** Ends a stream in both directions. Payload: a code of one byte. */
export const RESET = 2
/** Payload: 32 bits, so many more bytes of the stream may be sent. */
export const WINDOW = 3
/** Payload: eight bytes, to be sent back with the flag ACK. */
export const PING = 4
/** No new streams. Payload: 32 bits, the last stream that is served; then a code of one byte. Twice from a server. */
export const GOAWAY = 5
/** The server's first frame: it takes the client. Payload: 32 bits, streams at a time. */
export const HELLO = 6

/** Of DATA. */
export const END = 1
/** Of PING. */
export const ACK = 1

/** Codes of RESET. */
export const CUT = 0
/** Nothing was looked at that came since the last answer. */
export const REFUSED = 1

/** Codes of GOAWAY. */
export const LEAVING = 0
export const BAD_FRAME = 1
export const BAD_WINDOW = 2

/** Known payload of a control frame at most; what is longer is for later versions. */
export const MAX_CONTROL_BYTES = 8
/** Sent in one DATA frame, so that neighbours wait for no more: with its head it is one record of TLS. */
export const MAX_DATA_BYTES = 16 * 1024 - FRAME_HEAD_BYTES
/** Of a new stream, in each direction. */
export const FIRST_WINDOW_BYTES = 64 * 1024
export const MAX_WINDOW_BYTES = 0x7fff_ffff
export const MAX_STREAM_ID = 0xffff_ffff
