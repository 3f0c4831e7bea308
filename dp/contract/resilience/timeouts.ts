/** How long calls and connections may take. Milliseconds; 0: no limit. */
import type { Reader } from '../reader.ts'

/** Of one HTTP call. What is absent is as the data plane's own limits say (dp/codec/limits.ts); they know no other two. */
export interface CallTimeouts {
  /** Who said so: `KIND/POLICY`, for logs and reasons. */
  readonly policy: string
  /** From the last byte of the request to the last of its response; absent: no limit. */
  readonly requestMs?: number
  /** Without a byte in either direction. */
  readonly streamIdleMs?: number
  /** From the head of the request to the last byte of its response; absent: no limit. */
  readonly maxStreamMs?: number
}

export const MAX_MS = 2_147_483_647

export function readTimeouts(reader: Reader): CallTimeouts {
  return {
    policy: reader.text('policy'),
    ...(reader.has('requestMs') && { requestMs: readMs(reader, 'requestMs') }),
    ...(reader.has('streamIdleMs') && { streamIdleMs: readMs(reader, 'streamIdleMs') }),
    ...(reader.has('maxStreamMs') && { maxStreamMs: readMs(reader, 'maxStreamMs') }),
  }
}

/** `least`: 0 where 0 says that there is no limit. */
export function readMs(reader: Reader, name: string, least = 0): number {
  return reader.integer(name, least, MAX_MS)
}
