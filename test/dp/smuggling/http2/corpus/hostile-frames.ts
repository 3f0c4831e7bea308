/**
 * Building blocks of the HTTP/2 corpus: frames on stream 1 with what is meant to become of them, and behind them a good
 * request on a higher stream.
 */
import { block, END_HEADERS, END_STREAM, frame, headers } from '../../../../support/http2-peer.ts'

export type Field = readonly [name: string, value: string]

export interface HostileFrames {
  readonly name: string
  /** What follows the preface and SETTINGS. */
  readonly frames: Buffer
  /** Requests of it that reach the application whole, the last one included. */
  readonly passes: number
  /** The connection ends; what came before may be lost with it. */
  readonly isFatal: boolean
}

export const BODY = '[[[[['
/** What a request hidden in a body looks like. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n'
/** What ends a body in chunks, with a request hidden behind it. */
export const END_AND_SMUGGLED = `0\r\n\r\n${SMUGGLED}`
const LAST_STREAM = 201
const PART_BYTES = 16_000

/** Pseudo-headers of a request; `change` replaces some, and those that become '' are left out. */
export function pseudo(method = 'GET', change: Readonly<Record<string, string>> = {}): Field[] {
  const all = { ':method': method, ':scheme': 'http', ':authority': 'b', ':path': '/a', ...change }
  return Object.entries(all).filter(([, value]) => value !== '')
}

/** A request without a body. */
export function get(...fields: readonly Field[]): Buffer {
  return headers(1, END_STREAM, [...pseudo(), ...fields])
}

/** A request with a body in one frame. */
export function post(body: string, ...fields: readonly Field[]): Buffer {
  return Buffer.concat([headers(1, 0, [...pseudo('POST'), ...fields]), frame('DATA', END_STREAM, 1, body)])
}

const NEXT = headers(LAST_STREAM, END_STREAM, pseudo('GET', { ':path': '/next' }))

function hostile(name: string, passes: number, frames: readonly Buffer[], isFatal = false): HostileFrames {
  return { name, passes, isFatal, frames: Buffer.concat([...frames, NEXT]) }
}

/** Passes, and so does what follows. */
export function passed(name: string, ...frames: readonly Buffer[]): HostileFrames {
  return hostile(name, 2, frames)
}

/** The stream ends, the connection goes on. */
export function refused(name: string, ...frames: readonly Buffer[]): HostileFrames {
  return hostile(name, 1, frames)
}

/** Whole when the surplus comes: that is dropped, and the stream reset where it has no answer yet. */
export function surplus(name: string, ...frames: readonly Buffer[]): HostileFrames {
  return hostile(name, 2, frames)
}

/** The connection ends; `before`: requests that may have passed. */
export function fatal(name: string, before: number, ...frames: readonly Buffer[]): HostileFrames {
  return hostile(name, before, frames, true)
}

/** A block larger than a frame. */
export function inParts(fields: readonly Field[]): Buffer {
  const bytes = block(...fields)
  const frames = [frame('HEADERS', END_STREAM, 1, bytes.subarray(0, PART_BYTES))]
  for (let at = PART_BYTES; at < bytes.length; at += PART_BYTES) {
    const isLast = at + PART_BYTES >= bytes.length
    frames.push(frame('CONTINUATION', isLast ? END_HEADERS : 0, 1, bytes.subarray(at, at + PART_BYTES)))
  }
  return Buffer.concat(frames)
}
