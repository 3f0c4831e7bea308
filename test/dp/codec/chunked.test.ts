/** Finds the end of chunked bodies however they are cut into reads, and refuses what recipients read differently. */
import t from 'tap'
import { ChunkedBody } from '../../../dp/codec/http1/chunked.ts'

/** Bytes that belong to the body, -1 when it is malformed; `step`: bytes in each read. */
function lengthOf(text: string, step = text.length): { length: number; isDone: boolean } {
  const body = new ChunkedBody()
  body.begin()
  const bytes = Buffer.from(text, 'latin1')
  let at = 0
  while (at < bytes.length && !body.isDone) {
    const next = body.read(bytes, at, Math.min(bytes.length, at + step))
    if (next < 0) return { length: -1, isDone: false }
    at = next
  }
  return { length: at, isDone: body.isDone }
}

const BODY = '5\r\nhello\r\nA;name="v; w"\r\n0123456789\r\n000\r\nX-Sum: 1\r\nX-Other:\r\n\r\n'

t.test('ends behind the trailers, in whatever pieces it comes', async t => {
  for (const step of [1, 2, 3, 7, BODY.length]) {
    t.same(lengthOf(`${BODY}GET /`, step), { length: BODY.length, isDone: true }, `${step} bytes a read`)
  }
  t.same(lengthOf('0\r\n\r\n'), { length: 5, isDone: true })
  t.same(lengthOf('1\r\na\r\n0\r\n'), { length: 9, isDone: false }, 'the blank line is missing')
})

t.test('leaves extensions out, in whatever pieces they come', async t => {
  const text = `${BODY}GET /`
  for (const step of [1, 2, 3, 7, text.length]) {
    const body = new ChunkedBody()
    body.begin()
    let output = ''
    for (let at = 0; !body.isDone; ) {
      const bytes = Buffer.from(text.slice(at, at + step), 'latin1')
      at += body.read(bytes, 0, bytes.length)
      output += bytes.toString('latin1', 0, body.outputEnd)
    }
    t.equal(output, BODY.replace(';name="v; w"', ''), `${step} bytes a read`)
  }
})

t.test('refuses what could be read in two ways', async t => {
  const cases = {
    'no size': '\r\nhello\r\n',
    'an empty size': ';x\r\n',
    'a size that is no number': 'g\r\n',
    'a prefixed size': '0x5\r\nhello\r\n',
    'a signed size': '+5\r\nhello\r\n',
    'a space before the size': ' 5\r\nhello\r\n',
    'a space behind the size': '5 \r\nhello\r\n',
    'a size beyond numbers': 'FFFFFFFFFFFFFFFF\r\n',
    'sixteen digits': '0000000000000005\r\nhello\r\n',
    'LF behind the size': '5\nhello\r\n',
    'LF in an extension': '5;a\nhello\r\n',
    'NUL in an extension': '5;a\0\r\nhello\r\n',
    'data that is too long': '5\r\nhello!\r\n',
    'LF behind data': '5\r\nhello\n0\r\n\r\n',
    'LF behind the last size': '0\n\r\n',
    'a trailer without colon': '0\r\nnonsense\r\n\r\n',
    'a folded trailer': '0\r\nA: b\r\n c\r\n\r\n',
    'LF in a trailer': '0\r\nA: b\nC: d\r\n\r\n',
    'a length as trailer': '0\r\nContent-Length: 5\r\n\r\n',
    'a coding as trailer': '0\r\ntransfer-encoding: chunked\r\n\r\n',
    'a host as trailer': '0\r\nHost: b\r\n\r\n',
    'an identity as trailer': '0\r\nX-Forwarded-Client-Cert: By=x\r\n\r\n',
    'a content type as trailer': '0\r\nContent-Type: text/html\r\n\r\n',
    'a range as trailer': '0\r\nContent_Range: bytes 0-1/2\r\n\r\n',
    'endless extensions': `5;${'a'.repeat(9000)}\r\nhello\r\n`,
    'endless empty extensions': `${'1;\r\na\r\n'.repeat(9000)}0\r\n\r\n`,
    'endless trailers': `0\r\n${'A: b\r\n'.repeat(5000)}\r\n`,
  }
  for (const [name, text] of Object.entries(cases)) {
    t.equal(lengthOf(text).length, -1, name)
    t.equal(lengthOf(text, 1).length, -1, `${name}, byte by byte`)
  }
})
