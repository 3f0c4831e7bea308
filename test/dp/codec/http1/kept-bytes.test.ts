/** What waits for more, piece by piece: the bytes stay what they were, and the work does not grow with the pieces. */
import t from 'tap'
import { KeptBytes } from '../../../../dp/codec/http1/kept-bytes.ts'

const MAX_BYTES = 60 * 1024

t.test('finds the end of a head wherever it is cut', async t => {
  const text = 'GET / HTTP/1.1\r\nHost: b\r\n\r\n'
  const failures: string[] = []
  for (let first = 0; first < text.length; first++) {
    for (let second = first; second < text.length; second++) {
      const kept = new KeptBytes()
      const found = [text.slice(0, first), text.slice(first, second), text.slice(second)].map(piece => {
        const bytes = Buffer.from(`junk${piece}junk`, 'latin1')
        kept.add(bytes, 4, bytes.length - 4)
        return kept.mayBeHead(MAX_BYTES)
      })
      const isSame = kept.all.toString('latin1') === text
      if (found.join() !== 'false,false,true' || !isSame) failures.push(`${first}, ${second}: ${found}`)
    }
  }
  t.same(failures, [])
})

t.test('gives up at the limit', async t => {
  const kept = new KeptBytes()
  const found = ['1234567', '8'].map(piece => {
    kept.add(Buffer.from(piece), 0, piece.length)
    return kept.mayBeHead(8)
  })
  t.same(found, [false, true])
})

t.test('moves a long head a few times only, however small its pieces', async t => {
  const kept = new KeptBytes()
  const places = new Set<ArrayBufferLike>()
  const seen = new Set<number>()
  const piece = Buffer.from('a')
  for (let at = 0; at < MAX_BYTES - 1; at++) {
    kept.add(piece, 0, 1)
    if (kept.mayBeHead(MAX_BYTES)) t.fail(`a head at ${at}`)
    places.add(kept.all.buffer)
    seen.add(kept.all.byteOffset)
  }
  t.equal(kept.length, MAX_BYTES - 1)
  t.ok(places.size <= 17, `${places.size} buffers`)
  t.ok(seen.size <= 17, `${seen.size} places`)
})
