/**
 * Huffman decoding of HPACK strings (RFC 7541 §5.2) by a machine that takes four bits at a time: a state is an inner
 * node of the code tree, a transition says where four more bits lead and which byte was completed on the way (the
 * shortest code has five bits, so at most one).
 */
import { CODE_BITS } from './huffman.table.ts'

const EOS = 256
const STATE = 0xff
const BYTE_SHIFT = 8
const EMITS = 1 << 16
/** The end of string inside a string: an error (RFC 7541 §5.2). */
const FAILS = 1 << 17

/** `[state << 4 | bits]` → next state, completed byte, flags. */
const transitions = new Uint32Array(256 << 4)
/** States in which a string may end: less than eight bits into a code, all of them ones. */
const mayEnd = new Uint8Array(256)

buildMachine()

/** Longest result of `count` bytes. */
export function maxDecodedBytes(count: number): number {
  return Math.floor((count * 8) / 5)
}

/**
 * Decodes `bytes[start, end)` into `into` from offset 0; there must be room for `maxDecodedBytes`. The number of bytes
 * written, or -1 when it is not a whole number of codes with proper padding.
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let state = 0
  let count = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    let step = transitions[(state << 4) | (byte >> 4)] ?? FAILS
    if ((step & EMITS) !== 0) into[count++] = step >> BYTE_SHIFT
    const low = transitions[((step & STATE) << 4) | (byte & 15)] ?? FAILS
    if (((step | low) & FAILS) !== 0) return -1
    if ((low & EMITS) !== 0) into[count++] = low >> BYTE_SHIFT
    step = low
    state = step & STATE
  }
  return mayEnd[state] === 1 ? count : -1
}

/** Children of the inner nodes, two a node: another inner node, or `-1 - symbol`. */
function buildTree(): number[] {
  const children = [0, 0]
  let code = 0
  for (let bits = 1; bits <= 30; bits++) {
    for (let symbol = 0; symbol <= EOS; symbol++) {
      if (CODE_BITS[symbol] !== bits) continue
      let node = 0
      for (let bit = bits - 1; bit > 0; bit--) {
        const at = node * 2 + ((code >> bit) & 1)
        if (children[at] === 0) {
          children[at] = children.length / 2
          children.push(0, 0)
        }
        node = children[at] ?? 0
      }
      children[node * 2 + (code & 1)] = -1 - symbol
      code++
    }
    code *= 2
  }
  return children
}

function buildMachine(): void {
  const children = buildTree()
  for (let node = 0; node < children.length / 2; node++) {
    for (let bits = 0; bits < 16; bits++) {
      let at = node
      let flags = 0
      for (let bit = 3; bit >= 0; bit--) {
        const next = children[at * 2 + ((bits >> bit) & 1)] ?? 0
        if (next >= 0) at = next
        else {
          at = 0
          flags |= next === -1 - EOS ? FAILS : EMITS | ((-1 - next) << BYTE_SHIFT)
        }
      }
      transitions[(node << 4) | bits] = at | flags
    }
  }
  let node = 0
  for (let bits = 0; bits < 8; bits++) {
    mayEnd[node] = 1
    node = children[node * 2 + 1] ?? 0
  }
}
