/**
 * Names of literal fields: few in number, and the same ones come with every message, so the string and kind of a name
 * that was read before are found by its bytes, without making them again. One place for each hash; a name that
 * collides takes the place over.
 */
import { BAD_NAME, kindOfName } from '../field-kinds.ts'

const PLACES = 256
const MAX_BYTES = 64

const names: string[] = Array.from({ length: PLACES }, () => '')
const kinds = new Uint8Array(PLACES)

export interface KnownName {
  name: string
  kind: number
}

/** Name and kind of `bytes[start, end)` into `into`. */
export function readName(bytes: Buffer, start: number, end: number, into: KnownName): void {
  const length = end - start
  const place =
    ((length << 5) ^
      ((bytes[start] ?? 0) << 2) ^
      ((bytes[(start + end) >> 1] ?? 0) << 1) ^
      (bytes[end - 1] ?? 0)) &
    (PLACES - 1)
  const known = names[place] ?? ''
  if (known.length === length && length > 0 && isSame(known, bytes, start)) {
    into.name = known
    into.kind = kinds[place] ?? 0
    return
  }
  into.name = bytes.toString('latin1', start, end)
  into.kind = kindOfName(into.name, bytes, start, end)
  if (length > MAX_BYTES || into.kind === BAD_NAME) return
  names[place] = into.name
  kinds[place] = into.kind
}

function isSame(name: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) !== bytes[start + at]) return false
  return true
}
