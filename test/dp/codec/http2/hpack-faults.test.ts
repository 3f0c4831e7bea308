/** What ends a connection with COMPRESSION_ERROR, and what must not: limits and errors of RFC 7541. */
import t from 'tap'
import { BAD_NAME, BAD_VALUE, BANNED, ORDINARY } from '../../../../dp/codec/http2/field-kinds.ts'
import { HpackDecoder } from '../../../../dp/codec/http2/hpack/decoder.ts'
import { CODE_BITS } from '../../../../dp/codec/http2/hpack/huffman.table.ts'
import { decodeHuffman } from '../../../../dp/codec/http2/hpack/huffman.ts'

function read(
  hex: string,
  decoder = new HpackDecoder(),
): { fault: string; kinds: number[]; secrets: boolean[] } {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const kinds: number[] = []
  const secrets: boolean[] = []
  const fault = decoder.decode(bytes, 0, bytes.length, {
    onField: (_name, _value, kind, isSecret) => {
      kinds.push(kind)
      secrets.push(isSecret)
    },
  })
  return { fault, kinds, secrets }
}

const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
const literal = (name: string, value: string): string =>
  `00${hexOf(String.fromCharCode(name.length))}${hexOf(name)}${hexOf(String.fromCharCode(value.length))}${hexOf(value)}`

t.test('refuses blocks that cannot be decoded', async t => {
  const cases: Record<string, readonly [hex: string, fault: string]> = {
    '2.3.3 index 0': ['80', 'bad index'],
    '2.3.3 index behind both tables': ['be', 'bad index'],
    '2.3.3 far index': ['ff8001', 'bad index'],
    '2.3.3 literal with an index behind both tables': ['7e0161', 'bad index'],
    '5.1 integer cut off': ['ff', 'bad index'],
    '5.1 integer cut off behind a prefix': ['7f', 'bad integer'],
    '5.1 integer without end': ['7fffffffffffffffff01', 'bad integer'],
    '5.1 integer beyond what can be meant': ['7fffffffff0f', 'bad integer'],
    '5.2 string cut off': ['4003 6162', 'bad string'],
    '5.2 string without length': ['40', 'bad string'],
    '5.2 value missing': ['4001 61', 'bad string'],
    '5.2 padding longer than seven bits': ['0085f2b24a84ff8449509fff', 'bad string'],
    '5.2 padding of zeros': ['0085f2b24a84ff83495090', 'bad string'],
    '5.2 end of string inside': [
      '0085f2b24a84ff87497ca58ae819aa'.replace('87497ca58ae819aa', '84ffffffff'),
      'bad string',
    ],
    '4.2 size above the limit': ['3fe21f', 'bad table size'],
    '4.2 size behind a field': ['8220', 'bad table size'],
    '6.3 size cut off': ['3f', 'bad table size'],
  }
  for (const [name, [hex, fault]] of Object.entries(cases)) t.equal(read(hex).fault, fault, name)
})

t.test('takes sizes of the table in front of a block, several too', async t => {
  t.same(read('20 3fe11f 82'), { fault: '', kinds: [1], secrets: [false] })
})

t.test('demands a smaller table once the smaller limit is acknowledged', async t => {
  const decoder = new HpackDecoder()
  t.equal(read('3fe11f', decoder).fault, '')
  decoder.limitTable(100)
  t.equal(read('82', decoder).fault, 'bad table size', 'nothing said')
  const other = new HpackDecoder()
  other.limitTable(100)
  t.equal(read('3f46 82', other).fault, 'bad table size', 'still above')
  const good = new HpackDecoder()
  good.limitTable(100)
  t.equal(read('3f45 82', good).fault, '')
})

t.test('an entry larger than the table empties it', async t => {
  const decoder = new HpackDecoder()
  read(`40 0161 0162`, decoder)
  t.equal(decoder.tableBytes, 34)
  t.equal(read(`3f11 40 02 6161 0f ${hexOf('b'.repeat(15))}`, decoder).fault, '')
  t.equal(decoder.tableBytes, 0)
  t.equal(read('be', decoder).fault, 'bad index')
})

t.test('the table stays within its size whatever is inserted', async t => {
  const decoder = new HpackDecoder()
  for (let round = 0; round < 500; round++) {
    const name = round.toString(16).padStart(4, '0')
    const fault = read(`40 04 ${hexOf(name)} 7e ${hexOf('v'.repeat(126))}`, decoder).fault
    if (fault !== '' || decoder.tableBytes > 4096) t.fail(`${fault} ${decoder.tableBytes}`)
  }
  t.equal(read('be', decoder).fault, '', 'the newest is there')
  t.equal(read('ff1a', decoder).fault, 'bad index', 'an old one is not')
})

t.test('marks fields that HTTP/2 does not allow', async t => {
  const cases: Record<string, readonly [hex: string, kind: number]> = {
    plain: [literal('a', 'b c'), ORDINARY],
    'no value': [literal('a', ''), ORDINARY],
    'bytes above ASCII': [literal('a', '\xe9'), ORDINARY],
    'no name': [literal('', 'b'), BAD_NAME],
    'upper case': [literal('A', 'b'), BAD_NAME],
    'space in a name': [literal('a b', 'b'), BAD_NAME],
    'colon in a name': [literal('a:b', 'b'), BAD_NAME],
    'nothing but a colon': [literal(':', 'b'), BANNED],
    'NUL in a value': [literal('a', 'b\0c'), BAD_VALUE],
    'CR in a value': [literal('a', 'b\rc'), BAD_VALUE],
    'LF in a value': [literal('a', 'b\nc'), BAD_VALUE],
    'DEL in a value': [literal('a', 'b\x7fc'), BAD_VALUE],
    'space in front': [literal('a', ' b'), BAD_VALUE],
    'tab behind': [literal('a', 'b\t'), BAD_VALUE],
    'unknown pseudo-header': [literal(':a', 'b'), BANNED],
    connection: [literal('connection', 'close'), BANNED],
    'keep-alive': [literal('keep-alive', '1'), BANNED],
    'proxy-connection': [literal('proxy-connection', 'x'), BANNED],
    'transfer-encoding': [literal('transfer-encoding', 'chunked'), BANNED],
    transfer_encoding: [literal('transfer_encoding', 'chunked'), BANNED],
    upgrade: [literal('upgrade', 'h2c'), BANNED],
    'te: gzip': [literal('te', 'gzip'), BANNED],
    'te: trailers': [literal('te', 'trailers'), ORDINARY],
  }
  for (const [name, [hex, kind]] of Object.entries(cases)) {
    t.same(read(hex), { fault: '', kinds: [kind], secrets: [false] }, name)
  }
})

t.test('keeps the mark of a field from the table', async t => {
  const decoder = new HpackDecoder()
  t.same(read(`40 01 41 01 62`, decoder).kinds, [BAD_NAME])
  t.same(read('be', decoder).kinds, [BAD_NAME])
})

t.test('tells of fields that must not be indexed', async t => {
  t.same(read(`10 01 61 01 62 ${literal('a', 'b')}`).secrets, [true, false])
})

t.test('the Huffman code is complete and every code decodes to its byte', async t => {
  t.equal(CODE_BITS.length, 257)
  t.equal(
    CODE_BITS.reduce((sum, bits) => sum + 2 ** -bits, 0),
    1,
  )
  const into = Buffer.alloc(64)
  let code = 0n
  for (let bits = 1; bits <= 30; bits++, code *= 2n) {
    for (let byte = 0; byte < 257; byte++) {
      if (CODE_BITS[byte] !== bits) continue
      const padding = (8 - (bits % 8)) % 8
      const padded = (code << BigInt(padding)) | ((1n << BigInt(padding)) - 1n)
      code++
      if (byte === 256) continue
      const bytes = Buffer.from(padded.toString(16).padStart((bits + padding) / 4, '0'), 'hex')
      const count = decodeHuffman(bytes, 0, bytes.length, into)
      if (count !== 1 || into[0] !== byte) t.fail(`byte ${byte}: ${count} ${into[0]}`)
    }
  }
  t.equal(decodeHuffman(Buffer.from('ff', 'hex'), 0, 1, into), -1, 'eight bits of padding')
})
