/** What fuzz tests of parsers share: how long, with which seed, bytes mutated, reads cut anywhere, and kept inputs. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'

const FOLDER = new URL('../dp/codec/corpus/', import.meta.url)

/** FUZZ_RUNS and FUZZ_SEED override; a failure prints its seed. */
export function fuzzOptions(runs: number): { numRuns: number; seed: number } {
  const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_123)
  return { numRuns: Number(process.env['FUZZ_RUNS'] ?? runs), seed }
}

/** Inputs that have failed once, Latin-1: `test/dp/codec/corpus/NAME.json`. They run first. */
export function keptInputs(name: string): readonly Buffer[] {
  const texts: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))
  if (!Array.isArray(texts) || !texts.every(text => typeof text === 'string'))
    throw new Error(`${name}.json: a list of texts`)
  return texts.map(text => Buffer.from(text, 'latin1'))
}

interface Edit {
  /** Of the bytes, from 0 to 1. */
  readonly place: number
  readonly removed: number
  readonly inserted: string
}

function edited(text: string, { place, removed, inserted }: Edit): string {
  const at = Math.floor(place * text.length)
  return text.slice(0, at) + inserted + text.slice(at + removed)
}

/** Up to four edits: bytes replaced, taken out, put in, doubled. `pieces`: what is put in besides single bytes. */
export function mutated(corpus: fc.Arbitrary<string>, pieces: readonly string[] = []): fc.Arbitrary<Buffer> {
  const edit: fc.Arbitrary<Edit> = fc.record({
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(8)),
    inserted: fc.oneof(
      fc.nat(255).map(byte => String.fromCharCode(byte)),
      fc.constantFrom('', ...pieces),
    ),
  })
  const edits = fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, fc.array(edit, { maxLength: 4 }))
  return fc.tuple(corpus, edits).map(([text, list]) => Buffer.from(list.reduce(edited, text), 'latin1'))
}

/** Lengths of reads, used in turn. */
export const readSizes: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constantFrom([1], [2], [3, 1]),
  fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
)

/** Copies of `bytes` in reads of these sizes; each is overwritten when the next is taken: nothing may be kept of it. */
export function* reads(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    const read = Buffer.from(bytes.subarray(at, at + size))
    at += size
    yield read
    read.fill(0xee)
  }
}
