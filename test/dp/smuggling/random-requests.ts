/** Requests made at random of parts that are good, odd and bad, one behind the other, and then mutated byte by byte. */
import fc from 'fast-check'
import { BAD_CODINGS, BAD_LENGTHS, OTHER_NAMES } from './corpus/framing-values.ts'
import { BODY, CHUNKS, get, NEXT, ODD_BYTES, post } from './corpus/hostile.ts'

const START_LINES = [
  ...['GET /a HTTP/1.1', 'POST /a HTTP/1.1', 'HEAD /a HTTP/1.1', 'PUT /a?b=c HTTP/1.1', 'OPTIONS * HTTP/1.1'],
  ...['GET http://c/a HTTP/1.1', 'DELETE /a HTTP/1.1', 'GET /a HTTP/1.0', 'GET /a', 'PRI * HTTP/2.0'],
  ...['POST /a HTTP/1.0', 'CONNECT b:80 HTTP/1.1', 'CONNECT b HTTP/1.1'],
]
const GOOD_FIELDS = [
  ...[
    'Content-Length: 5',
    'Content-Length: 0',
    'content-length:5',
    'Content-Length: 05',
    'Content-Length: 40',
  ],
  ...['Transfer-Encoding: chunked', 'transfer-encoding:Chunked', 'Transfer-Encoding: \t chunked\t'],
  ...[
    'X: y',
    'X:',
    'Connection: close',
    'Connection: keep-alive, x',
    'Connection: upgrade',
    'Upgrade: websocket',
  ],
  ...[
    'Expect: 100-continue',
    'TE: trailers',
    'Trailer: X',
    'Keep-Alive: timeout=5',
    'Accept: */*',
    'Cookie: a=b',
  ],
]
const FIELDS = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...GOOD_FIELDS) },
  fc.constantFrom(...BAD_LENGTHS).map(value => `Content-Length: ${value}`),
  fc.constantFrom(...BAD_CODINGS).map(value => `Transfer-Encoding: ${value}`),
  fc.constantFrom(...OTHER_NAMES).map(name => `${name}: 5`),
)
const CHUNK = fc
  .tuple(
    fc.constantFrom('5', '05', '5;a=b', '0', '5 ', '+5', '0x5', '6', 'ff'),
    fc.constantFrom(BODY, BODY, BODY, NEXT, ''),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r'),
  )
  .map(([size, data, end]) => `${size}\r\n${data}${end}`)
const BODIES = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.constant(BODY) },
  { weight: 3, arbitrary: fc.constant(CHUNKS) },
  { weight: 1, arbitrary: fc.constant(NEXT) },
  fc.array(CHUNK, { maxLength: 3 }).map(chunks => `${chunks.join('')}0\r\n\r\n`),
  fc.constantFrom(
    '0\r\nX: y\r\n\r\n',
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\n\r\n\r\n',
    '5;a\r\n[[[[[\r\n0\n\n',
  ),
)
const GOOD = fc.constantFrom(
  ...[
    NEXT,
    get('X: y\r\n'),
    post('Content-Length: 5\r\n', BODY),
    post('Transfer-Encoding: chunked\r\n', CHUNKS),
  ],
  ...[post('Content-Length: 0\r\n', ''), get('Connection: upgrade\r\nUpgrade: websocket\r\n')],
)
const STRANGE = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...START_LINES.slice(0, 4)) },
      fc.constantFrom(...START_LINES),
    ),
    fc.array(FIELDS, { maxLength: 4 }),
    fc.nat(20),
    BODIES,
  )
  .map(([start, fields, hosts, body]) => {
    const host = hosts === 0 ? [] : hosts === 1 ? ['Host: b', 'Host: c'] : ['Host: b']
    return `${[start, ...host, ...fields].join('\r\n')}\r\n\r\n${body}`
  })

interface Edit {
  /** Of the text, from 0 to 1. */
  readonly place: number
  readonly removed: number
  readonly inserted: string
}

const EDIT: fc.Arbitrary<Edit> = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(6)),
  inserted: fc.oneof(
    fc.constantFrom(...ODD_BYTES),
    fc.constantFrom(
      '\r\n',
      '\r\n\r\n',
      '\r\n ',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '',
    ),
  ),
})

/** `text`: Latin-1. `cutAt`: where it is cut into two reads. */
export const RANDOM_REQUESTS: fc.Arbitrary<{ readonly text: string; readonly cutAt: number }> = fc
  .tuple(
    fc.array(fc.oneof(GOOD, STRANGE), { minLength: 1, maxLength: 3 }),
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(EDIT, { maxLength: 3 })),
    fc.nat(400),
  )
  .map(([requests, edits, cutAt]) => ({ text: edits.reduce(edited, requests.join('')) + NEXT, cutAt }))

function edited(text: string, { place, removed, inserted }: Edit): string {
  const at = Math.floor(place * text.length)
  return text.slice(0, at) + inserted + text.slice(at + removed)
}
