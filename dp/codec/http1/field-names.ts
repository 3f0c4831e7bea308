/**
 * A table of field names that can matter, looked up by length and first letter: for all other fields of a head this
 * costs one array access, and no string is made.
 */
export class FieldNames {
  /** Bit set by `length << 8 | first byte`: at least one name is like that. */
  readonly #keys = new Uint8Array(MAX_LENGTH << 8)
  /** Numbers by lower-case name. */
  readonly #ids = new Map<string, number>()

  /** `names`: lower case; a name's number is its index plus one. */
  constructor(names: readonly string[]) {
    for (const [index, name] of names.entries()) {
      if (name.length >= MAX_LENGTH) throw new Error(`${name} is too long for the table`)
      this.#ids.set(name, index + 1)
      this.#keys[(name.length << 8) | name.charCodeAt(0)] = 1
      this.#keys[(name.length << 8) | name.toUpperCase().charCodeAt(0)] = 1
    }
  }

  /** Number of the name `text[start, end)` whose first byte is `first`; 0: not in the table. */
  idOf(text: string, start: number, end: number, first: number): number {
    const length = end - start
    if (length >= MAX_LENGTH || this.#keys[(length << 8) | first] !== 1) return 0
    return this.#ids.get(text.slice(start, end).toLowerCase()) ?? 0
  }
}

const MAX_LENGTH = 32
