/**
 * One pass over the field lines of an HTTP/1.1 head (RFC 9112 §5): strict about every byte, so that nobody behind
 * us can read the head in another way. Fields are not collected: the reader is told of the few that can matter, and
 * what is kept is copied as spans of the original text.
 */
import { isSpaceCode, TOKEN, VALUE } from './bytes.ts'
import type { FieldNames } from './field-names.ts'

/** A head in the read buffer, and the same bytes as text: `text[i]` is `bytes[start + i]`. Reused for every head. */
export interface RawHead {
  bytes: Buffer
  start: number
  text: string
  /** Set by `readFields`: what was kept, each line with its CRLF. */
  kept: string
}

export interface FieldReader {
  /**
   * Called for each field whose name is in the table, with its number there and the offsets of its value in
   * `text`, white space included. True: the line is dropped.
   */
  onField(id: number, text: string, valueStart: number, valueEnd: number): boolean
}

/** Why fields cannot be read; `''`: they were. */
export type FieldFault = '' | 'too many fields' | 'bad field name' | 'bad field value' | 'folded line'

/** The only transfer coding that goes on, always in this spelling. */
export const CHUNKED = 'transfer-encoding: chunked\r\n'

const CR = 13
const LF = 10
const COLON = 58
const SPACE = 32
const ZERO = 48

/**
 * Reads the field lines from offset `from` of the text up to `to`, the offset behind the CRLF of the last one; the
 * blank line follows there. `keptFrom`: where the text to keep begins: 0 keeps the start line as well.
 */
export function readFields(
  head: RawHead,
  from: number,
  to: number,
  keptFrom: number,
  maxFields: number,
  names: FieldNames,
  reader: FieldReader,
): FieldFault {
  const { bytes, start, text } = head
  const end = start + to
  let kept = ''
  let spanStart = keptFrom
  let count = 0
  let at = start + from
  while (at < end) {
    if (++count > maxFields) return 'too many fields'
    const lineStart = at
    while (TOKEN[bytes[at] ?? 0] === 1) at++
    if (bytes[at] !== COLON || at === lineStart) {
      return isSpaceCode(bytes[lineStart] ?? 0) ? 'folded line' : 'bad field name'
    }
    const nameEnd = at++
    while (VALUE[bytes[at] ?? 0] === 1) at++
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'bad field value'
    at += 2
    const id = names.idOf(text, lineStart - start, nameEnd - start, bytes[lineStart] ?? 0)
    if (id === 0 || !reader.onField(id, text, nameEnd + 1 - start, at - 2 - start)) continue
    if (lineStart - start > spanStart) kept += text.slice(spanStart, lineStart - start)
    spanStart = at - start
  }
  head.kept = kept + text.slice(spanStart, to)
  return ''
}

/** Value between `start` and `end` without the white space around it. */
export function fieldValue(text: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isSpaceCode(text.charCodeAt(from))) from++
  while (to > from && isSpaceCode(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

/** Decimal digits only, at most 15 of them; -1 for everything else. */
export function readLength(value: string): number {
  if (value.length === 0 || value.length > 15) return -1
  let length = 0
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length
}

/** Whether a length is spelled in the one way that nobody misreads: behind one space, no zeros in front. */
export function isPlainLength(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start) !== SPACE || isSpaceCode(text.charCodeAt(end - 1))) return false
  const first = text.charCodeAt(start + 1)
  return !isSpaceCode(first) && (first !== ZERO || end - start === 2)
}

/** Drops the fields of those names (lower case) from kept text; `from`: the offset where the field lines begin. */
export function dropNamed(kept: string, from: number, names: readonly string[]): string {
  let left = ''
  let leftTo = 0
  for (let at = from; at < kept.length; ) {
    const lineEnd = kept.indexOf('\r\n', at)
    const end = lineEnd < 0 ? kept.length : lineEnd + 2
    if (isNamed(kept, at, names)) {
      left += kept.slice(leftTo, at)
      leftTo = end
    }
    at = end
  }
  return leftTo === 0 ? kept : left + kept.slice(leftTo)
}

function isNamed(text: string, at: number, names: readonly string[]): boolean {
  for (const name of names) if (isFieldAt(text, at, name)) return true
  return false
}

/** Whether the line at `at` is of the field of that name (lower case). */
export function isFieldAt(text: string, at: number, name: string): boolean {
  const end = at + name.length
  return text.charCodeAt(end) === COLON && text.slice(at, end).toLowerCase() === name
}
