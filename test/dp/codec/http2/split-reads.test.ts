/**
 * HTTP/2 in reads of any size: the same frames, good, hostile and mutated, come to the same end however they are cut; and
 * blocks of HPACK mutated are read alike by any decoder, in bounded memory. FUZZ_RUNS sets how long; a failure prints
 * seed and input.
 */
import fc from 'fast-check'
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import { HeaderBlock, REQUEST } from '../../../../dp/codec/http2/header-block.ts'
import { HpackDecoder } from '../../../../dp/codec/http2/hpack/decoder.ts'
import { encodedBound, HpackEncoder } from '../../../../dp/codec/http2/hpack/encoder.ts'
import { fuzzOptions, keptInputs, mutated, readSizes, reads } from '../../../support/fuzzing.ts'
import { Peer } from '../../../support/http2-peer.ts'
import { FIELD_BLOCKS } from '../../smuggling/http2/corpus/fields.ts'
import { FRAME_SEQUENCES } from '../../smuggling/http2/corpus/sequences.ts'

const TABLE_BYTES = 4096
const MAX_FIELDS = 50
const corpus = fc.constantFrom(
  ...[...FIELD_BLOCKS, ...FRAME_SEQUENCES].map(({ frames }) => frames.toString('latin1')),
)

/** What a server has done, without the credit it gave: that is given for reads, not for frames. */
function outcomeOf(bytes: Buffer, sizes: readonly number[]): string {
  const peer = new Peer('server')
  for (const read of reads(bytes, sizes)) peer.send(read)
  const lines = peer.heard().filter(line => !line.startsWith('WINDOW_UPDATE'))
  return [...inOneFrame(lines), ...peer.events].join('\n')
}

/** DATA of one stream in a row as one: an echo is sent on as it comes. */
function inOneFrame(lines: readonly string[]): string[] {
  const joined: string[] = []
  for (const line of lines) {
    const [type, id, count, end = ''] = line.split(' ')
    const [lastType, lastId, lastCount] = joined.at(-1)?.split(' ') ?? []
    if (type !== 'DATA' || lastType !== 'DATA' || id !== lastId) joined.push(line)
    else joined[joined.length - 1] = `DATA ${id} ${Number(lastCount) + Number(count)} ${end}`.trim()
  }
  return joined
}

t.test('frames come to the same end however they are cut', t => {
  const property = fc.property(
    mutated(corpus, ['\0\0\0\0\0\0\0\0\x01', '\0\0\x05']),
    readSizes,
    (bytes, sizes) => {
      const whole = outcomeOf(bytes, [Math.max(1, bytes.length)])
      const cut = outcomeOf(bytes, sizes)
      if (cut !== whole) throw new Error(`whole:\n${whole}\ncut:\n${cut}`)
    },
  )
  const examples = keptInputs('http2-frames').map((bytes): [Buffer, number[]] => [bytes, [1]])
  fc.assert(property, { ...fuzzOptions(600), examples })
  t.pass('they do')
  t.end()
})

/** Blocks of real heads, with the table as a client fills it. */
function realBlocks(): string[] {
  const encoder = new HpackEncoder()
  return Array.from({ length: 12 }, (_, at) => {
    const fields = FieldList.of(
      [':method', at % 2 === 0 ? 'GET' : 'POST'],
      [':scheme', 'http'],
      [':authority', `host-${at % 3}`],
      [':path', `/path/${at}`],
      ['user-agent', 'curl/7.88.1'],
      [`x-${at % 4}`, 'value'.repeat(at)],
    )
    const bytes = Buffer.alloc(encodedBound(fields))
    return bytes.toString('latin1', 0, encoder.encode(fields, bytes, 0))
  })
}

t.test('blocks that were mutated are read alike, in bounded memory', t => {
  const resizes = ['\x20', '\x3f\xe1\x1f', '\x3f\xff\xff\xff\x7f', '\xff\xff\xff\xff\xff', '\x40', '\x7f\x80']
  const blocks = fc.array(mutated(fc.constantFrom(...realBlocks()), resizes), { minLength: 1, maxLength: 12 })
  const property = fc.property(blocks, list => {
    const [one, other] = [new HpackDecoder(), new HpackDecoder()]
    const [first, second] = [new HeaderBlock(), new HeaderBlock()]
    for (const bytes of list) {
      first.begin(REQUEST, TABLE_BYTES, MAX_FIELDS)
      second.begin(REQUEST, TABLE_BYTES, MAX_FIELDS)
      const fault = one.decode(bytes, 0, bytes.length, first)
      const shifted = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0xff)])
      if (other.decode(shifted, 3, bytes.length + 3, second) !== fault)
        throw new Error(`another place: not ${fault}`)
      first.conclude()
      second.conclude()
      const pairs = JSON.stringify(first.fields.pairs())
      if (first.fault !== second.fault || pairs !== JSON.stringify(second.fields.pairs()))
        throw new Error('another place')
      if (one.tableBytes > TABLE_BYTES || one.tableBytes !== other.tableBytes)
        throw new Error(`${one.tableBytes} bytes`)
      if (first.fields.length > MAX_FIELDS) throw new Error(`${first.fields.length} fields`)
      if (fault !== '') return
    }
  })
  const examples = keptInputs('hpack-blocks').map((bytes): [Buffer[]] => [[bytes]])
  fc.assert(property, { ...fuzzOptions(2000), examples })
  t.pass('they are')
  t.end()
})
