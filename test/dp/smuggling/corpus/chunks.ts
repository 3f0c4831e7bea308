/** Chunked bodies: sizes, line ends, extensions and trailers that parsers differ about. */
import { type Hostile, NEXT, ODD_BYTES, passed, post, refused, shown } from './hostile.ts'

const CHUNKED = 'Transfer-Encoding: chunked\r\n'

/** A body behind a head that announces chunks. */
interface ChunkedCase {
  readonly name: string
  readonly body: string
  readonly isWhole: boolean
}

function broken(name: string, body: string): ChunkedCase {
  return { name: `chunks: ${name}`, body, isWhole: false }
}

function whole(name: string, body: string): ChunkedCase {
  return { name: `chunks: ${name}`, body, isWhole: true }
}

const END = '0\r\n\r\n'
const BAD_SIZES = [
  ...[
    '',
    ' ',
    ' 5',
    '5 ',
    '\t5',
    '5\t',
    '+5',
    '-5',
    '0x5',
    '0X5',
    '5h',
    '5g',
    'g',
    '5.',
    '5,5',
    '"5"',
    "'5'",
    '5 5',
    '5_',
  ],
  ...[
    '5\0',
    '\x005',
    '5\x0b',
    '5\x0c',
    '5\x7f',
    '5\x80',
    '5\xa0',
    '\xa05',
    '\xff',
    '5:',
    '5=',
    '5&x',
    '5/x',
    '5#',
    '5\\',
    '(5)',
  ],
  ...[
    '0'.repeat(15) + 5,
    'f'.repeat(14),
    'f'.repeat(15),
    'f'.repeat(16),
    'f'.repeat(17),
    `1${'0'.repeat(15)}5`,
    '8'.repeat(16),
  ],
  ...[
    'ffffffffffffffff5',
    '100000000000000005',
    '5\r',
    '5\r\r',
    '\n5',
    '\r5',
    '5 ;x',
    '5\t;x',
    '5 \t;x=y',
    'five',
  ],
]
const BAD_ENDS: Readonly<Record<string, string>> = {
  'size ended by LF': `5\n[[[[[\r\n${END}`,
  'size ended by CR': `5\r[[[[[\r\n${END}`,
  'size ended by CRCR': `5\r\r[[[[[\r\n${END}`,
  'size ended by LFCR': `5\n\r[[[[[\r\n${END}`,
  'size ended by nothing': `5[[[[[\r\n${END}`,
  'data ended by LF': `5\r\n[[[[[\n${END}`,
  'data ended by CR': `5\r\n[[[[[\r${END}`,
  'data ended by CRCRLF': `5\r\n[[[[[\r\r\n${END}`,
  'data ended by nothing': `5\r\n[[[[[${END}`,
  'data ended by two CRLF': `5\r\n[[[[[\r\n\r\n${END}`,
  'data ended by spaces': `5\r\n[[[[[  ${END}`,
  'data longer': `5\r\n[[[[[[\r\n${END}`,
  'data shorter': `5\r\n[[[[\r\n${END}`,
  'end ended by LF': '5\r\n[[[[[\r\n0\n\n',
  'end ended by CRLF and LF': '5\r\n[[[[[\r\n0\r\n\n',
  'end ended by LF and CRLF': '5\r\n[[[[[\r\n0\n\r\n',
  'end ended by CR': '5\r\n[[[[[\r\n0\r\r',
  'end ended by CRLF and CR': '5\r\n[[[[[\r\n0\r\n\rX',
  'end with a space': '5\r\n[[[[[\r\n0 \r\n\r\n',
  'end with a sign': '5\r\n[[[[[\r\n-0\r\n\r\n',
  'end of sixteen zeros': `5\r\n[[[[[\r\n${'0'.repeat(16)}\r\n\r\n`,
  'end in hexadecimal': '5\r\n[[[[[\r\n0x0\r\n\r\n',
  'empty line first': `\r\n5\r\n[[[[[\r\n${END}`,
  'LF first': `\n5\r\n[[[[[\r\n${END}`,
  'a second size line': `5\r\n5\r\n[[[[[\r\n${END}`,
}
const BAD_TRAILERS = [
  ...[
    'X',
    'X y',
    ': y',
    ' X: y',
    '\tX: y',
    'X : y',
    'X\t: y',
    'X: y\r\n z',
    'X: y\nZ: z',
    'X: y\rZ: z',
    'X\0: y',
    'X: \0',
    'X\xe9: y',
  ],
  ...[
    'X: \x7f',
    'X: y\n',
    'X: y\r',
    '\0',
    '"X": y',
    'X(: y',
    'X,Y: z',
    'X: y\r\n\tz',
    '\r',
    'GET / HTTP/1.1',
    'X: \x0b',
    'X: \x0c',
  ],
  ...[
    'Content-Length: 5',
    'content-length: 0',
    'Content_Length: 5',
    'Transfer-Encoding: chunked',
    'Transfer_Encoding: x',
  ],
  ...[
    'Host: evil',
    'Connection: close',
    'TE: trailers',
    'Trailer: X',
    'Expect: 100-continue',
    'Upgrade: h2c',
    'Cookie: a=b',
  ],
  ...[
    'Authorization: Basic eA==',
    'X-Forwarded-For: 1.2.3.4',
    'X-Forwarded-Client-Cert: By=evil',
    'X_Forwarded_Client_Cert: By=evil',
  ],
  ...[
    'Forwarded: for=evil',
    'X-Request-Id: 1',
    'X-Kuma-Tags: &a=b&',
    'X-Forwarded-Proto: https',
    'Keep-Alive: timeout=5',
  ],
  ...[
    'Content-Encoding: gzip',
    'Content-Type: text/html',
    'Content-Range: bytes 0-1/2',
    'Proxy-Connection: x',
    'Set-Cookie: a=b',
  ],
  ...['Proxy-Authorization: x', 'Max-Forwards: 0', 'Range: bytes=0-1', 'Content_Type: x'],
]

export const CHUNKED_BODIES: readonly ChunkedCase[] = [
  ...BAD_SIZES.map(size => broken(`size ${shown(size)}`, `${size}\r\n[[[[[\r\n${END}`)),
  ...BAD_SIZES.map(size => broken(`second size ${shown(size)}`, `1\r\n[\r\n${size}\r\n[[[[[\r\n${END}`)),
  ...Object.entries(BAD_ENDS).map(([name, body]) => broken(name, body)),
  ...BAD_TRAILERS.map(line => broken(`trailer ${shown(line)}`, `5\r\n[[[[[\r\n0\r\n${line}\r\n\r\n`)),
  ...ODD_BYTES.map(byte =>
    /[\x00-\x08\x0a-\x1f\x7f]/.test(byte)
      ? broken(`extension with ${shown(byte)}`, `5;a=${byte}b\r\n[[[[[\r\n${END}`)
      : whole(`extension with ${shown(byte)}`, `5;a=${byte}b\r\n[[[[[\r\n${END}`),
  ),
  ...[
    '5;\n[[[[[\r\n',
    '5;a\nb\r\n[[[[[\r\n',
    '5;a="\r\n"\r\n[[[[[\r\n',
    '5;a="\n"\r\n[[[[[\r\n',
    '5;a\r[[[[[\r\n',
  ].map(body => broken(shown(body), body + END)),
  broken('extension of 9 KB', `5;${'x'.repeat(9000)}\r\n[[[[[\r\n${END}`),
  broken('many extensions', `${`1;${'x'.repeat(500)}\r\n[\r\n`.repeat(20)}${END}`),
  broken('trailers of 9 KB', `0\r\nX: ${'x'.repeat(9000)}\r\n\r\n`),
  broken('trailer name of 9 KB', `0\r\n${'x'.repeat(9000)}: x\r\n\r\n`),
  broken('many trailers', `0\r\n${'X: y\r\n'.repeat(3000)}\r\n`),
  ...['5', '05', '0000005', '00000000000005'].map(size =>
    whole(`size ${size}`, `${size}\r\n[[[[[\r\n${END}`),
  ),
  ...['a', 'A', '0a', '00A'].map(size => whole(`size ${size}`, `${size}\r\n[[[[[[[[[[\r\n${END}`)),
  ...['0', '00', '000', '00000000'].map(size => whole(`end ${size}`, `5\r\n[[[[[\r\n${size}\r\n\r\n`)),
  ...[
    '5;',
    '5;a',
    '5;a=b',
    '5;a="b"',
    '5;a="\\""',
    '5;;',
    '5;a;b=c',
    '5;a = b',
    '5;=',
    '5; a',
    '5;"',
    '5;\t',
  ].map(size => whole(`size ${shown(size)}`, `${size}\r\n[[[[[\r\n${END}`)),
  ...['0;', '0;a=b', '0;x'].map(size => whole(`end ${size}`, `5\r\n[[[[[\r\n${size}\r\n\r\n`)),
  ...[
    'X: y',
    'X:',
    'X:y',
    'X: y\r\nZ: z',
    'x-checksum: \xe9',
    'Grpc-Status: 0',
    'ETag: "x"',
    'X-Envoy-Max-Retries: 9',
    'If-Match: x',
  ].map(line => whole(`trailer ${shown(line)}`, `5\r\n[[[[[\r\n0\r\n${line}\r\n\r\n`)),
  whole('only an end', END),
  whole('a request as data', `${NEXT.length.toString(16)}\r\n${NEXT}\r\n${END}`),
  whole('an end as data', `5\r\n${END}\r\n${END}`),
  whole('many chunks', `${'1\r\n[\r\n'.repeat(2000)}${END}`),
  whole('a large chunk', `${(100_000).toString(16)}\r\n${'['.repeat(100_000)}\r\n${END}`),
]

/** The head of a broken one is good: it may go on before the body turns out bad, and then no more of it does. */
export const CHUNKED_REQUESTS: readonly Hostile[] = CHUNKED_BODIES.map(({ name, body, isWhole }) =>
  isWhole ? passed(name, post(CHUNKED, body)) : refused(name, post(CHUNKED, body)),
)
