/**
 * Hashes of texts, 32 bits without sign: xxHash32 (github.com/Cyan4973/xxHash, seed 0) and MurmurHash2 (Austin Appleby, with
 * the seed 0x9747b28c that Kafka uses). Not for secrets.
 */
/** 2^32 divided by the golden ratio: multiplying by it spreads what lies together. The first prime of xxHash as well. */
export const GOLDEN = 0x9e3779b1
const P1 = GOLDEN
const P2 = 0x85ebca77
const P3 = 0xc2b2ae3d
const P4 = 0x27d4eb2f
const P5 = 0x165667b1
const M = 0x5bd1e995
const MURMUR_SEED = 0x9747b28c

export type Hash = (text: string) => number

/** How many there are. */
export const HASHES = 2 ** 32

/** Of a call that is not hashed. */
export const NO_HASH = -1

/** The hash of a call, any one where it has none. */
export function hashOrAny(hash: number): number {
  return hash === NO_HASH ? Math.floor(Math.random() * HASHES) : hash
}

export function xxHash(text: string): number {
  const bytes = Buffer.from(text, 'utf8')
  const { length } = bytes
  let at = 0
  let hash = P5
  if (length >= 16) {
    let a = (P1 + P2) | 0
    let b = P2
    let c = 0
    let d = -P1 | 0
    for (; at <= length - 16; at += 16) {
      a = round(a, bytes.readInt32LE(at))
      b = round(b, bytes.readInt32LE(at + 4))
      c = round(c, bytes.readInt32LE(at + 8))
      d = round(d, bytes.readInt32LE(at + 12))
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)
  }
  hash = (hash + length) | 0
  for (; at <= length - 4; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(bytes.readInt32LE(at), P3)) | 0, 17), P4)
  }
  for (; at < length; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at] ?? 0, P5)) | 0, 11), P1)
  hash = Math.imul(hash ^ (hash >>> 15), P2)
  hash = Math.imul(hash ^ (hash >>> 13), P3)
  return (hash ^ (hash >>> 16)) >>> 0
}

export function murmurHash(text: string): number {
  const bytes = Buffer.from(text, 'utf8')
  const { length } = bytes
  let hash = MURMUR_SEED ^ length
  let at = 0
  for (; at <= length - 4; at += 4) {
    const mixed = Math.imul(bytes.readInt32LE(at), M)
    hash = Math.imul(hash, M) ^ Math.imul(mixed ^ (mixed >>> 24), M)
  }
  const left = length - at
  if (left === 3) hash ^= (bytes[at + 2] ?? 0) << 16
  if (left >= 2) hash ^= (bytes[at + 1] ?? 0) << 8
  if (left >= 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return (hash ^ (hash >>> 15)) >>> 0
}

function round(sum: number, word: number): number {
  return Math.imul(rotate((sum + Math.imul(word, P2)) | 0, 13), P1)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
