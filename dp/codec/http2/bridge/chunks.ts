/** DATA and trailers of HTTP/2 as chunks of HTTP/1.1 (RFC 9112 §7.1). */
import type { FieldList } from '../field-list.ts'
import { isForTrailer, linesOf } from './field-lines.ts'

/** In front of `count` bytes of data, at least one; CRLF follows them. */
export function chunkStart(count: number): string {
  return `${count.toString(16)}\r\n`
}

/** The end of a chunked body. `trailers`: null where there are none. */
export function chunksEnd(trailers: FieldList | null): string {
  return `0\r\n${trailers === null ? '' : linesOf(trailers, isForTrailer)}\r\n`
}
