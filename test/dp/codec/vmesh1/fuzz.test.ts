/**
 * vmesh/1 under arbitrary use and arbitrary bytes: two sessions joined by a wire that splits as it likes carry every
 * byte in order and lose none of a stream that ended; mangled frames end no process and make nothing grow. FUZZ_RUNS sets
 * how long.
 */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { Session } from '../../../../dp/codec/vmesh1/session.ts'
import { fuzzOptions, keptInputs, mutated, readSizes, reads } from '../../../support/fuzzing.ts'
import {
  data,
  end,
  type FakeWire,
  frame,
  open,
  reset,
  turn,
  VmeshPeer,
  type Witness,
} from '../../../support/vmesh-peer.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 150)
const SEED = 20_261_123

type Step =
  | { readonly kind: 'open' }
  | { readonly kind: 'write'; readonly side: 0 | 1; readonly which: number; readonly bytes: number }
  | {
      readonly kind: 'end' | 'reset' | 'pause' | 'resume'
      readonly side: 0 | 1
      readonly which: number
    }
  | { readonly kind: 'move'; readonly side: 0 | 1; readonly share: number; readonly rests: boolean }

const side = fc.constantFrom<0 | 1>(0, 1)
const which = fc.nat(3)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('open' as const) }),
  fc.record({
    kind: fc.constant('write' as const),
    side,
    which,
    bytes: fc.oneof(fc.nat(50), fc.integer({ min: 10_000, max: 300_000 })),
  }),
  fc.record({ kind: fc.constantFrom('end' as const, 'pause' as const, 'resume' as const), side, which }),
  fc.record({ kind: fc.constant('reset' as const), side, which }),
  fc.record({
    kind: fc.constant('move' as const),
    side,
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    rests: fc.boolean(),
  }),
)

/** Bytes that tell where they belong. */
function pattern(seed: string, count: number): Buffer {
  const block = createHash('sha512').update(seed).digest()
  return Buffer.alloc(count, block)
}

/** Moves a part of what one side wrote to the other. */
function move(from: FakeWire, to: FakeWire, share: number): void {
  const bytes = Buffer.concat(from.written.splice(0))
  const count = Math.ceil(bytes.length * share)
  if (count < bytes.length) from.written.push(bytes.subarray(count))
  if (count > 0 && to.isOpen) to.sink.onBytes(bytes.subarray(0, count), 0, count)
}

interface Ends {
  readonly witness: Witness
  sent: Buffer[]
  hasEnded: boolean
  hasReset: boolean
}

t.test('carries every byte in order, whatever is done to its streams', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 100, size: 'max' }), async steps => {
      const peers = [new VmeshPeer(false), new VmeshPeer(true)] as const
      const wires = [peers[0].wire, peers[1].wire] as const
      const ends: [Ends[], Ends[]] = [[], []]
      const add = (at: 0 | 1, witness: Witness) =>
        ends[at].push({ witness, sent: [], hasEnded: false, hasReset: false })
      const settle = async (share: number, at: 0 | 1, rests = true) => {
        if (rests) await turn()
        move(wires[at], wires[at === 0 ? 1 : 0], share)
        for (const witness of peers[1].witnesses.slice(ends[1].length)) add(1, witness)
      }
      for (let count = 0; count < 3; count++) add(0, peers[0].open())
      await settle(1, 0)
      for (const one of steps) {
        if (one.kind === 'open') add(0, peers[0].open())
        else if (one.kind === 'move') await settle(one.share, one.side, one.rests)
        else {
          const target = ends[one.side][one.which]
          const stream = target?.witness.stream
          if (target === undefined || stream === undefined) continue
          if (one.kind === 'write' && stream.isOpen && !target.hasEnded) {
            const bytes = pattern(`${one.side} ${one.which} ${target.sent.length}`, one.bytes)
            target.sent.push(bytes)
            if (one.bytes % 2 === 0) stream.writeBytes(bytes)
            else stream.write(bytes.toString('latin1'))
          } else if (one.kind === 'end') {
            target.hasEnded = true
            stream.end()
          } else if (one.kind === 'reset') {
            target.hasReset = true
            stream.reset()
          } else if (one.kind === 'pause') stream.pause()
          else if (one.kind === 'resume') stream.resume()
        }
      }
      for (const list of ends) for (const { witness } of list) witness.stream.resume()
      const isQuiet = () => wires.every(wire => wire.written.length === 0)
      do {
        await settle(1, 0)
        await settle(1, 1)
        for (const list of ends) for (const { witness } of list) witness.stream.resume()
        await turn()
      } while (!isQuiet())
      if (!peers.every(peer => peer.session.isReading)) throw new Error('one does not keep to the protocol')
      for (const [at, list] of ends.entries()) {
        for (const [index, { witness, sent }] of list.entries()) {
          const other = ends[at === 0 ? 1 : 0][index]
          if (other === undefined) continue
          const all = Buffer.concat(sent).toString('latin1')
          const got = other.witness.received
          if (!all.startsWith(got)) throw new Error(`stream ${index} of side ${at}: not what was sent`)
          const isComplete = other.witness.events.includes('end')
          if (isComplete && got !== all) throw new Error(`stream ${index} of side ${at}: ended too early`)
          const isCut = list[index]?.hasReset === true || other.hasReset
          if (!isCut && got !== all)
            throw new Error(`stream ${index} of side ${at}: ${got.length} of ${all.length}`)
          if (!isCut && list[index]?.hasEnded !== isComplete) throw new Error(`stream ${index}: no end`)
          if (isCut && !witness.events.some(event => event === 'cut' || event === 'close')) {
            throw new Error(`stream ${index} of side ${at}: reset and not closed`)
          }
        }
      }
      const open = ends[0].filter(
        (one, index) =>
          !one.hasReset && !ends[1][index]?.hasReset && !(one.hasEnded && ends[1][index]?.hasEnded),
      )
      if (peers[0].session.streamCount !== open.length || peers[1].session.streamCount !== open.length) {
        throw new Error('streams are left over')
      }
    }),
    { numRuns: RUNS, seed: SEED },
  )
  t.pass('it did')
})

const CORPUS = [
  [open(1), data(1, 'GET / HTTP/1.1\r\n\r\n'), end(1)],
  [open(1), open(3), data(3, 'x'.repeat(20_000)), reset(1), end(3)],
  [
    frame('PING', 0, '12345678'),
    open(5),
    frame('WINDOW', 5, Buffer.from([0, 1, 0, 0])),
    data(5, 'x'),
    reset(5),
  ],
  [open(7), frame('GOAWAY', 0, Buffer.alloc(5)), frame(9, 7, 'later'), data(7, ''), end(7)],
].map(frames => Buffer.concat(frames))

const mangled = fc
  .tuple(
    fc.array(fc.constantFrom(...CORPUS), { minLength: 1, maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(4)), { maxLength: 8 }),
  )
  .map(([parts, edits]) => {
    let bytes = Buffer.concat(parts)
    for (const [at, value, kind] of edits) {
      const place = at % Math.max(1, bytes.length)
      if (kind < 3) bytes[place] = value
      else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)])
      else bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from([value]), bytes.subarray(place)])
    }
    return bytes
  })

t.test('mangled frames end no process and leave nothing behind', async t => {
  const hostile = fc.oneof(
    mangled,
    fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(hostile, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (inputs, isServer) => {
        const peer = new VmeshPeer(isServer, { maxStreams: 4 })
        if (!isServer) for (let count = 0; count < 3; count++) peer.open()
        for (const bytes of inputs) {
          if (peer.session.isReading) peer.say(bytes)
          for (const [index, { stream }] of peer.witnesses.entries()) if (index % 2 === 0) stream.pause()
        }
        await check(peer.session, peer)
      },
    ),
    { numRuns: RUNS * 8, seed: SEED },
  )
  t.pass('none did')
})

/** All that a session did with these bytes: what its streams heard, and its answers without credit. */
async function outcomeOf(bytes: Buffer, sizes: readonly number[], isServer: boolean): Promise<string> {
  const peer = new VmeshPeer(isServer, { maxStreams: 4 })
  const streams = isServer ? peer.witnesses : [peer.open(), peer.open(), peer.open()]
  for (const read of reads(bytes, sizes)) if (peer.session.isReading) peer.say(read)
  const lines = (await peer.lines()).filter(line => !line.startsWith('WINDOW'))
  const heard = streams.map(({ received, events, stream }) => [
    stream.id,
    received,
    events,
    stream.isUnprocessed,
  ])
  return JSON.stringify([peer.session.isReading, peer.session.streamCount, heard, lines], null, 1)
}

t.test('frames come to the same end however they are cut', async t => {
  const corpus = fc.constantFrom(...CORPUS.map(bytes => bytes.toString('latin1')))
  const texts = fc.array(corpus, { minLength: 1, maxLength: 3 }).map(parts => parts.join(''))
  const inputs = mutated(texts, ['\0\0\x02\0\0\0\0\x01', '\0\x04\x03\0', '\xff\xff'])
  const property = fc.asyncProperty(inputs, readSizes, fc.boolean(), async (bytes, sizes, isServer) => {
    const whole = await outcomeOf(bytes, [Math.max(1, bytes.length)], isServer)
    const cut = await outcomeOf(bytes, sizes, isServer)
    if (cut !== whole) throw new Error(`whole:\n${whole}\ncut:\n${cut}`)
  })
  const examples = keptInputs('vmesh1-frames').map((bytes): [Buffer, number[], boolean] => [bytes, [1], true])
  await fc.assert(property, { ...fuzzOptions(RUNS * 2), examples })
  t.pass('they do')
})

async function check(session: Session, peer: VmeshPeer): Promise<void> {
  if (session.streamCount > 4) throw new Error(`${session.streamCount} streams`)
  await turn()
  peer.wire.close()
  await turn()
  if (!peer.isClosed || session.streamCount > 0) throw new Error('something is left')
  for (const { stream } of peer.witnesses) stream.resume()
  await turn()
  for (const { events } of peer.witnesses) {
    const last = events.at(-1)
    if (last !== 'cut' && last !== 'close') throw new Error(`a stream was not closed: ${events.join()}`)
  }
}
