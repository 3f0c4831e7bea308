/**
 * Header block → header fields (RFC 7541 §3–6), each given to a sink as it is read. Blocks of a connection are decoded
 * in the order of their arrival, refused ones too: they change the table. Faults of the encoding end the connection
 * (COMPRESSION_ERROR); names and values that HTTP does not allow are only marked, since they end no more than a stream.
 */

import { VALUE } from '../../http1/bytes.ts'
import { BAD_VALUE, kindOfField } from '../field-kinds.ts'
import { DecoderTable } from './decoder-table.ts'
import { decodeHuffman, maxDecodedBytes } from './huffman.ts'
import { type KnownName, readName } from './name-cache.ts'

export interface FieldSink {
  /** `kind`: of field-kinds.ts. `isSecret`: must not be indexed at any hop. */
  onField(name: string, value: string, kind: number, isSecret: boolean): void
}

/** Why a block cannot be read; `''`: it was. */
export type HpackFault = '' | 'bad integer' | 'bad index' | 'bad string' | 'bad table size'

/** Before any SETTINGS (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_BYTES = 4096

const SPACE = 32
const TAB = 9
const KNOWN: KnownName = { name: '', kind: 0 }
/** Shared by all: what it holds is used before the next string is read. */
let scratch = Buffer.allocUnsafeSlow(8192)

export class HpackDecoder {
  readonly #table = new DecoderTable(DEFAULT_TABLE_BYTES)
  #limitBytes = DEFAULT_TABLE_BYTES
  /** The limit went below the size of the table: the next block has to begin with a smaller size. */
  #mustShrink = false
  #at = 0
  /** Where the bytes of the string read last are. */
  #text: Buffer = scratch
  #textStart = 0
  #textEnd = 0
  #name = ''
  #nameKind = 0
  #value = ''
  #kind = 0

  /** Counted as RFC 7541 §4.1. */
  get tableBytes(): number {
    return this.#table.bytes
  }

  /** The peer has acknowledged our SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(maxBytes: number): void {
    this.#limitBytes = maxBytes
    this.#mustShrink = this.#table.maxBytes > maxBytes
  }

  /** Reads the whole block `bytes[start, end)`; fields before a fault have been given to the sink. */
  decode(bytes: Buffer, start: number, end: number, sink: FieldSink): HpackFault {
    this.#at = start
    let isFirst = true
    while (this.#at < end) {
      const first = bytes[this.#at] ?? 0
      if (first >= 0x20 && first < 0x40) {
        if (!isFirst || !this.#resize(bytes, end)) return 'bad table size'
        continue
      }
      isFirst = false
      if (this.#mustShrink) return 'bad table size'
      if (first >= 0x80) {
        const entry = this.#table.get(this.#readInteger(bytes, end, 0x7f))
        if (entry === undefined) return 'bad index'
        sink.onField(entry.name, entry.value, entry.kind, false)
      } else {
        const isIndexed = first >= 0x40
        const fault = this.#readLiteral(bytes, end, isIndexed ? 0x3f : 0x0f)
        if (fault !== '') return fault
        if (isIndexed) {
          this.#table.insert({
            name: this.#name,
            value: this.#value,
            nameKind: this.#nameKind,
            kind: this.#kind,
          })
        }
        sink.onField(this.#name, this.#value, this.#kind, first >= 0x10 && first < 0x20)
      }
    }
    return this.#mustShrink ? 'bad table size' : ''
  }

  #resize(bytes: Buffer, end: number): boolean {
    const size = this.#readInteger(bytes, end, 0x1f)
    if (size < 0 || size > this.#limitBytes) return false
    this.#mustShrink = false
    this.#table.resize(size)
    return true
  }

  #readLiteral(bytes: Buffer, end: number, prefix: number): HpackFault {
    const index = this.#readInteger(bytes, end, prefix)
    if (index < 0) return 'bad integer'
    if (index > 0) {
      const entry = this.#table.get(index)
      if (entry === undefined) return 'bad index'
      this.#name = entry.name
      this.#nameKind = entry.nameKind
    } else {
      if (!this.#readString(bytes, end)) return 'bad string'
      readName(this.#text, this.#textStart, this.#textEnd, KNOWN)
      this.#name = KNOWN.name
      this.#nameKind = KNOWN.kind
    }
    if (!this.#readString(bytes, end)) return 'bad string'
    const text = this.#text
    this.#value = text.toString('latin1', this.#textStart, this.#textEnd)
    this.#kind = isGoodValue(text, this.#textStart, this.#textEnd)
      ? kindOfField(this.#nameKind, this.#value)
      : BAD_VALUE
    return ''
  }

  /** -1: cut off, or so large that it cannot be meant. `prefix`: mask of the bits in the first byte. */
  #readInteger(bytes: Buffer, end: number, prefix: number): number {
    let at = this.#at
    let value = (bytes[at++] ?? 0) & prefix
    if (value === prefix) {
      for (let shift = 0; ; shift += 7) {
        if (at >= end || shift > 21) return -1
        const byte = bytes[at++] ?? 0
        value += (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
    }
    this.#at = at
    return value
  }

  #readString(bytes: Buffer, end: number): boolean {
    if (this.#at >= end) return false
    const isHuffman = (bytes[this.#at] ?? 0) >= 0x80
    const length = this.#readInteger(bytes, end, 0x7f)
    const start = this.#at
    if (length < 0 || start + length > end) return false
    this.#at = start + length
    this.#text = bytes
    this.#textStart = start
    this.#textEnd = start + length
    if (!isHuffman) return true
    const room = maxDecodedBytes(length)
    if (room > scratch.length) scratch = Buffer.allocUnsafeSlow(room)
    this.#text = scratch
    this.#textStart = 0
    this.#textEnd = decodeHuffman(bytes, start, start + length, scratch)
    return this.#textEnd >= 0
  }
}

/** RFC 9113 §8.2.1, and no other control character: nobody behind us has to guess. */
function isGoodValue(bytes: Buffer, start: number, end: number): boolean {
  if (start === end) return true
  const first = bytes[start]
  const last = bytes[end - 1]
  if (first === SPACE || first === TAB || last === SPACE || last === TAB) return false
  for (let at = start; at < end; at++) if (VALUE[bytes[at] ?? 0] !== 1) return false
  return true
}
