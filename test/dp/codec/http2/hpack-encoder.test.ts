/** What the encoder puts into the table and what never; and that a decoder reads all of it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import { HpackDecoder } from '../../../../dp/codec/http2/hpack/decoder.ts'
import { encodedBound, HpackEncoder } from '../../../../dp/codec/http2/hpack/encoder.ts'

class Pair {
  readonly encoder = new HpackEncoder()
  readonly decoder = new HpackDecoder()

  /** Bytes of the block, and what the decoder made of it. */
  pass(list: FieldList): { bytes: Buffer; fields: [string, string][]; secrets: boolean[] } {
    const into = Buffer.alloc(encodedBound(list))
    const bytes = into.subarray(0, this.encoder.encode(list, into, 0))
    const fields: [string, string][] = []
    const secrets: boolean[] = []
    const fault = this.decoder.decode(bytes, 0, bytes.length, {
      onField: (name, value, _kind, isSecret) => {
        fields.push([name, value])
        secrets.push(isSecret)
      },
    })
    if (fault !== '') throw new Error(fault)
    return { bytes, fields, secrets }
  }

  sizes(list: FieldList, rounds: number): number[] {
    return Array.from({ length: rounds }, () => this.pass(list).bytes.length)
  }
}

t.test('a field that comes again costs one byte from the third time on', async t => {
  t.same(new Pair().sizes(FieldList.of(['x-name', 'value']), 4), [14, 14, 1, 1])
})

t.test('fields of the static table cost one byte at once', async t => {
  t.same(
    new Pair().pass(FieldList.of([':method', 'GET'], [':status', '200'])).bytes,
    Buffer.from([0x82, 0x88]),
  )
})

t.test('values of one request never get into the table', async t => {
  for (const name of ['x-request-id', 'traceparent', 'content-length', 'date', 'grpc-timeout']) {
    const pair = new Pair()
    pair.sizes(FieldList.of([name, '1234']), 4)
    t.equal(pair.encoder.tableBytes, 0, name)
  }
  const pair = new Pair()
  for (let round = 0; round < 2000; round++) pair.pass(FieldList.of([':path', `/item/${round}`]))
  t.equal(pair.encoder.tableBytes, 0, 'paths that differ')
})

t.test('credentials are never indexed, and so is what came as such', async t => {
  const list = FieldList.of(['authorization', 'Bearer x'], ['cookie', 'a=b'], ['x', 'y'])
  list.add('x-key', 'secret', true)
  const pair = new Pair()
  for (let round = 0; round < 3; round++) t.same(pair.pass(list).secrets.slice(0, 2), [true, true])
  t.equal(pair.pass(list).secrets[3], true)
  t.equal(pair.encoder.tableBytes, 34, 'only the ordinary field')
})

t.test('follows the size that the peer sets, down and up again', async t => {
  const pair = new Pair()
  const list = FieldList.of(['x-name', 'value'], ['x-other', 'value'])
  pair.sizes(list, 3)
  t.equal(pair.encoder.tableBytes, 87)
  pair.encoder.limitTable(50)
  t.same(pair.pass(list).fields, list.pairs())
  t.ok(pair.decoder.tableBytes <= 50)
  pair.encoder.limitTable(0)
  pair.encoder.limitTable(1_000_000)
  const { bytes } = pair.pass(FieldList.of([':method', 'GET']))
  t.same([...bytes], [0x20, 0x3f, 0xe1, 0x1f, 0x82], 'the smallest size, then the default')
  t.equal(pair.decoder.tableBytes, 0)
  pair.sizes(list, 3)
  t.equal(pair.decoder.tableBytes, 87)
})

t.test('its table is the one of the decoder, however fields come', async t => {
  const name = fc.constantFrom(
    ':path',
    'a',
    'accept',
    'x-request-id',
    'cookie',
    'user-agent',
    'x-long-name-of-a-field',
  )
  const value = fc.oneof(
    fc.constantFrom('', '/', 'b', 'gzip, deflate', 'v'.repeat(200), 'w'.repeat(900)),
    fc.string({ maxLength: 300 }).map(text => text.replace(/[^\x20-\x7e]/g, '~')),
  )
  const lists = fc.array(fc.array(fc.tuple(name, value, fc.boolean()), { maxLength: 20 }), { maxLength: 30 })
  const sizes = fc.array(fc.constantFrom(-1, -1, -1, 0, 60, 300, 4096), { minLength: 30, maxLength: 30 })
  fc.assert(
    fc.property(lists, sizes, (rounds, limits) => {
      const pair = new Pair()
      for (const [round, fields] of rounds.entries()) {
        const limit = limits[round] ?? -1
        if (limit >= 0) pair.encoder.limitTable(limit)
        const list = new FieldList()
        for (const [one, text, isSecret] of fields) list.add(one, text, isSecret && round % 5 === 0)
        t.strictSame(pair.pass(list).fields, list.pairs())
        if (fields.length > 0 && pair.encoder.tableBytes !== pair.decoder.tableBytes)
          throw new Error('tables differ')
      }
    }),
    { numRuns: 150, seed: 20_261_123 },
  )
})

t.test('remembers no more than so many names and values', async t => {
  const pair = new Pair()
  for (let round = 0; round < 3000; round++) {
    const list = FieldList.of([`x-${round}`, `${round}`], ['x-same', 'again'], ['x-more', `${round % 300}`])
    t.strictSame(pair.pass(list).fields, list.pairs())
  }
  t.equal(pair.pass(FieldList.of(['x-same', 'again'])).bytes.length, 1, 'what comes always is still indexed')
})

t.test('keeps no head alive of which it remembers a value', async t => {
  // A piece of a string holds all of it, unless it was a key of a Map: V8 makes keys strings of their own.
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const held = (): number => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const pair = new Pair()
  const before = held()
  for (let round = 0; round < 250; round++) {
    const head = Buffer.alloc(400_000, `${round} `).toString('latin1')
    pair.pass(FieldList.of(['x-cut', head.slice(round, round + 60)]))
  }
  const grown = held() - before
  t.ok(grown < 20_000_000, `${grown} bytes more`)
  t.ok(pair.encoder.tableBytes < 4097)
})
