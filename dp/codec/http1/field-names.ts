/**
 * A table of field names that can matter, looked up by length and first letter: for all other fields of a head this
 * costs one array access, and no string is made for any of them.
 */
interface Candidate {
  readonly id: number
  readonly name: string
}

const MAX_LENGTH = 32

export class FieldNames {
  /** By `length << 8 | first byte`: where in `#candidates` those names are, plus one; 0: there are none. */
  readonly #keys = new Uint8Array(MAX_LENGTH << 8)
  readonly #candidates: Candidate[][] = []

  /** `names`: lower case; a name's number is its index plus one. */
  constructor(names: readonly string[]) {
    for (const [index, name] of names.entries()) {
      if (name.length >= MAX_LENGTH) throw new Error(`${name} is too long for the table`)
      const key = (name.length << 8) | name.charCodeAt(0)
      let place = this.#keys[key] ?? 0
      if (place === 0) {
        place = this.#candidates.push([])
        this.#keys[key] = place
        this.#keys[(name.length << 8) | name.toUpperCase().charCodeAt(0)] = place
      }
      this.#candidates[place - 1]?.push({ id: index + 1, name })
    }
  }

  /** Number of the name `text[start, end)` whose first byte is `first`; 0: not in the table. */
  idOf(text: string, start: number, end: number, first: number): number {
    const length = end - start
    if (length >= MAX_LENGTH) return 0
    const place = this.#keys[(length << 8) | first] ?? 0
    if (place === 0) return 0
    for (const { id, name } of this.#candidates[place - 1] ?? []) {
      if (isSameName(text, start, name)) return id
    }
    return 0
  }
}

/** With `-` and `_` in every place: CGI and what descends from it (WSGI, Rack, PHP) read them as one name. */
export function spellingsOf(name: string): string[] {
  const [first = '', ...rest] = name.split('-')
  let spellings = [first]
  for (const part of rest) spellings = spellings.flatMap(begin => [`${begin}-${part}`, `${begin}_${part}`])
  return spellings
}

/** `name`: lower case, as long as the name in the text, which holds token characters only. */
function isSameName(text: string, start: number, name: string): boolean {
  for (let at = 1; at < name.length; at++) {
    const code = text.charCodeAt(start + at)
    const lower = code >= 65 && code <= 90 ? code | 0x20 : code
    if (lower !== name.charCodeAt(at)) return false
  }
  return true
}
