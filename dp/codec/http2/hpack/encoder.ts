/**
 * Header fields → header block (RFC 7541 §3–6), without Huffman. A field goes into the dynamic table when it comes a
 * second time, so that values which belong to one request never displace those that come again; names whose values
 * are known to differ or to be secret are not even considered. Lookup is by name, then by value: the strings of a
 * request that is passed on carry their hash already, one made of both would not.
 */
import type { FieldList } from '../field-list.ts'
import { DEFAULT_TABLE_BYTES } from './decoder.ts'
import { ENTRY_BYTES } from './decoder-table.ts'
import { STATIC_TABLE } from './static.table.ts'

/** Of one request or moment each. */
const FLEETING = [
  ...['x-request-id', 'x-correlation-id', 'traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-spanid'],
  ...[
    'x-b3-parentspanid',
    'uber-trace-id',
    'x-amzn-trace-id',
    'x-envoy-upstream-service-time',
    'grpc-timeout',
  ],
  ...[
    'content-length',
    'content-range',
    'range',
    'date',
    'age',
    'etag',
    'last-modified',
    'expires',
    'location',
  ],
  ...['if-none-match', 'if-match', 'if-modified-since', 'if-unmodified-since', 'grpc-message', 'set-cookie'],
]
/** Could be guessed byte by byte through a table shared with others (RFC 7541 §7.1). */
const SECRET = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie']

const MAY_INDEX = 0
const LITERAL = 1
const NEVER = 2

/** Values seen once that are remembered, and names that have no entry. */
const MAX_SEEN = 256
const MAX_NAMES = 512
const MAX_NAME_LENGTH = 64
/** A value in `values`: seen once, not in the table. */
const SEEN = 0
const MIN_NATIVE_WRITE = 24

class Name {
  readonly name: string
  readonly policy: number
  readonly staticIndex: number
  /** Of the static table, with index. */
  readonly fixed: Map<string, number> | null = null
  /** The count of insertions when the value was inserted, or SEEN. */
  readonly values = new Map<string, number>()
  /** Insertion count of the newest entry with this name. */
  newest = 0

  constructor(name: string) {
    const places = STATIC_TABLE.flatMap((entry, at) => (entry[0] === name ? [at + 1] : []))
    this.name = name
    this.policy = SECRET.includes(name) ? NEVER : FLEETING.includes(name) ? LITERAL : MAY_INDEX
    this.staticIndex = places[0] ?? 0
    if (STATIC_TABLE[this.staticIndex - 1]?.[1]) {
      this.fixed = new Map(places.map(place => [STATIC_TABLE[place - 1]?.[1] ?? '', place]))
    }
  }
}

interface Inserted {
  readonly name: Name
  readonly value: string
}

/** Bytes that `encode` may need for these fields. */
export function encodedBound(fields: FieldList): number {
  let bytes = 16
  for (let at = 0; at < fields.length; at++) {
    bytes += (fields.names[at]?.length ?? 0) + (fields.values[at]?.length ?? 0) + 12
  }
  return bytes
}

export class HpackEncoder {
  readonly #names = new Map<string, Name>()
  #entries: Inserted[] = []
  /** In the whole life of the table; the index of an entry follows from them. */
  #inserted = 0
  #evicted = 0
  #bytes = 0
  #maxBytes = DEFAULT_TABLE_BYTES
  /** Smallest and last size that the peer has not been told; -1: nothing to tell. */
  #smallestBytes = -1
  #seen = 0

  /** Counted as RFC 7541 §4.1. */
  get tableBytes(): number {
    return this.#bytes
  }

  /** SETTINGS_HEADER_TABLE_SIZE of the peer; more than the default is not used. */
  limitTable(maxBytes: number): void {
    const size = Math.min(maxBytes, DEFAULT_TABLE_BYTES)
    if (size === this.#maxBytes) return
    this.#smallestBytes = this.#smallestBytes < 0 ? size : Math.min(this.#smallestBytes, size)
    this.#maxBytes = size
    this.#evictTo(this.#smallestBytes)
  }

  /**
   * Writes the block to `into` from `at`, where there is room for `encodedBound`; the offset behind it. Characters
   * above U+00FF would be cut: values are Latin-1.
   */
  encode(fields: FieldList, into: Buffer, at: number): number {
    let end = this.#smallestBytes < 0 ? at : this.#tellSize(into, at)
    const { names, values, isSecret, length } = fields
    for (let place = 0; place < length; place++) {
      end = this.#encodeField(names[place] ?? '', values[place] ?? '', isSecret[place] === true, into, end)
    }
    return end
  }

  #encodeField(text: string, value: string, isSecret: boolean, into: Buffer, at: number): number {
    const name = this.#names.get(text) ?? this.#addName(text)
    if (isSecret || name.policy === NEVER) return this.#literal(name, value, 0x10, 0x0f, into, at)
    const fixed = name.fixed?.get(value)
    if (fixed !== undefined) return writeInteger(into, at, 0x80, 0x7f, fixed)
    if (name.policy === LITERAL) return this.#literal(name, value, 0, 0x0f, into, at)
    const known = name.values.get(value)
    if (known === undefined) {
      this.#remember(name, value)
      return this.#literal(name, value, 0, 0x0f, into, at)
    }
    if (known !== SEEN) return writeInteger(into, at, 0x80, 0x7f, this.#indexOf(known))
    const end = this.#literal(name, value, 0x40, 0x3f, into, at)
    this.#insert(name, value)
    return end
  }

  #literal(name: Name, value: string, flags: number, prefix: number, into: Buffer, at: number): number {
    let index = name.staticIndex
    if (index === 0 && name.newest > this.#evicted) index = this.#indexOf(name.newest)
    let end = writeInteger(into, at, flags, prefix, index)
    if (index === 0) end = writeString(into, end, name.name)
    return writeString(into, end, value)
  }

  #indexOf(insertion: number): number {
    return STATIC_TABLE.length + 1 + this.#inserted - insertion
  }

  #insert(name: Name, value: string): void {
    const bytes = name.name.length + value.length + ENTRY_BYTES
    this.#seen--
    name.values.delete(value)
    this.#evictTo(this.#maxBytes - bytes)
    if (bytes > this.#maxBytes) return
    this.#entries.push({ name, value })
    this.#bytes += bytes
    name.newest = ++this.#inserted
    name.values.set(value, this.#inserted)
  }

  #evictTo(bytes: number): void {
    const first = this.#evicted
    while (this.#bytes > bytes && this.#evicted < this.#inserted) {
      const entry = this.#entries[this.#entries.length - (this.#inserted - this.#evicted)]
      if (entry === undefined) break
      this.#evicted++
      this.#bytes -= entry.name.name.length + entry.value.length + ENTRY_BYTES
      entry.name.values.delete(entry.value)
    }
    const live = this.#inserted - this.#evicted
    if (first !== this.#evicted && this.#entries.length > 64 + 2 * live) {
      this.#entries = live === 0 ? [] : this.#entries.slice(-live)
    }
  }

  /** Large values come again seldom and would displace many others. */
  #remember(name: Name, value: string): void {
    if (name.name.length + value.length + ENTRY_BYTES > this.#maxBytes >> 2) return
    if (++this.#seen > MAX_SEEN) this.#forget()
    name.values.set(value, SEEN)
  }

  #forget(): void {
    this.#seen = 1
    for (const { values } of this.#names.values()) {
      for (const [value, insertion] of values) if (insertion === SEEN) values.delete(value)
    }
  }

  #addName(text: string): Name {
    if (text.length > MAX_NAME_LENGTH) return new Name(text)
    if (this.#names.size >= MAX_NAMES) {
      this.#forget()
      for (const [name, { values }] of this.#names) if (values.size === 0) this.#names.delete(name)
    }
    const name = new Name(text)
    this.#names.set(name.name, name)
    return name
  }

  /** RFC 7541 §4.2: the smallest size in between, then the last. */
  #tellSize(into: Buffer, at: number): number {
    let end = at
    if (this.#smallestBytes < this.#maxBytes) end = writeInteger(into, end, 0x20, 0x1f, this.#smallestBytes)
    this.#smallestBytes = -1
    return writeInteger(into, end, 0x20, 0x1f, this.#maxBytes)
  }
}

function writeInteger(into: Buffer, at: number, flags: number, prefix: number, value: number): number {
  if (value < prefix) {
    into[at] = flags | value
    return at + 1
  }
  let end = at
  into[end++] = flags | prefix
  let left = value - prefix
  while (left >= 0x80) {
    into[end++] = (left & 0x7f) | 0x80
    left >>= 7
  }
  into[end++] = left
  return end
}

function writeString(into: Buffer, at: number, text: string): number {
  const { length } = text
  const start = writeInteger(into, at, 0, 0x7f, length)
  if (length >= MIN_NATIVE_WRITE) into.write(text, start, length, 'latin1')
  else for (let place = 0; place < length; place++) into[start + place] = text.charCodeAt(place)
  return start + length
}
