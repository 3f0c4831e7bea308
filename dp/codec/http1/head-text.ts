/** Finds the head of a message in the read buffer and makes a string of it, of as little as possible besides. */

/** Most heads are shorter: a string of the whole buffer would be made of a body. */
const FIRST_LOOK_BYTES = 4096

/** Latin-1 text that starts with a complete head, or ''. Looks at no more than `maxBytes`. */
export function headText(bytes: Buffer, start: number, end: number, maxBytes: number): string {
  const firstEnd = Math.min(end, start + Math.min(FIRST_LOOK_BYTES, maxBytes))
  const text = bytes.toString('latin1', start, firstEnd)
  if (text.includes('\r\n\r\n')) return text
  const lastEnd = Math.min(end, start + maxBytes)
  if (lastEnd === firstEnd) return ''
  const longer = bytes.toString('latin1', start, lastEnd)
  return longer.includes('\r\n\r\n') ? longer : ''
}

/** RFC 9112 §2.2: offset behind the empty lines in front of a request. */
export function skipEmptyLines(bytes: Buffer, start: number, end: number): number {
  let from = start
  while (from + 1 < end && bytes[from] === 13 && bytes[from + 1] === 10) from += 2
  return from
}
