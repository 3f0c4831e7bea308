/** Heads between HTTP/1.1 and HTTP/2: what crosses, what stays behind, and who frames the body afterwards. */
import fc from 'fast-check'
import t from 'tap'
import { RequestHead } from '../../../../../dp/codec/http1/request-head.ts'
import { ResponseHead } from '../../../../../dp/codec/http1/response-head.ts'
import {
  forwardedFields,
  requestFields,
  requestText,
  responseFields,
  responseText,
} from '../../../../../dp/codec/http2/bridge/heads.ts'
import { FieldList } from '../../../../../dp/codec/http2/field-list.ts'
import { type BlockForm, HeaderBlock, REQUEST, RESPONSE } from '../../../../../dp/codec/http2/header-block.ts'
import { HpackDecoder } from '../../../../../dp/codec/http2/hpack/decoder.ts'
import { block as encoded, GET, POST } from '../../../../support/http2-peer.ts'

type Fields = readonly (readonly [string, string])[]

function read(form: BlockForm, fields: Fields): HeaderBlock {
  const head = new HeaderBlock()
  const bytes = encoded(...fields)
  head.begin(form, 60_000, 100)
  const fault = new HpackDecoder().decode(bytes, 0, bytes.length, head)
  head.conclude()
  if (fault !== '' || head.fault !== '') throw new Error(fault + head.fault)
  return head
}

/** A request of HTTP/2 as its text for HTTP/1.1. */
function textOf(head: HeaderBlock, isEnd: boolean): string {
  const fields = new FieldList()
  forwardedFields(head, fields)
  return requestText(fields, isEnd)
}

function readRequest(text: string): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`${text}\r\n`, 'latin1')
  const fault = head.read(bytes, 0, bytes.length, 60_000, 100)
  if (fault !== '') throw new Error(`${fault}: ${head.fault}`)
  return head
}

t.test('a request of HTTP/2 for HTTP/1.1', async t => {
  const cases: Record<string, readonly [fields: Fields, isEnd: boolean, text: string]> = {
    'GET without a body': [GET, true, 'GET / HTTP/1.1\r\nhost: b\r\n'],
    'POST with a length': [
      [...POST, ['content-length', '4']],
      false,
      'POST / HTTP/1.1\r\nhost: b\r\ncontent-length: 4\r\n',
    ],
    'POST without a length': [POST, false, 'POST / HTTP/1.1\r\nhost: b\r\ntransfer-encoding: chunked\r\n'],
    'POST without a body': [POST, true, 'POST / HTTP/1.1\r\nhost: b\r\ncontent-length: 0\r\n'],
    'host instead of :authority': [
      [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/a?b'],
        ['host', 'c:1'],
      ],
      true,
      'GET /a?b HTTP/1.1\r\nhost: c:1\r\n',
    ],
    'cookies and gRPC': [
      [...GET, ['te', 'trailers'], ['cookie', 'a=b'], ['cookie', 'c=d']],
      true,
      'GET / HTTP/1.1\r\nhost: b\r\nte: trailers\r\ncookie: a=b; c=d\r\n',
    ],
    'what only proxies set': [
      [
        ...GET,
        ['x-forwarded-client-cert', 'By=x'],
        ['x_forwarded-client_cert', 'By=x'],
        ['x-kuma-tags', 'a'],
      ],
      true,
      'GET / HTTP/1.1\r\nhost: b\r\n',
    ],
  }
  for (const [name, [fields, isEnd, text]] of Object.entries(cases)) {
    t.equal(textOf(read(REQUEST, fields), isEnd), text, name)
  }
})

t.test('whatever an HTTP/2 client sends, HTTP/1.1 reads as the same one request', async t => {
  const value = fc
    .string({ unit: 'binary', maxLength: 30 })
    .map(text => text.replace(/[^\x20-\x7e\x80-\xff]/g, '~').trim())
  const name = fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,20}$/)
  const path = fc.string({ maxLength: 30 }).map(text => `/${text.replace(/[^\x21-\x7e]|#/g, '~')}`)
  const known = fc.constantFrom(
    'content-length',
    'expect',
    'trailer',
    'http2-settings',
    'x-request-id',
    'range',
  )
  fc.assert(
    fc.property(
      path,
      fc.array(fc.tuple(fc.oneof(name, known), value), { maxLength: 8 }),
      fc.boolean(),
      (to, extra, isEnd) => {
        const head = new HeaderBlock()
        const bytes = encoded(
          [':method', 'POST'],
          [':scheme', 'http'],
          [':authority', 'b'],
          [':path', to],
          ...extra,
        )
        head.begin(REQUEST, 60_000, 100)
        new HpackDecoder().decode(bytes, 0, bytes.length, head)
        head.conclude()
        if (head.fault !== '') return
        const text = textOf(head, isEnd)
        const seen = readRequest(text)
        if (seen.byteLength !== text.length + 2) throw new Error('more than one request')
        if (!seen.text.startsWith(`POST ${to} HTTP/1.1\r\nhost: b\r\n`)) throw new Error(seen.text)
        const framing = isEnd && head.contentLength < 0 ? 0 : head.contentLength
        if (seen.contentLength !== framing || seen.isChunked !== framing < 0) throw new Error('framing')
        const back = new FieldList()
        if (!requestFields(seen.text, 'http', back)) throw new Error('no way back')
        if (back.get(':path') !== to) throw new Error('path')
      },
    ),
    { numRuns: 500, seed: 20_261_123 },
  )
  t.pass()
})

t.test('drops from requests what RequestHead drops', async t => {
  const names = [
    'x-forwarded-client-cert',
    'x_forwarded_client_cert',
    'x-kuma-tags',
    'x-envoy-internal',
    'x-envoy-retry-on',
  ]
  names.push(
    'x-envoy-max-retries',
    'x-envoy-upstream-rq-timeout-ms',
    'x-envoy-upstream-alt-stat-name',
    'http2-settings',
  )
  for (const name of names) {
    t.notMatch(readRequest(`GET / HTTP/1.1\r\nhost: b\r\n${name}: 1\r\n`).text, name)
    t.notMatch(textOf(read(REQUEST, [...GET, [name, '1']]), true), name)
  }
})

t.test('a request of HTTP/1.1 for HTTP/2', async t => {
  const cases: Record<string, readonly [text: string, pairs: Fields]> = {
    'names in lower case, connection fields left behind': [
      'POST /a HTTP/1.1\r\nHost: b\r\nAccept: */*\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n',
      [
        [':method', 'POST'],
        [':scheme', 'https'],
        [':authority', 'b'],
        [':path', '/a'],
        ['accept', '*/*'],
        ['te', 'trailers'],
      ],
    ],
    'an absolute target': [
      'GET http://c/x HTTP/1.1\r\nHost: b\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n',
      [
        [':method', 'GET'],
        [':scheme', 'https'],
        [':authority', 'c'],
        [':path', '/x'],
      ],
    ],
    'a host with space around it': [
      'GET /a HTTP/1.1\r\nHost:   b  \r\n',
      [
        [':method', 'GET'],
        [':scheme', 'https'],
        [':authority', 'b'],
        [':path', '/a'],
      ],
    ],
    'OPTIONS *': [
      'OPTIONS * HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n',
      [
        [':method', 'OPTIONS'],
        [':scheme', 'https'],
        [':authority', 'b'],
        [':path', '*'],
        ['content-length', '0'],
      ],
    ],
  }
  for (const [name, [text, pairs]] of Object.entries(cases)) {
    const list = new FieldList()
    t.ok(requestFields(readRequest(text).text, 'https', list))
    t.same(list.pairs(), pairs, name)
    t.equal(read(REQUEST, pairs).fault, '', `${name}: HTTP/2 takes it`)
  }
  t.notOk(requestFields('GET / HTTP/1.1\r\n', 'http', new FieldList()), 'no host')
})

t.test('a response of HTTP/2 for HTTP/1.1', async t => {
  const ok: Fields = [[':status', '200']]
  const length: Fields = [...ok, ['content-length', '4']]
  const cases: Record<string, readonly [fields: Fields, isEnd: boolean, isHead: boolean, text: string]> = {
    'with a length': [length, false, false, 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n'],
    'without a length': [ok, false, false, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n'],
    'without a body': [ok, true, false, 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n'],
    'to HEAD': [length, true, true, 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n'],
    'to HEAD without a length': [ok, true, true, 'HTTP/1.1 200 OK\r\n'],
    '204': [
      [
        [':status', '204'],
        ['content-length', '0'],
      ],
      true,
      false,
      'HTTP/1.1 204 No Content\r\n',
    ],
    '304': [
      [
        [':status', '304'],
        ['content-length', '9'],
      ],
      true,
      false,
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n',
    ],
    '103': [
      [
        [':status', '103'],
        ['link', '</a>'],
      ],
      false,
      false,
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n',
    ],
    'a status of its own': [[[':status', '299']], true, false, 'HTTP/1.1 299 \r\ncontent-length: 0\r\n'],
  }
  for (const [name, [fields, isEnd, isHead, text]] of Object.entries(cases)) {
    t.equal(responseText(read(RESPONSE, fields), isEnd, isHead), text, name)
    const head = new ResponseHead()
    const bytes = Buffer.from(`${text}\r\n`, 'latin1')
    t.equal(head.read(bytes, 0, bytes.length, 60_000, 100, isHead), '', `${name}: HTTP/1.1 takes it`)
  }
})

t.test('a response of HTTP/1.1 for HTTP/2', async t => {
  const head = new ResponseHead()
  const text =
    'HTTP/1.1 404 Not Found\r\nServer: x\r\nTransfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n'
  t.equal(head.read(Buffer.from(text), 0, text.length, 60_000, 100, false), '')
  const list = new FieldList()
  responseFields(head.text, list)
  const pairs: Fields = [
    [':status', '404'],
    ['server', 'x'],
    ['set-cookie', 'a'],
    ['set-cookie', 'b'],
  ]
  t.same(list.pairs(), pairs)
  t.equal(read(RESPONSE, pairs).status, 404)
})
