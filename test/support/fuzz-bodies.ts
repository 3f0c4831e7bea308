/** Bodies for fuzz tests: bytes that belong to one place, written in pieces, and the end of all that runs. */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as tick } from 'node:timers/promises'
import fc from 'fast-check'
import type { EnginePair } from './engine-pair.ts'

export const FUZZ_OPTIONS = {
  numRuns: Number(process.env['FUZZ_RUNS'] ?? 6),
  seed: Number(process.env['FUZZ_SEED'] ?? 20_261_123),
  endOnFailure: true,
}

/** Sizes of bodies, with those around frames and windows. */
export const bodySize = fc.oneof(
  fc.constantFrom(0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537),
  fc.nat(2000),
  fc.nat(1_500_000),
)
/** Bytes that no other place holds. */
export function body(seed: number, count: number): Buffer {
  const block = Buffer.alloc(4099)
  let state = seed | 1
  for (let at = 0; at < block.length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    block[at] = state >>> 16
  }
  return Buffer.alloc(count, block)
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex')
}

/** Resolves when it takes bytes again, or never will. */
function freed(to: ServerResponse | Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      to.off('drain', done)
      to.off('close', done)
      resolve()
    }
    to.on('drain', done)
    to.on('close', done)
  })
}

/** Writes in pieces, at the pace of the reader; stops early where it is told. */
export async function writeTo(
  to: ServerResponse | Socket,
  bytes: Buffer,
  pieces: number,
  upTo = bytes.length,
): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / pieces))
  for (let at = 0; at < upTo && !to.destroyed; at += step) {
    const isFree = to.write(bytes.subarray(at, Math.min(upTo, at + step)))
    if (isFree) await tick()
    else await freed(to)
  }
}

/** Waits until nothing runs between the two. */
export async function quiet(pair: EnginePair): Promise<void> {
  const active = () => [
    ...pair.web.status().outbounds.flatMap(one => one.endpoints),
    ...pair.backend.status().inbounds.flatMap(one => one.endpoints),
  ]
  while (active().some(endpoint => endpoint.active > 0)) await tick()
}
