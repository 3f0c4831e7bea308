/** Responses of a hostile application: framings, status lines, fields, chunks, and more than was asked for. */
import { CHUNKED_BODIES } from './chunks.ts'
import { BAD_CODINGS, BAD_LENGTHS, OTHER_NAMES } from './framing-values.ts'
import { BODY, CHUNKS, isToken, ODD_BYTES, shown } from './hostile.ts'

export interface HostileAnswer {
  readonly name: string
  readonly text: string
  readonly method: 'GET' | 'HEAD'
  /** The application closes behind it. */
  readonly ends: boolean
  /** The client gets it. */
  readonly passes: boolean
}

const LENGTH = 'Content-Length: 5\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
/** An answer that nobody asked for. */
const SURPLUS = 'HTTP/1.1 200 OK\r\nX-Surplus: 1\r\nContent-Length: 7\r\n\r\nsurplus'

function passed(name: string, text: string, method: 'GET' | 'HEAD' = 'GET', ends = false): HostileAnswer {
  return { name, text, method, ends, passes: true }
}

function refused(name: string, text: string, ends = false): HostileAnswer {
  return { name, text, method: 'GET', ends, passes: false }
}

function ok(fields: string, body: string): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`
}

const BAD_STATUS_LINES = [
  'HTTP/1.1 200\tOK',
  ...[
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 2x0 OK',
    'HTTP/1.1 000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 -20 OK',
  ],
  ...[
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1 ',
    'HTTP/1.1',
    '',
    'HTTP/1.1 +200 OK',
    '200 OK',
  ],
  ...[
    'HTTP/0.9 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/2 200',
    'HTTP/2.0 200 OK',
    'ICY 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1 2 0 OK',
  ],
  ...[
    'HTTP/1.1 200 O\rK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\x0bK',
    'HTTP/1.1 200 \x7f',
    ' HTTP/1.1 200 OK',
    '\nHTTP/1.1 200 OK',
  ],
  ...[
    'HTTP/1.1 200 O\nK',
    'HTTP/1.1 0x200 OK',
    'HTTP/1.1 \xb200 OK',
    'HTTP/1.10 200 OK',
    'HTTP/1.1 200\0',
    'GET / HTTP/1.1',
  ],
  ...[
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade',
  ],
]
const GOOD_STATUS_LINES = [
  ...[
    'HTTP/1.1 200 OK',
    'HTTP/1.1 200 ',
    'HTTP/1.1 200',
    'HTTP/1.1 200 \xe9',
    'HTTP/1.1 999 x',
    'HTTP/1.1 299 OK OK',
  ],
  ...['HTTP/1.1 404 HTTP/1.1 200 OK', 'HTTP/1.1 500 x', 'HTTP/1.1 418 a\tb', 'HTTP/1.1 302 <>'],
]

export const ANSWERS: readonly HostileAnswer[] = [
  ...BAD_LENGTHS.map(value =>
    refused(`length ${shown(value)}`, ok(`Content-Length:${value}\r\n`, BODY), true),
  ),
  ...BAD_LENGTHS.map(value =>
    refused(`length ${shown(value)} after 5`, ok(`${LENGTH}Content-Length: ${value}\r\n`, BODY)),
  ),
  ...['5', ' 5', '\t5 ', '05'].map(value =>
    passed(`length ${shown(value)}`, ok(`Content-Length:${value}\r\n`, BODY)),
  ),
  ...BAD_CODINGS.map(value =>
    refused(`coding ${shown(value)}`, ok(`Transfer-Encoding: ${value}\r\n`, CHUNKS), true),
  ),
  ...BAD_CODINGS.map(value =>
    refused(`coding ${shown(value)} after chunked`, ok(`${CHUNKED}Transfer-Encoding: ${value}\r\n`, CHUNKS)),
  ),
  ...['chunked', ' CHUNKED', '\tchunked '].map(value =>
    passed(`coding ${shown(value)}`, ok(`Transfer-Encoding:${value}\r\n`, CHUNKS)),
  ),
  ...OTHER_NAMES.map(name => passed(`${name}, which is no framing`, ok(`${name}: 5\r\n${LENGTH}`, BODY))),
  ...ODD_BYTES.map(byte =>
    isToken(byte) || byte === ':'
      ? passed(`${shown(byte)} in a name`, ok(`X${byte}Y: z\r\n${LENGTH}`, BODY))
      : refused(`${shown(byte)} in a name`, ok(`X${byte}Y: z\r\n${LENGTH}`, BODY)),
  ),
  ...ODD_BYTES.map(byte =>
    byte !== '\t' && (byte < ' ' || byte === '\x7f')
      ? refused(`${shown(byte)} in a value`, ok(`X: y${byte}z\r\n${LENGTH}`, BODY))
      : passed(`${shown(byte)} in a value`, ok(`X: y${byte}z\r\n${LENGTH}`, BODY)),
  ),
  ...BAD_STATUS_LINES.map(line => refused(`status line ${shown(line)}`, `${line}\r\n${LENGTH}\r\n${BODY}`)),
  ...GOOD_STATUS_LINES.map(line => passed(`status line ${shown(line)}`, `${line}\r\n${LENGTH}\r\n${BODY}`)),
  ...['X', ': x', ' X: y', 'X : y', 'X: y\r\n z', 'X: y\nZ: z', 'X: y\rZZ: z', '\0'].map(line =>
    refused(`field ${shown(line)}`, ok(`${line}\r\n${LENGTH}`, BODY)),
  ),
  ...[
    LENGTH + CHUNKED,
    CHUNKED + LENGTH,
    LENGTH + LENGTH,
    `${LENGTH}Content-Length: 6\r\n`,
    CHUNKED + CHUNKED,
  ].map(fields => refused(shown(fields), ok(fields, CHUNKS))),
  ...['content-length', 'transfer-encoding'].map(name =>
    refused(`Connection: ${name}`, ok(`${LENGTH}Connection: ${name}\r\n`, BODY)),
  ),
  refused('chunks in HTTP/1.0', `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n${CHUNKS}`, true),
  passed('a length in HTTP/1.0', `HTTP/1.0 200 OK\r\n${LENGTH}\r\n${BODY}`, 'GET', true),
  passed('until close in HTTP/1.0', `HTTP/1.0 200 OK\r\n\r\n${BODY}`, 'GET', true),
  passed('until close', ok('', BODY), 'GET', true),
  passed('until close with an answer as body', ok('', SURPLUS), 'GET', true),
  passed('an end as body until close', ok('', '0\r\n\r\n'), 'GET', true),
  ...CHUNKED_BODIES.map(({ name, body, isWhole }) =>
    isWhole ? passed(name, ok(CHUNKED, body)) : refused(name, ok(CHUNKED, body), true),
  ),
  ...['204 No Content', '304 Not Modified'].flatMap(status =>
    ['', LENGTH, CHUNKED, 'Content-Length: 0\r\n'].map(fields =>
      passed(`${status} ${shown(fields)}`, `HTTP/1.1 ${status}\r\n${fields}\r\n`),
    ),
  ),
  ...[LENGTH, CHUNKED, '', 'Content-Length: 0\r\n'].map(fields =>
    passed(`HEAD ${shown(fields)}`, ok(fields, ''), 'HEAD'),
  ),
  ...[LENGTH, CHUNKED, 'Content-Length: 0\r\n'].map(fields =>
    passed(`HEAD with a body, ${shown(fields)}`, ok(fields, BODY), 'HEAD'),
  ),
  passed('a 204 with a body', `HTTP/1.1 204 x\r\n\r\n${SURPLUS}`),
  passed('a 304 with a body', `HTTP/1.1 304 x\r\n${LENGTH}\r\n${BODY}`),
  passed('surplus behind a length', ok(LENGTH, BODY) + SURPLUS),
  passed('surplus behind chunks', ok(CHUNKED, CHUNKS) + SURPLUS),
  passed('surplus behind length 0', ok('Content-Length: 0\r\n', SURPLUS)),
  passed('junk behind a length', ok(LENGTH, `${BODY}\r\n\0\0`)),
  ...['100 Continue', '102 Processing', '103 Early Hints', '199 x'].map(status =>
    passed(`${status} first`, `HTTP/1.1 ${status}\r\nLink: x\r\n${LENGTH}\r\n${ok(LENGTH, BODY)}`),
  ),
  passed('many interim answers', 'HTTP/1.1 103 x\r\n\r\n'.repeat(50) + ok(LENGTH, BODY)),
  refused('a body that does not come', ok('Content-Length: 500\r\n', BODY), true),
  refused('chunks that do not end', ok(CHUNKED, '5\r\n[[[[[\r\n'), true),
  refused('half a head', ok(LENGTH, '').slice(0, -2), true),
  refused('a value of 61 KB', ok(`X: ${'x'.repeat(61 * 1024)}\r\n${LENGTH}`, BODY)),
  refused('101 fields', ok('X: y\r\n'.repeat(101) + LENGTH, BODY)),
]
