/** DATA and trailers of HTTP/2 as chunks of HTTP/1.1 (RFC 9112 §7.1). */
import type { FieldList } from '../field-list.ts'
import { isForTrailer, linesOf } from './field-lines.ts'

const LINE_END = 2
const LAST_CHUNK = '0\r\n\r\n'

/** `bytes[start, end)` as a chunk, none where it is empty, and with `isEnd` the end of the body. A copy. */
export function chunkedData(bytes: Buffer, start: number, end: number, isEnd: boolean): Buffer {
  const count = end - start
  const front = count > 0 ? `${count.toString(16)}\r\n` : ''
  const back = (count > 0 ? LINE_END : 0) + (isEnd ? LAST_CHUNK.length : 0)
  const chunk = Buffer.allocUnsafe(front.length + count + back)
  let at = chunk.write(front, 0, 'latin1')
  at += bytes.copy(chunk, at, start, end)
  if (count > 0) at += chunk.write('\r\n', at, 'latin1')
  if (isEnd) chunk.write(LAST_CHUNK, at, 'latin1')
  return chunk
}

/** The end of a chunked body. `trailers`: null where there are none. */
export function chunksEnd(trailers: FieldList | null): string {
  return `0\r\n${trailers === null ? '' : linesOf(trailers, isForTrailer)}\r\n`
}
