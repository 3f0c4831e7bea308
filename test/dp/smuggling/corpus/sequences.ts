/** Requests that follow each other, what lies between them, bodies where none is usual, and what is too large. */
import { BODY, bare, CHUNKS, get, HOST, type Hostile, NEXT, passed, post, refused, shown } from './hostile.ts'

const WITH_BODY = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'FOO'] as const

export const SEQUENCES: readonly Hostile[] = [
  ...WITH_BODY.flatMap(method => [
    passed(`${method} with a length`, `${method} /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\n${BODY}`),
    passed(
      `${method} with chunks`,
      `${method} /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    ),
    passed(`${method} with length 0`, `${method} /a HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`),
    bare(`${method} with a body that nobody announced`, `${method} /a HTTP/1.1\r\n${HOST}\r\n${BODY}`),
  ]),
  { name: 'a request as a body', text: post(`Content-Length: ${NEXT.length}\r\n`, NEXT + NEXT), passes: 2 },
  { name: 'ten requests at once', text: NEXT.repeat(10), passes: 10 },
  {
    name: 'bodies between requests',
    text: `${post('Content-Length: 5\r\n', BODY)}${NEXT}`.repeat(5),
    passes: 10,
  },
  { name: 'nothing after close', text: get('Connection: close\r\n') + NEXT, passes: 1 },
  {
    name: 'nothing after close with a body',
    text: post('Content-Length: 5\r\nConnection: Close\r\n', BODY) + NEXT,
    passes: 1,
  },
  { name: 'empty lines before requests', text: `\r\n\r\n${NEXT}\r\n\r\n\r\n${NEXT}`, passes: 2 },
  ...['\n', '\r', '\r\r\n', '\0', ' ', ' \r\n', '\n\n', '\xef\xbb\xbf', '\x16\x03\x01'].map(junk =>
    refused(`${shown(junk)} before a request`, junk + get('')),
  ),
  ...['\n', '\r', '\0', ' ', BODY, '\n\n', '0\r\n\r\n'].map(junk =>
    bare(`${shown(junk)} between requests`, get('') + junk),
  ),
  ...['Content-Length: 4', 'Content-Length: 0'].map(line => ({
    name: `${line} for more`,
    text: post(`${line}\r\n`, BODY) + NEXT,
    passes: 1,
  })),
  { name: 'a body that does not come', text: post('Content-Length: 500\r\n', BODY), passes: 0 },
  {
    name: 'chunks that do not end',
    text: post('Transfer-Encoding: chunked\r\n', '5\r\n[[[[[\r\n'),
    passes: 0,
  },
  {
    name: 'a chunk that does not come',
    text: post('Transfer-Encoding: chunked\r\n', 'ffff\r\n[[[[['),
    passes: 0,
  },
  { name: 'half a head', text: get('').slice(0, -2), passes: 0 },
  refused('a value of 61 KB', get(`X: ${'x'.repeat(61 * 1024)}\r\n`)),
  refused('a name of 61 KB', get(`${'x'.repeat(61 * 1024)}: y\r\n`)),
  refused('a target of 61 KB', `GET /${'a'.repeat(61 * 1024)} HTTP/1.1\r\n${HOST}\r\n`),
  refused('a method of 61 KB', `${'G'.repeat(61 * 1024)} / HTTP/1.1\r\n${HOST}\r\n`),
  refused('101 fields', get('X: y\r\n'.repeat(100))),
  refused('5000 fields', get('X: y\r\n'.repeat(5000))),
  refused('61 KB without a line', 'x'.repeat(61 * 1024)),
  passed('90 fields', get('X: y\r\n'.repeat(90))),
  passed('a value of 7 KB', get(`X: ${'x'.repeat(7000)}\r\n`)),
  passed('empty values', get('X:\r\nY: \r\nZ:\t\r\n')),
  passed('a name of 200', get(`${'x'.repeat(200)}: y\r\n`)),
]
