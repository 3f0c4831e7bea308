/** What the response parser accepts, how it says the body is framed, and what it refuses. */
import t from 'tap'
import { ResponseHead } from '../../../dp/codec/http1/response-head.ts'

function read(text: string, isHead = false): ResponseHead & { outcome: string } {
  const head = new ResponseHead()
  const bytes = Buffer.from(text, 'latin1')
  return Object.assign(head, { outcome: head.read(bytes, 0, bytes.length, 60 * 1024, 100, isHead) })
}

t.test('says how the body is framed', async t => {
  const length = 'Content-Length: 5\r\n'
  t.match(read(`HTTP/1.1 200 OK\r\n${length}\r\n`), { framing: 'length', contentLength: 5, isLast: false })
  t.match(read('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), { framing: 'none', isLast: false })
  t.match(read('HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n'), { framing: 'chunked' })
  t.match(read('HTTP/1.1 200 \r\n\r\n'), { framing: 'until-close', isLast: true })
  t.match(read(`HTTP/1.1 200 OK\r\n${length}\r\n`, true), { framing: 'none', isLast: false }, 'of a HEAD')
  t.match(read(`HTTP/1.1 304 Not Modified\r\n${length}\r\n`), { framing: 'none' })
  t.match(read('HTTP/1.1 204 No Content\r\n\r\n'), { framing: 'none', isLast: false })
})

t.test('drops framing fields of a response that has no body', async t => {
  t.equal(
    read('HTTP/1.1 204 No Content\r\nContent-Length: 7\r\nX: y\r\n\r\n').text,
    'HTTP/1.1 204 No Content\r\nX: y\r\n',
  )
})

t.test('spells the framing in one way', async t => {
  t.equal(
    read('HTTP/1.1 200 OK\r\nTransfer-Encoding:\tChunked \r\nA: b\r\n\r\n').text,
    'HTTP/1.1 200 OK\r\nA: b\r\ntransfer-encoding: chunked\r\n',
  )
  t.equal(
    read('HTTP/1.1 200 OK\r\nContent-Length:007\r\nA: b\r\n\r\n').text,
    'HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 7\r\n',
  )
  t.equal(
    read('HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n').text,
    'HTTP/1.1 304 Not Modified\r\n',
    'a 304 has no body that could be chunked',
  )
})

t.test('drops fields of one connection and remembers how long it is kept', async t => {
  const head = read(
    'HTTP/1.1 200 OK\r\nServer: x\r\nConnection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5, max=9\r\nX-Mine: 1\r\nContent-Length: 0\r\n\r\n',
  )
  t.equal(head.text, 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n')
  t.match(head, { keepAliveMs: 5000, isLast: false })
  t.match(read('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'), { isLast: true })
})

t.test('takes HTTP/1.0 and passes it on as HTTP/1.1', async t => {
  const old = read('HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n')
  t.match(old, { text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n', framing: 'length', isLast: true })
  t.match(read('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n'), { isLast: false })
})

t.test('refuses what could be read in two ways', async t => {
  const cases: Readonly<Record<string, string>> = {
    'both length and coding': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n',
    'a bad length': 'HTTP/1.1 200 OK\r\nContent-Length: 3 3\r\n\r\n',
    'another coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    'chunked not last': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n',
    'a coding in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'a folded line': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n',
    'space before colon': 'HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\n',
    'a bare LF': 'HTTP/1.1 200 OK\r\nX: a\nContent-Length: 3\r\n\r\n',
    'a bare CR in the reason': 'HTTP/1.1 200 O\rK\r\n\r\n',
    'a tab behind the status': 'HTTP/1.1 200\tOK\r\n\r\n',
    'a short status': 'HTTP/1.1 20 OK\r\n\r\n',
    'a status that is no number': 'HTTP/1.1 2x0 OK\r\n\r\n',
    'status 000': 'HTTP/1.1 000 OK\r\n\r\n',
    'a long status': 'HTTP/1.1 2000 OK\r\n\r\n',
    'another protocol': 'ICY 200 OK\r\n\r\n',
    'HTTP/2': 'HTTP/2 200\r\n\r\n',
  }
  for (const [name, text] of Object.entries(cases)) t.equal(read(text).outcome, 'bad', name)
})
