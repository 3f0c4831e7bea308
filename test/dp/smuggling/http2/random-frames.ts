/** Requests of HTTP/2 made at random of parts that are good, odd and bad, cut into frames, and then mutated. */
import fc from 'fast-check'
import { block, END_HEADERS, END_STREAM, frame, headers, PADDED } from '../../../support/http2-peer.ts'
import { BAD_CODINGS, BAD_LENGTHS } from '../corpus/framing-values.ts'
import { ODD_BYTES } from '../corpus/hostile.ts'
import { BODY, END_AND_SMUGGLED, type Field, SMUGGLED } from './corpus/hostile-frames.ts'

const field = (name: string, ...values: readonly string[]): fc.Arbitrary<Field> =>
  fc.constantFrom(...values).map(value => [name, value] as const)

const PSEUDO = fc.oneof(
  field(':method', 'GET', 'POST', 'HEAD', 'OPTIONS', 'get', 'CONNECT', 'GET /smuggled HTTP/1.1\r\n'),
  field(':scheme', 'http', 'https', 'http\r\n'),
  field(':authority', 'b', 'c', 'b:80', 'u@b', 'b\r\nX: y'),
  field(':path', '/a', '/', '*', '/a b', '/a\r\n', `/a HTTP/1.1\r\n\r\n${SMUGGLED}`, 'http://b/a'),
  field(':status', '200'),
)
const ORDINARY = fc.oneof(
  { weight: 6, arbitrary: field('x', 'y', '', 'y z', ' y', 'y\r\nz: a', 'y\0') },
  { weight: 4, arbitrary: field('content-length', '5', '05', '0', '6', ...BAD_LENGTHS) },
  field('transfer-encoding', 'chunked', ...BAD_CODINGS),
  field('connection', 'close', 'x'),
  field('te', 'trailers', 'gzip'),
  field('host', 'b', 'c', 'b\r\n'),
  field('cookie', 'a=b', 'c=d'),
  field('expect', '100-continue'),
  field('trailer', 'x'),
  field('content_length', '5'),
  fc.constantFrom(...ODD_BYTES).map((byte): Field => [`x${byte}`, 'y']),
  fc.constantFrom(...ODD_BYTES).map((byte): Field => ['x', `y${byte}z`]),
)
const HEAD: fc.Arbitrary<readonly Field[]> = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'POST', 'PUT', 'HEAD'),
    fc.array(ORDINARY, { maxLength: 3 }),
    fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.array(PSEUDO, { maxLength: 2 })),
    fc.oneof({ weight: 9, arbitrary: fc.constant(-1) }, fc.nat(3)),
  )
  .map(([method, fields, extra, left]) => {
    const pseudo: Field[] = [
      [':method', method],
      [':scheme', 'http'],
      [':authority', 'b'],
      [':path', '/a'],
    ]
    return [...pseudo.filter((_, at) => at !== left), ...extra, ...fields]
  })
const DATA = fc.constantFrom(BODY, BODY, '', SMUGGLED, END_AND_SMUGGLED, '0\r\n\r\n')
const TRAILERS = fc.array(ORDINARY, { maxLength: 2 })

/** Frames of one request on stream `id`. */
const REQUEST: fc.Arbitrary<(id: number) => Buffer> = fc
  .record({
    head: HEAD,
    parts: fc.array(DATA, { maxLength: 3 }),
    trailers: fc.option(TRAILERS, { freq: 4 }),
    cutAt: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(60)),
    hasEnd: fc.nat(9).map(one => one > 0),
    isPadded: fc.boolean(),
  })
  .map(({ head, parts, trailers, cutAt, hasEnd, isPadded }) => (id: number) => {
    const end = hasEnd ? END_STREAM : 0
    const headEnd = parts.length === 0 && trailers === null ? end : 0
    const bytes = block(...head)
    const frames =
      cutAt > 0 && cutAt < bytes.length
        ? [
            frame('HEADERS', headEnd, id, bytes.subarray(0, cutAt)),
            frame('CONTINUATION', END_HEADERS, id, bytes.subarray(cutAt)),
          ]
        : [headers(id, headEnd, head)]
    for (const [at, part] of parts.entries()) {
      const flags = at === parts.length - 1 && trailers === null ? end : 0
      if (isPadded) frames.push(frame('DATA', flags | PADDED, id, `\x05${part}${BODY}`))
      else frames.push(frame('DATA', flags, id, part))
    }
    if (trailers !== null) frames.push(headers(id, end, trailers))
    return Buffer.concat(frames)
  })

const NEXT: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'b'],
  [':path', '/next'],
]
const EDITS = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { maxLength: 3 }),
)

/** `text`: Latin-1, of what follows the preface. `cutAt`: where it is cut into two reads. */
export const RANDOM_FRAMES: fc.Arbitrary<{ readonly text: string; readonly cutAt: number }> = fc
  .tuple(fc.array(REQUEST, { minLength: 1, maxLength: 3 }), EDITS, fc.nat(500))
  .map(([requests, edits, cutAt]) => {
    const bytes = Buffer.concat([
      ...requests.map((make, at) => make(2 * at + 1)),
      headers(2 * requests.length + 1, END_STREAM, NEXT),
    ])
    for (const [place, value] of edits) bytes[Math.floor(place * (bytes.length - 1))] = value
    return { text: bytes.toString('latin1'), cutAt }
  })
