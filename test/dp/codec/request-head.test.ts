/** What the request parser accepts, what it passes on, and the smuggling corpus that it has to refuse. */
import t from 'tap'
import { RequestHead } from '../../../dp/codec/http1/request-head.ts'

const MAX_BYTES = 60 * 1024

function read(text: string): RequestHead & { outcome: string } {
  const head = new RequestHead()
  const bytes = Buffer.from(`junk${text}`, 'latin1')
  const outcome = head.read(bytes, 4, bytes.length, MAX_BYTES, 100)
  return Object.assign(head, { outcome })
}

const HOST = 'Host: a.example\r\n'

t.test('passes fields on as they are, without those of one connection', async t => {
  const head = read(
    `GET /a?b=c HTTP/1.1\r\n${HOST}Connection: keep-alive, X-Private, close\r\nX-private: 1\r\nKeep-Alive: timeout=5\r\n` +
      'Accept:  */* \r\nTE: trailers\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n' +
      'X-Forwarded-Client-Cert: By=evil\r\nx-kuma-tags: &a=b&\r\nX-Envoy-Max-Retries: 9\r\nX-Other: \xe9\r\n\r\nrest',
  )
  t.equal(head.outcome, '')
  t.equal(
    head.text,
    `GET /a?b=c HTTP/1.1\r\n${HOST}Accept:  */* \r\nTE: trailers\r\nX-Other: \xe9\r\n`,
    'nothing else is changed',
  )
  t.equal(head.method, 'GET')
  t.ok(head.isLast)
  t.equal(head.upgrade, '', 'only WebSocket is switched to')
})

t.test('says how the body is framed', async t => {
  t.match(read(`POST / HTTP/1.1\r\n${HOST}Content-Length: 12\r\n\r\n`), {
    contentLength: 12,
    isChunked: false,
  })
  t.match(read(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: CHUNKED\r\n\r\n`), { isChunked: true })
  t.match(read(`GET / HTTP/1.1\r\n${HOST}\r\n`), { contentLength: -1, isChunked: false })
  t.match(read(`PUT / HTTP/1.1\r\n${HOST}Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n`), {
    expectsContinue: true,
  })
})

t.test('spells the framing in one way', async t => {
  for (const line of [
    'Transfer-Encoding: chunked',
    'TRANSFER-ENCODING:\tChunked ',
    'transfer-encoding:chunked',
  ])
    t.equal(
      read(`POST / HTTP/1.1\r\n${HOST}${line}\r\nA: b\r\n\r\n`).text,
      `POST / HTTP/1.1\r\n${HOST}A: b\r\ntransfer-encoding: chunked\r\n`,
    )
  for (const value of ['12', '\t12', '  12', ' 12 ', ' 012'])
    t.equal(
      read(`POST / HTTP/1.1\r\n${HOST}Content-Length:${value}\r\nA: b\r\n\r\n`).text,
      `POST / HTTP/1.1\r\n${HOST}A: b\r\ncontent-length: 12\r\n`,
      JSON.stringify(value),
    )
  for (const value of ['12', '0'])
    t.match(
      read(`POST / HTTP/1.1\r\n${HOST}Content-Length: ${value}\r\n\r\n`).text,
      `Content-Length: ${value}\r\n`,
    )
})

t.test('recognises a WebSocket upgrade and keeps its own fields', async t => {
  const head = read(
    `GET /ws HTTP/1.1\r\n${HOST}Upgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: abc=\r\n\r\n`,
  )
  t.match(head, { outcome: '', upgrade: 'websocket' })
  t.equal(head.text, `GET /ws HTTP/1.1\r\n${HOST}Sec-WebSocket-Key: abc=\r\n`)
  t.match(read(`POST /ws HTTP/1.1\r\n${HOST}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`), {
    upgrade: '',
  })
  t.match(read(`GET /ws HTTP/1.1\r\n${HOST}Upgrade: websocket\r\n\r\n`), { upgrade: '' })
})

t.test('makes an absolute target relative, and its host the host', async t => {
  const head = read(`GET http://b.example:81/x?y HTTP/1.1\r\n${HOST}A: b\r\n\r\n`)
  t.equal(head.text, 'GET /x?y HTTP/1.1\r\nHost: b.example:81\r\nA: b\r\n')
  t.equal(read(`GET http://b.example HTTP/1.1\r\n${HOST}\r\n`).text, 'GET / HTTP/1.1\r\nHost: b.example\r\n')
  t.equal(read(`OPTIONS * HTTP/1.1\r\n${HOST}\r\n`).outcome, '')
  t.equal(read(`GET * HTTP/1.1\r\n${HOST}\r\n`).outcome, 'bad-request')
  t.equal(read(`GET http://u@b.example/ HTTP/1.1\r\n${HOST}\r\n`).outcome, 'bad-request')
})

t.test('waits for the end of a head and limits its size', async t => {
  t.equal(read(`GET / HTTP/1.1\r\n${HOST}\r`).outcome, 'incomplete')
  const long = `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(10_000)}\r\n\r\n`
  t.equal(read(long).byteLength, long.length)
  t.equal(read(`GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(MAX_BYTES)}\r\n\r\n`).outcome, 'head-too-large')
  t.equal(read(`GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(99)}\r\n`).outcome, '')
  t.equal(read(`GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(100)}\r\n`).outcome, 'head-too-large')
})

t.test('refuses what could be read in two ways', async t => {
  const chunked = 'Transfer-Encoding: chunked\r\n'
  const cases: Readonly<Record<string, string>> = {
    'both length and coding': `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n${chunked}\r\n`,
    'coding before length': `POST / HTTP/1.1\r\n${HOST}${chunked}Content-Length: 3\r\n\r\n`,
    'two different lengths': `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`,
    'two equal lengths': `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`,
    'a list of lengths': `POST / HTTP/1.1\r\n${HOST}Content-Length: 3, 3\r\n\r\n`,
    'a signed length': `POST / HTTP/1.1\r\n${HOST}Content-Length: +3\r\n\r\n`,
    'a negative length': `POST / HTTP/1.1\r\n${HOST}Content-Length: -3\r\n\r\n`,
    'a hexadecimal length': `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x3\r\n\r\n`,
    'an empty length': `POST / HTTP/1.1\r\n${HOST}Content-Length:\r\n\r\n`,
    'a length beyond numbers': `POST / HTTP/1.1\r\n${HOST}Content-Length: 99999999999999999999\r\n\r\n`,
    'two codings': `POST / HTTP/1.1\r\n${HOST}${chunked}${chunked}\r\n`,
    'chunked not last': `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, gzip\r\n\r\n`,
    'chunked with a tail': `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunkedx\r\n\r\n`,
    'chunked in quotes': `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: "chunked"\r\n\r\n`,
    identity: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\n\r\n`,
    'an empty coding': `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n\r\n`,
    'chunked behind vertical tab': `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \x0bchunked\r\n\r\n`,
    'space before colon': `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding : chunked\r\n\r\n`,
    'tab before colon': `POST / HTTP/1.1\r\n${HOST}Content-Length\t: 3\r\n\r\n`,
    'a folded line': `POST / HTTP/1.1\r\n${HOST}X: a\r\n Content-Length: 3\r\n\r\n`,
    'a folded first line': `POST / HTTP/1.1\r\n Content-Length: 3\r\n${HOST}\r\n`,
    'a line without colon': `GET / HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`,
    'an empty name': `GET / HTTP/1.1\r\n${HOST}: x\r\n\r\n`,
    'a bare LF': `GET / HTTP/1.1\r\n${HOST}X: a\nContent-Length: 3\r\n\r\n`,
    'a bare LF in the start line': `GET / HTTP/1.1\n${HOST}\r\n\r\n`,
    'a bare CR': `GET / HTTP/1.1\r\n${HOST}X: a\rContent-Length: 3\r\n\r\n`,
    'a NUL': `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`,
    'a NUL in a name': `GET / HTTP/1.1\r\n${HOST}X\0: b\r\n\r\n`,
    'a delete character': `GET / HTTP/1.1\r\n${HOST}X: \x7f\r\n\r\n`,
    'a byte above ASCII in a name': `GET / HTTP/1.1\r\n${HOST}X\xe9: b\r\n\r\n`,
    'two spaces in the start line': `GET  / HTTP/1.1\r\n${HOST}\r\n`,
    'a tab in the start line': `GET\t/ HTTP/1.1\r\n${HOST}\r\n`,
    'a space in the target': `GET /a b HTTP/1.1\r\n${HOST}\r\n`,
    'no target': `GET HTTP/1.1\r\n${HOST}\r\n`,
    'a fragment': `GET /a#b HTTP/1.1\r\n${HOST}\r\n`,
    'a control character in the target': `GET /\x01 HTTP/1.1\r\n${HOST}\r\n`,
    'a bad method': `GE(T / HTTP/1.1\r\n${HOST}\r\n`,
    'another protocol': `GET / HTTQ/1.1\r\n${HOST}\r\n`,
    'lower-case version': `GET / http/1.1\r\n${HOST}\r\n`,
    'HTTP/0.9': `GET /\r\n${HOST}\r\n`,
    'space behind the version': `GET / HTTP/1.1 \r\n${HOST}\r\n`,
    'a host with a path': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
    'a host with a user': 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n',
    'a list of hosts': 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n',
    'Connection naming the length': `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nConnection: Content-Length\r\n\r\n`,
    'Connection naming the coding': `POST / HTTP/1.1\r\n${HOST}${chunked}Connection: transfer-encoding\r\n\r\n`,
    'Connection naming the host': `GET / HTTP/1.1\r\n${HOST}Connection: host\r\n\r\n`,
  }
  for (const [name, text] of Object.entries(cases)) t.equal(read(text).outcome, 'bad-request', name)
})

t.test('tells apart what is only not carried', async t => {
  t.equal(read(`GET / HTTP/1.2\r\n${HOST}\r\n`).outcome, 'http-version')
  t.equal(read('GET / HTTP/1.1\r\nX: y\r\n\r\n').outcome, 'missing-host')
  t.equal(read(`GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`).outcome, 'missing-host')
  t.equal(
    read(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`).outcome,
    'not-implemented',
  )
})

t.test('forgets everything of the head before', async t => {
  const head = new RequestHead()
  const first = Buffer.from(
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nConnection: close, x\r\nX-Request-Id: 1\r\nExpect: 100-continue\r\n\r\n`,
  )
  head.read(first, 0, first.length, MAX_BYTES, 100)
  const second = Buffer.from(`GET /2 HTTP/1.1\r\n${HOST}\r\n`)
  t.equal(head.read(second, 0, second.length, MAX_BYTES, 100), '')
  t.match(head, {
    method: 'GET',
    text: `GET /2 HTTP/1.1\r\n${HOST}`,
    contentLength: -1,
    isLast: false,
    hasRequestId: false,
    expectsContinue: false,
  })
})
