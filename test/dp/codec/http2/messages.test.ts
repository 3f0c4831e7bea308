/** RFC 9113 §8: what makes a message malformed, what is a message all the same; the cases h2spec names. */
import t from 'tap'
import { Http2Connection } from '../../../../dp/codec/http2/connection.ts'
import { FieldList } from '../../../../dp/codec/http2/field-list.ts'
import { PREFACE } from '../../../../dp/codec/http2/frames/codes.ts'
import { DEFAULT_HTTP2_LIMITS } from '../../../../dp/codec/http2/http2-limits.ts'
import {
  END_STREAM,
  frame,
  GET,
  headers,
  MemoryStream,
  Peer,
  POST,
  StreamLog,
  settings,
} from '../../../support/http2-peer.ts'

type Fields = readonly (readonly [string, string])[]
const METHOD = [':method', 'GET'] as const
const SCHEME = [':scheme', 'http'] as const
const AUTHORITY = [':authority', 'b'] as const
const PATH = [':path', '/'] as const
const MALFORMED = 'stream 1 PROTOCOL_ERROR'
const data = (text: string, flags = 0): Buffer => frame('DATA', flags, 1, text)

t.test('requests that are malformed', async t => {
  const cases: Record<string, Fields> = {
    '8.2.1 name in upper case': [...GET, ['X-TEST', 'ok']],
    '8.2.1 CR in a value': [...GET, ['x', 'a\rb']],
    '8.2.1 space in front of a value': [...GET, ['x', ' a']],
    '8.2.2 connection': [...GET, ['connection', 'keep-alive']],
    '8.2.2 te other than trailers': [...GET, ['te', 'trailers, deflate']],
    '8.2.2 transfer-encoding': [...GET, ['transfer-encoding', 'chunked']],
    '8.3 unknown pseudo-header': [...GET, [':test', 'ok']],
    '8.3 pseudo-header of a response': [...GET, [':status', '200']],
    '8.3 pseudo-header behind another field': [METHOD, SCHEME, AUTHORITY, ['x', 'y'], PATH],
    '8.3.1 :path empty': [METHOD, SCHEME, AUTHORITY, [':path', '']],
    '8.3.1 :path without a slash': [METHOD, SCHEME, AUTHORITY, [':path', 'a']],
    '8.3.1 :path with a space': [METHOD, SCHEME, AUTHORITY, [':path', '/a b']],
    '8.3.1 :path with a fragment': [METHOD, SCHEME, AUTHORITY, [':path', '/a#b']],
    '8.3.1 * without OPTIONS': [METHOD, SCHEME, AUTHORITY, [':path', '*']],
    '8.3.1 no :method': [SCHEME, AUTHORITY, PATH],
    '8.3.1 :method not a token': [[':method', 'G ET'], SCHEME, AUTHORITY, PATH],
    '8.3.1 no :scheme': [METHOD, AUTHORITY, PATH],
    '8.3.1 :scheme malformed': [METHOD, [':scheme', 'ht tp'], AUTHORITY, PATH],
    '8.3.1 no :path': [METHOD, SCHEME, AUTHORITY],
    '8.3.1 two :method': [METHOD, ...GET],
    '8.3.1 two :scheme': [METHOD, SCHEME, SCHEME, AUTHORITY, PATH],
    '8.3.1 two :path': [...GET, PATH],
    '8.3.1 two :authority': [METHOD, SCHEME, AUTHORITY, AUTHORITY, PATH],
    '8.3.1 no :authority and no host': [METHOD, SCHEME, PATH],
    '8.3.1 :authority empty': [METHOD, SCHEME, [':authority', ''], PATH],
    '8.3.1 :authority with a user': [METHOD, SCHEME, [':authority', 'user@b'], PATH],
    '8.3.1 host differs': [...GET, ['host', 'c']],
    '8.3.1 two host': [...GET, ['host', 'b'], ['host', 'b']],
    '8.5 CONNECT with :path': [[':method', 'CONNECT'], AUTHORITY, PATH],
    '8.5 CONNECT with :scheme': [[':method', 'CONNECT'], AUTHORITY, SCHEME],
    '8.5 CONNECT without :authority': [[':method', 'CONNECT']],
    'RFC 8441 without the setting': [[':method', 'CONNECT'], [':protocol', 'websocket'], ...GET.slice(1)],
    'two content-length': [...POST, ['content-length', '4'], ['content-length', '4']],
    'content-length negative': [...POST, ['content-length', '-1']],
    'content-length with a sign': [...POST, ['content-length', '+4']],
    'content-length as a list': [...POST, ['content-length', '4, 4']],
    content_length: [...POST, ['content_length', '4']],
  }
  for (const [name, fields] of Object.entries(cases)) {
    t.equal(new Peer().send(headers(1, END_STREAM, fields)).verdict(), MALFORMED, name)
  }
})

t.test('requests that are in order', async t => {
  const cases: Record<string, Fields> = {
    'OPTIONS *': [[':method', 'OPTIONS'], SCHEME, AUTHORITY, [':path', '*']],
    'host instead of :authority': [METHOD, SCHEME, PATH, ['host', 'b']],
    'host in another case': [...GET, ['host', 'B']],
    CONNECT: [
      [':method', 'CONNECT'],
      [':authority', 'b:443'],
    ],
    'te: trailers': [...GET, ['te', 'trailers']],
    'value empty': [...GET, ['x', '']],
    'length of nothing': [...GET, ['content-length', '0']],
    'a scheme of its own': [METHOD, [':scheme', 'grpc+unix'], AUTHORITY, PATH],
  }
  for (const [name, fields] of Object.entries(cases)) {
    t.equal(new Peer().send(headers(1, END_STREAM, fields)).verdict(), 'none', name)
  }
})

t.test('8.1.1 content-length against DATA', async t => {
  const four: Fields = [...POST, ['content-length', '4']]
  const cases: Record<string, readonly [parts: Buffer[], verdict: string]> = {
    'as announced': [[headers(1, 0, four), data('12'), data('34', END_STREAM)], 'none'],
    'ended by empty DATA': [[headers(1, 0, four), data('1234'), data('', END_STREAM)], 'none'],
    'too little': [[headers(1, 0, four), data('123', END_STREAM)], MALFORMED],
    'too much': [[headers(1, 0, four), data('12345', END_STREAM)], MALFORMED],
    'too much, in pieces': [[headers(1, 0, four), data('12'), data('345')], MALFORMED],
    'nothing at all': [[headers(1, END_STREAM, four)], MALFORMED],
    'too little, then trailers': [
      [headers(1, 0, four), data('12'), headers(1, END_STREAM, [['a', 'b']])],
      MALFORMED,
    ],
    'as announced, then trailers': [
      [headers(1, 0, four), data('1234'), headers(1, END_STREAM, [['a', 'b']])],
      'none',
    ],
  }
  for (const [name, [parts, verdict]] of Object.entries(cases)) {
    t.equal(new Peer().send(...parts).verdict(), verdict, name)
  }
})

t.test('8.1 trailers', async t => {
  const cases: Record<string, readonly [parts: Buffer[], verdict: string]> = {
    'without END_STREAM': [[headers(1, 0, POST), headers(1, 0, [['a', 'b']])], MALFORMED],
    'with a pseudo-header': [[headers(1, 0, POST), headers(1, END_STREAM, [[':method', 'GET']])], MALFORMED],
    'in upper case': [[headers(1, 0, POST), headers(1, END_STREAM, [['A', 'b']])], MALFORMED],
    'of a connection': [[headers(1, 0, POST), headers(1, END_STREAM, [['connection', 'x']])], MALFORMED],
  }
  for (const [name, [parts, verdict]] of Object.entries(cases)) {
    t.equal(new Peer().send(...parts).verdict(), verdict, name)
  }
  const good = new Peer().send(headers(1, 0, POST), data('x'), headers(1, END_STREAM, [['a', 'b']]))
  t.match(good.heard(), [/^HEADERS 1 :status=200/, 'DATA 1 1', 'HEADERS 1 a=b end'])
})

t.test('8.2.3 cookies become one', async t => {
  const fields: Fields = [[':method', 'GET'], ...GET.slice(1, 3), [':path', '/headers']]
  const cookies: Fields = [
    ['cookie', 'a=b'],
    ['x', 'y'],
    ['cookie', 'c=d'],
    ['cookie', 'e=f'],
  ]
  let seen: [string, string][] = []
  const peer = new Peer('server', {
    handler: {
      onRequest: (_, block) => {
        seen = block.fields.pairs()
      },
    },
  })
  peer.send(headers(1, END_STREAM, [...fields, ...cookies]))
  t.same(seen, [
    ['cookie', 'a=b; c=d; e=f'],
    ['x', 'y'],
  ])
})

/** What a client makes of these frames on its stream 1. */
function client(method: string, ...parts: Buffer[]): string[] {
  const peer = new Peer('client')
  const log = new StreamLog()
  peer.connection.request(FieldList.of([':method', method], ...GET.slice(1)), true, log)
  peer.send(...parts)
  return log.lines
}

t.test('8.3.2 responses', async t => {
  const length: Fields = [
    [':status', '200'],
    ['content-length', '4'],
  ]
  const broken = ['reset PROTOCOL_ERROR']
  const cases: Record<string, readonly [method: string, parts: Buffer[], lines: string[]]> = {
    'without a body': ['GET', [headers(1, END_STREAM, [[':status', '200']])], ['head 200 end']],
    'with a body': ['GET', [headers(1, 0, length), data('1234', END_STREAM)], ['head 200', 'data 4 end']],
    'behind interim ones': [
      'GET',
      [
        headers(1, 0, [[':status', '103']]),
        headers(1, 0, [[':status', '100']]),
        headers(1, END_STREAM, [[':status', '204']]),
      ],
      ['head 103', 'head 100', 'head 204 end'],
    ],
    'with trailers': [
      'POST',
      [headers(1, 0, [[':status', '200']]), headers(1, END_STREAM, [['grpc-status', '0']])],
      ['head 200', 'trailers grpc-status=0'],
    ],
    'to HEAD, with a length': ['HEAD', [headers(1, END_STREAM, length)], ['head 200 end']],
    'to HEAD, ended by empty DATA': [
      'HEAD',
      [headers(1, 0, length), data('', END_STREAM)],
      ['head 200', 'data 0 end'],
    ],
    'to HEAD, with a body': [
      'HEAD',
      [headers(1, 0, length), data('1234', END_STREAM)],
      ['head 200', ...broken],
    ],
    '304 with a length': [
      'GET',
      [
        headers(1, END_STREAM, [
          [':status', '304'],
          ['content-length', '4'],
        ]),
      ],
      ['head 304 end'],
    ],
    '204 with a body': ['GET', [headers(1, 0, [[':status', '204']]), data('1')], ['head 204', ...broken]],
    'shorter than announced': [
      'GET',
      [headers(1, 0, length), data('123', END_STREAM)],
      ['head 200', ...broken],
    ],
    'announced and absent': ['GET', [headers(1, END_STREAM, length)], broken],
    'without :status': ['GET', [headers(1, END_STREAM, [['a', 'b']])], broken],
    'with two :status': [
      'GET',
      [
        headers(1, END_STREAM, [
          [':status', '200'],
          [':status', '200'],
        ]),
      ],
      broken,
    ],
    'with a status that is none': ['GET', [headers(1, END_STREAM, [[':status', '20']])], broken],
    '101 is not of HTTP/2': ['GET', [headers(1, 0, [[':status', '101']])], broken],
    'an interim one that ends': ['GET', [headers(1, END_STREAM, [[':status', '100']])], broken],
    'DATA in front of the head': ['GET', [data('x')], broken],
    'with a pseudo-header of requests': [
      'GET',
      [
        headers(1, END_STREAM, [
          [':status', '200'],
          [':path', '/'],
        ]),
      ],
      broken,
    ],
  }
  for (const [name, [method, parts, lines]] of Object.entries(cases))
    t.same(client(method, ...parts), lines, name)
})

t.test('a server sends interim responses, and heads alone to HEAD', async t => {
  const hints = new Peer().send(headers(1, END_STREAM, [...GET.slice(0, 3), [':path', '/hints']]))
  t.match(hints.heard(), [/^HEADERS 1 :status=103 link/, /^HEADERS 1 :status=200/, 'DATA 1 6 end'])
  const head = new Peer().send(headers(1, END_STREAM, [[':method', 'HEAD'], ...GET.slice(1)]))
  t.match(head.heard(), [/^HEADERS 1 :status=200 .* end$/])
})

t.test('RFC 8441: an extended CONNECT where the server takes it', async t => {
  const stream = new MemoryStream()
  const seen: string[] = []
  const handler = { onTooLarge() {}, onCapacity() {}, onGoaway() {}, onGone() {}, onClose() {} }
  const connection = new Http2Connection(stream, {
    role: 'server',
    limits: DEFAULT_HTTP2_LIMITS,
    takesProtocols: true,
    handler: {
      ...handler,
      onRequest: (_, block) => seen.push(`${block.method} ${block.protocol} ${block.path}`),
    },
  })
  connection.flush()
  t.ok(stream.taken().includes(Buffer.from('000800000001', 'hex')), 'it says so')
  const fields: Fields = [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    SCHEME,
    AUTHORITY,
    [':path', '/chat'],
  ]
  const wrong: Fields = [METHOD, [':protocol', 'websocket'], SCHEME, AUTHORITY, PATH]
  const bytes = Buffer.concat([PREFACE, settings(), headers(1, 0, fields), headers(3, 0, wrong)])
  stream.sink.onBytes(bytes, 0, bytes.length)
  connection.flush()
  t.same(seen, ['CONNECT websocket /chat'])
})
