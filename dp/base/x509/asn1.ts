/**
 * ASN.1 values in DER (X.690): builders for the few types that certificates need, and a strict reader. Bytes are
 * "binary strings", one character a byte, as node-forge has them. Uses node-forge's smallest module, so that a data
 * plane that loads this only when it needs a certificate pays little memory. The only import of node-forge.
 */
// @ts-expect-error: this path has no types of its own; `ForgeAsn1` is the door.
import forgeAsn1 from 'node-forge/lib/asn1.js'

/** One value; `value` is a list for constructed types, else a binary string. */
export interface Asn1 {
  readonly tagClass: number
  readonly type: number
  readonly value: string | readonly Asn1[]
}

interface ForgeAsn1 {
  create(tagClass: number, type: number, constructed: boolean, value: string | readonly Asn1[]): Asn1
  fromDer(bytes: string, options: { strict: boolean; decodeBitStrings: boolean }): Asn1
  toDer(value: Asn1): { getBytes(): string }
  oidToDer(oid: string): { getBytes(): string }
  derToOid(bytes: string): string
}

const forge: ForgeAsn1 = forgeAsn1
const UNIVERSAL = 0x00
const CONTEXT = 0x80

export function sequence(...items: readonly Asn1[]): Asn1 {
  return forge.create(UNIVERSAL, 16, true, items)
}

export function setOf(...items: readonly Asn1[]): Asn1 {
  return forge.create(UNIVERSAL, 17, true, items)
}

/** `bytes`: two's complement, big-endian, in the shortest form. */
export function integer(bytes: string): Asn1 {
  return forge.create(UNIVERSAL, 2, false, bytes)
}

export function boolean(value: boolean): Asn1 {
  return forge.create(UNIVERSAL, 1, false, value ? '\xff' : '\x00')
}

export function objectId(oid: string): Asn1 {
  return forge.create(UNIVERSAL, 6, false, forge.oidToDer(oid).getBytes())
}

export function nothing(): Asn1 {
  return forge.create(UNIVERSAL, 5, false, '')
}

/** `unusedBits`: how many of the last byte do not count. */
export function bitString(bytes: string, unusedBits = 0): Asn1 {
  return forge.create(UNIVERSAL, 3, false, String.fromCharCode(unusedBits) + bytes)
}

export function octetString(bytes: string): Asn1 {
  return forge.create(UNIVERSAL, 4, false, bytes)
}

export function utf8String(text: string): Asn1 {
  return forge.create(UNIVERSAL, 12, false, Buffer.from(text, 'utf8').toString('latin1'))
}

/** A moment in whole seconds: UTCTime up to 2049, then GeneralizedTime (RFC 5280 §4.1.2.5). */
export function time(epochMs: number): Asn1 {
  const date = new Date(epochMs)
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/\D/g, '')
  const isShort = date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050
  return forge.create(UNIVERSAL, isShort ? 23 : 24, false, `${isShort ? digits.slice(2) : digits}Z`)
}

/** `[tag]`, constructed from values or primitive from bytes. */
export function context(tag: number, value: string | readonly Asn1[]): Asn1 {
  return forge.create(CONTEXT, tag, typeof value !== 'string', value)
}

/** Throws a plain error for what is not exactly one value. */
export function parseDer(bytes: string | Uint8Array): Asn1 {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')
  return forge.fromDer(text, { strict: true, decodeBitStrings: false })
}

export function derOf(value: Asn1): Buffer {
  return Buffer.from(derText(value), 'latin1')
}

/** As `derOf`, as a binary string. */
export function derText(value: Asn1): string {
  return forge.toDer(value).getBytes()
}

export function isContext(value: Asn1, tag: number): boolean {
  return value.tagClass === CONTEXT && value.type === tag
}

export function isBoolean(value: Asn1 | undefined): boolean {
  return value?.tagClass === UNIVERSAL && value.type === 1
}

/** The parts of a constructed value; throws a plain error for others and for undefined. */
export function partsOf(value: Asn1 | undefined): readonly Asn1[] {
  if (value === undefined || typeof value.value === 'string')
    throw new Error('a list is missing in its ASN.1')
  return value.value
}

/** The content of a primitive value; throws a plain error for others and for undefined. */
export function bytesOf(value: Asn1 | undefined): string {
  if (typeof value?.value !== 'string') throw new Error('a value is missing in its ASN.1')
  return value.value
}

/** The content of a bit string without the byte that counts unused bits. */
export function bitsOf(value: Asn1 | undefined): Buffer {
  return Buffer.from(bytesOf(value).slice(1), 'latin1')
}

/** Dotted form. */
export function oidOf(value: Asn1 | undefined): string {
  return forge.derToOid(bytesOf(value))
}
