/** Sequences of frames: bodies that look like requests, trailers, frames behind an end, blocks in parts. */
import {
  block,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  PADDED,
  u32,
} from '../../../../support/http2-peer.ts'
import { ODD_BYTES, shown } from '../../corpus/hostile.ts'
import {
  BODY,
  END_AND_SMUGGLED,
  type Field,
  fatal,
  get,
  type HostileFrames,
  inParts,
  passed,
  pseudo,
  refused,
  SMUGGLED,
  surplus,
} from './hostile-frames.ts'

const POST = pseudo('POST')
const LENGTH: Field = ['content-length', '5']

function data(text: string, flags = 0): Buffer {
  return frame('DATA', flags, 1, text)
}

const BODIES: HostileFrames[] = [
  SMUGGLED,
  END_AND_SMUGGLED,
  `\r\n${END_AND_SMUGGLED}`,
  '0\r\n\r\n',
  '5\r\n',
  '\r\n',
].flatMap(body => [
  passed(`the body ${shown(body)}`, headers(1, 0, POST), data(body, END_STREAM)),
  passed(
    `the body ${shown(body)} byte by byte`,
    headers(1, 0, POST),
    ...[...body].map(byte => data(byte)),
    data('', END_STREAM),
  ),
  passed(
    `the body ${shown(body)} with its length`,
    headers(1, 0, [...POST, ['content-length', String(body.length)]]),
    data(body, END_STREAM),
  ),
  refused(
    `the body ${shown(body)} with a shorter length`,
    headers(1, 0, [...POST, ['content-length', String(body.length - 1)]]),
    data(body, END_STREAM),
  ),
  surplus(
    `the body ${shown(body)} and its length in two frames`,
    headers(1, 0, [...POST, ['content-length', String(body.length)]]),
    data(body),
    data(SMUGGLED, END_STREAM),
  ),
  passed(
    `the padding ${shown(body)}`,
    headers(1, 0, [...POST, LENGTH]),
    data(`${String.fromCharCode(body.length)}${BODY}${body}`, PADDED | END_STREAM),
  ),
  passed(
    `an answer in the padding ${shown(body)}, without a length`,
    headers(1, 0, POST),
    data(`${String.fromCharCode(body.length)}${BODY}${body}`, PADDED),
    data('', END_STREAM),
  ),
])

const FRAMING: Field[] = [
  ['content-length', '5'],
  ['content-length', '0'],
  ['te', 'trailers'],
  ['trailer', 'x'],
  ['host', 'c'],
  ['expect', '100-continue'],
  ['content-type', 'text/html'],
  ['authorization', 'x'],
  ['cookie', 'a=b'],
  ['x-forwarded-client-cert', 'By=spiffe://x'],
  ['x_forwarded_client_cert', 'By=spiffe://x'],
  ['x-forwarded-proto', 'https'],
]
const BAD_TRAILERS: Field[] = [
  ['transfer-encoding', 'chunked'],
  ['transfer_encoding', 'chunked'],
  ['content_length', '5'],
  ['connection', 'close'],
  ['upgrade', 'websocket'],
  [':path', '/smuggled'],
  [':status', '200'],
  [':x', 'y'],
  ['X', 'y'],
  ['', 'y'],
  ['x y', 'z'],
  ['x:', 'y'],
  ['x', `y\r\n\r\n${SMUGGLED}`],
  ['x', 'y\r\nz: a'],
  ['content-length', '5\r\nx: y'],
  ['content-length', '-1'],
]

function withTrailers(fields: readonly Field[], ...before: readonly Buffer[]): Buffer {
  return Buffer.concat([...before, headers(1, END_STREAM, fields)])
}

const TRAILERS: HostileFrames[] = [
  passed('trailers', withTrailers([['x', 'y']], headers(1, 0, POST), data(BODY))),
  passed('trailers of no body', withTrailers([['x', 'y']], headers(1, 0, POST))),
  passed('no trailers in a block', withTrailers([], headers(1, 0, POST), data(BODY))),
  passed(
    'trailers behind a length',
    withTrailers([['x', 'y']], headers(1, 0, [...POST, LENGTH]), data(BODY)),
  ),
  refused(
    'trailers instead of the rest',
    withTrailers([['x', 'y']], headers(1, 0, [...POST, LENGTH]), data('[[[')),
  ),
  ...FRAMING.map(([name, value]) =>
    passed(
      `the trailer ${name}: ${value}`,
      withTrailers(
        [
          [name, value],
          ['x', 'y'],
        ],
        headers(1, 0, POST),
        data(BODY),
      ),
    ),
  ),
  ...BAD_TRAILERS.map(([name, value]) =>
    refused(
      `the trailer ${shown(name)}: ${shown(value)}`,
      withTrailers([[name, value]], headers(1, 0, POST), data(BODY)),
    ),
  ),
  ...ODD_BYTES.filter(byte => /[\0-\x08\x0a-\x1f\x7f]/.test(byte)).flatMap(byte => [
    refused(
      `the trailer x${shown(byte)}`,
      withTrailers([[`x${byte}`, 'y']], headers(1, 0, POST), data(BODY)),
    ),
    refused(
      `the trailer x: y${shown(byte)}z`,
      withTrailers([['x', `y${byte}z`]], headers(1, 0, POST), data(BODY)),
    ),
  ]),
  refused(
    'trailers that do not end',
    headers(1, 0, POST),
    data(BODY),
    headers(1, 0, [['x', 'y']]),
    data(SMUGGLED, END_STREAM),
  ),
  refused('a second request as trailers', headers(1, 0, POST), data(BODY), headers(1, END_STREAM, pseudo())),
]

const ENDED: HostileFrames[] = [
  surplus('DATA behind the end', get(), data(SMUGGLED)),
  surplus(
    'DATA behind the end of a body',
    headers(1, 0, [...POST, LENGTH]),
    data(BODY, END_STREAM),
    data(SMUGGLED, END_STREAM),
  ),
  surplus('HEADERS behind the end', get(), headers(1, END_STREAM, pseudo('GET', { ':path': '/smuggled' }))),
  surplus('trailers behind the end', get(), headers(1, END_STREAM, [['x', 'y']])),
  refused('a reset before the end', headers(1, 0, POST), data(BODY), frame('RST_STREAM', 0, 1, u32(8))),
  refused(
    'a reset before the end of a length',
    headers(1, 0, [...POST, LENGTH]),
    data('[[['),
    frame('RST_STREAM', 0, 1, u32(8)),
  ),
  refused(
    'DATA behind a reset',
    headers(1, 0, POST),
    frame('RST_STREAM', 0, 1, u32(8)),
    data(SMUGGLED, END_STREAM),
  ),
  refused('nothing behind the head', headers(1, 0, POST)),
  refused('half a length', headers(1, 0, [...POST, LENGTH]), data('[[[')),
]

const BLOCK = block(...pseudo(), ['x', 'y'])
const PARTS: HostileFrames[] = [
  passed(
    'a block in three frames',
    frame('HEADERS', END_STREAM, 1, BLOCK.subarray(0, 3)),
    frame('CONTINUATION', 0, 1, BLOCK.subarray(3, 20)),
    frame('CONTINUATION', END_HEADERS, 1, BLOCK.subarray(20)),
  ),
  fatal('DATA inside a block', 0, frame('HEADERS', 0, 1, BLOCK.subarray(0, 9)), data(SMUGGLED, END_STREAM)),
  fatal(
    'another request inside a block',
    0,
    frame('HEADERS', END_STREAM, 1, BLOCK.subarray(0, 9)),
    headers(3, END_STREAM, pseudo()),
  ),
  fatal(
    'the CONTINUATION of another',
    0,
    frame('HEADERS', END_STREAM, 1, BLOCK.subarray(0, 9)),
    frame('CONTINUATION', END_HEADERS, 3, BLOCK.subarray(9)),
  ),
  fatal('a CONTINUATION behind its block', 1, get(), frame('CONTINUATION', END_HEADERS, 1, BLOCK)),
  fatal(
    'a block that is cut off',
    0,
    frame('HEADERS', END_STREAM | END_HEADERS, 1, BLOCK.subarray(0, BLOCK.length - 1)),
  ),
  fatal(
    'an index of nothing',
    0,
    frame('HEADERS', END_STREAM | END_HEADERS, 1, Buffer.from([0xff, 0xff, 0x00])),
  ),
  fatal('DATA on stream 0', 1, get(), frame('DATA', END_STREAM, 0, SMUGGLED)),
  fatal('DATA on an idle stream', 1, get(), frame('DATA', END_STREAM, 99, SMUGGLED)),
  fatal('a stream of the server', 1, get(), headers(2, END_STREAM, pseudo())),
  fatal(
    'an older stream',
    2,
    headers(5, END_STREAM, pseudo()),
    headers(7, END_STREAM, pseudo()),
    headers(3, END_STREAM, pseudo()),
  ),
  fatal(
    'padding longer than its frame',
    0,
    headers(1, 0, POST),
    frame('DATA', PADDED | END_STREAM, 1, `\xff${SMUGGLED}`),
  ),
  fatal(
    'PUSH_PROMISE',
    1,
    get(),
    frame('PUSH_PROMISE', END_HEADERS, 1, Buffer.concat([u32(2), block(...pseudo())])),
  ),
  fatal('HTTP/1.1 behind the preface', 0, Buffer.from(SMUGGLED.repeat(4), 'latin1')),
  passed('an unknown frame', get(), frame(77, 0xff, 1, SMUGGLED)),
  ...['cookie', 'x'].map(name =>
    refused(`200 fields ${name}`, get(...Array.from({ length: 200 }, (_, at): Field => [name, `a${at}=b`]))),
  ),
  fatal(
    'a list over the limit',
    0,
    inParts([...pseudo(), ['x', 'y'.repeat(59_000)], ['z', 'y'.repeat(3000)]]),
  ),
]

/** Literals with indexing: what is bad stays bad when it comes again by its index. */
const indexed = (name: string, value: string): Buffer => {
  const plain = block([name, value])
  return Buffer.concat([Buffer.from([0x40]), plain.subarray(1)])
}
const FIRST_INDEX = Buffer.from([0x80 | 62])
const INDEXED: HostileFrames[] = [
  ['x', `y\r\n\r\n${SMUGGLED}`],
  ['x y', 'z'],
  ['transfer-encoding', 'chunked'],
  ['content-length', '5 '],
  ['X', 'y'],
  ['connection', 'close'],
].map(([name = '', value = '']) => ({
  ...refused(
    `${shown(name)}: ${shown(value)} by its index`,
    frame('HEADERS', END_STREAM | END_HEADERS, 1, Buffer.concat([block(...pseudo()), indexed(name, value)])),
    frame('HEADERS', END_STREAM | END_HEADERS, 3, Buffer.concat([block(...pseudo()), FIRST_INDEX])),
  ),
}))

export const FRAME_SEQUENCES: readonly HostileFrames[] = [
  ...BODIES,
  ...TRAILERS,
  ...ENDED,
  ...PARTS,
  ...INDEXED,
]
