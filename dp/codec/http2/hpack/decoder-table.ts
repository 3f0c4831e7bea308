/**
 * Static and dynamic table of an HPACK decoder as one index space (RFC 7541 §2.3). An entry keeps, beside name and
 * value, the kind of its field (field-kinds.ts). Entries are counted with 32 bytes each, as the RFC does, which bounds
 * their number as well.
 */
import { kindOfField, kindOfName } from '../field-kinds.ts'
import { STATIC_TABLE } from './static.table.ts'

export const ENTRY_BYTES = 32

export interface Entry {
  readonly name: string
  readonly value: string
  /** Of the name alone. */
  readonly nameKind: number
  readonly kind: number
}

const statics: readonly Entry[] = STATIC_TABLE.map(([name, value]) => {
  const nameKind = kindOfName(name, Buffer.from(name), 0, name.length)
  return { name, value, nameKind, kind: kindOfField(nameKind, value) }
})

export class DecoderTable {
  /** Newest last, from `#first`; what lies before is forgotten. */
  #entries: Entry[] = []
  #first = 0
  #bytes = 0
  #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  /** Counted as RFC 7541 §4.1. */
  get bytes(): number {
    return this.#bytes
  }

  /** `index` from 1; undefined: there is no such entry. */
  get(index: number): Entry | undefined {
    if (index <= statics.length) return statics[index - 1]
    const at = this.#entries.length - (index - statics.length)
    return at >= this.#first ? this.#entries[at] : undefined
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes
    this.#evictTo(maxBytes)
  }

  /** An entry larger than the table empties it (RFC 7541 §4.4). */
  insert(entry: Entry): void {
    const bytes = entry.name.length + entry.value.length + ENTRY_BYTES
    this.#evictTo(this.#maxBytes - bytes)
    if (bytes > this.#maxBytes) return
    this.#entries.push(entry)
    this.#bytes += bytes
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.#first < this.#entries.length) {
      const { name, value } = this.#entries[this.#first++] ?? NO_ENTRY
      this.#bytes -= name.length + value.length + ENTRY_BYTES
    }
    if (this.#first < 64 || this.#first * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#first)
    this.#first = 0
  }
}

const NO_ENTRY: Entry = { name: '', value: '', nameKind: 0, kind: 0 }
