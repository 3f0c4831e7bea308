/** Field blocks of requests: pseudo-headers, names, values, and fields that belong to a connection of HTTP/1.1. */
import { END_STREAM, frame, headers } from '../../../../support/http2-peer.ts'
import { BAD_CODINGS, BAD_LENGTHS, OTHER_NAMES } from '../../corpus/framing-values.ts'
import { isToken, ODD_BYTES, shown } from '../../corpus/hostile.ts'
import {
  BODY,
  END_AND_SMUGGLED,
  type Field,
  get,
  type HostileFrames,
  inParts,
  passed,
  post,
  pseudo,
  refused,
  SMUGGLED,
  surplus,
} from './hostile-frames.ts'

function bare(fields: readonly Field[]): Buffer {
  return headers(1, END_STREAM, fields)
}

/** With what may follow. */
function connect(...fields: readonly Field[]): Buffer {
  return headers(1, 0, [[':method', 'CONNECT'], ...fields])
}

const WEBSOCKET: readonly Field[] = [[':protocol', 'websocket'], ...pseudo().slice(1)]

function judged(name: string, isGood: boolean, frames: Buffer): HostileFrames {
  return isGood ? passed(name, frames) : refused(name, frames)
}

const PSEUDO_NAMES = [':method', ':scheme', ':authority', ':path']

const SETS: HostileFrames[] = [
  ...PSEUDO_NAMES.flatMap(name => [
    refused(`no ${name}`, bare(pseudo('GET', { [name]: '' }))),
    refused(`an empty ${name}`, bare([...pseudo('GET', { [name]: '' }), [name, '']])),
    ...pseudo()
      .filter(([one]) => one === name)
      .flatMap(field => [
        refused(`${name} twice`, bare([...pseudo(), field])),
        refused(`${name} behind a field`, bare([...pseudo('GET', { [name]: '' }), ['x', 'y'], field])),
        refused(`${name} again behind a field`, bare([...pseudo(), ['x', 'y'], field])),
      ]),
    refused(`another ${name}`, bare([...pseudo(), [name, name === ':path' ? '/b' : 'c']])),
    refused(`${name.toUpperCase()}`, bare([...pseudo(), [name.toUpperCase(), 'c']])),
  ]),
  refused('nothing at all', bare([])),
  ...[':status', ':protocol', ':host', ':', '::method', ':x', ':content-length', ':transfer-encoding'].map(
    name => refused(`${name} in a request`, bare([...pseudo(), [name, '200']])),
  ),
  ...['method', 'path', 'authority', 'scheme'].map(name =>
    passed(`${name} without its colon`, get([name, '/smuggled'])),
  ),
]

const CRLF = [
  ' HTTP/1.1\r\nX: y',
  ` HTTP/1.1\r\nHost: b\r\n\r\n${SMUGGLED}`,
  '\r\nX: y',
  '\nX: y',
  '\rX: y',
  '\r\n',
  '\n',
  '\0',
  `\r\n\r\n${SMUGGLED}`,
  '\r\ncontent-length: 5',
  '\r\ntransfer-encoding: chunked',
]

const METHODS: HostileFrames[] = [
  ...['get', 'G', 'PRI', 'M-SEARCH', 'FOO', 'DELETE', 'PUT', 'OPTIONS', 'TRACE', 'PATCH'].map(method =>
    passed(`method ${method}`, bare(pseudo(method))),
  ),
  ...ODD_BYTES.map(byte => judged(`method GE${shown(byte)}T`, isToken(byte), bare(pseudo(`GE${byte}T`)))),
  ...CRLF.map(text => refused(`method GET${shown(text)}`, bare(pseudo(`GET${text}`)))),
  refused('a start line as method', bare(pseudo('GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\nGET'))),
  refused('a target in the method', bare(pseudo('GET /smuggled'))),
  ...['b', 'b:0', ':80', 'b:', 'b:99999', 'b:80:80', 'a@b:80', 'b:80/a', 'b:80 HTTP/1.1\r\n'].map(authority =>
    refused(`CONNECT ${shown(authority)}`, connect([':authority', authority])),
  ),
  refused('CONNECT with a length', connect([':authority', 'b:80'], ['content-length', '5'])),
  passed('CONNECT', connect([':authority', 'b:80'])),
  passed('CONNECT and a request', connect([':authority', 'b:80']), frame('DATA', 0, 1, SMUGGLED)),
  refused('CONNECT with a path', bare(pseudo('CONNECT'))),
  passed('CONNECT for WebSocket', connect(...WEBSOCKET), frame('DATA', 0, 1, SMUGGLED)),
  refused('CONNECT for WebSocket with a length', connect(...WEBSOCKET, ['content-length', '5'])),
  refused('CONNECT for another protocol', connect([':protocol', 'h2c'], ...WEBSOCKET.slice(1))),
  refused('a protocol of GET', bare([...pseudo(), [':protocol', 'websocket']])),
]

const PATHS: HostileFrames[] = [
  ...ODD_BYTES.map(byte =>
    judged(
      `path /a${shown(byte)}b`,
      /[!"$-~\x80-\xff]/.test(byte),
      bare(pseudo('GET', { ':path': `/a${byte}b` })),
    ),
  ),
  ...CRLF.map(text => refused(`path /a${shown(text)}`, bare(pseudo('GET', { ':path': `/a${text}` })))),
  ...[
    'a',
    'a/b',
    '*',
    '?a',
    'http://b/a',
    'https://c/a',
    'http://b',
    'b:80',
    '#',
    '/#',
    '/a#b',
    ' /a',
    '/a ',
    '\\a',
  ].map(path => refused(`path ${path}`, bare(pseudo('GET', { ':path': path })))),
  passed('the path * of OPTIONS', bare(pseudo('OPTIONS', { ':path': '*' }))),
  ...[
    '//a',
    '/a//b',
    '/../a',
    '/./a',
    '/%0d%0aX:y',
    '/%00',
    '/a;b',
    '/a\\b',
    '/?',
    '/http://c/',
    '/a%20HTTP/1.1',
  ].map(path => passed(`path ${path}`, bare(pseudo('GET', { ':path': path })))),
  passed('a path of 8000 bytes', bare(pseudo('GET', { ':path': `/${'x'.repeat(7999)}` }))),
]

const AUTHORITIES: HostileFrames[] = [
  ...ODD_BYTES.map(byte =>
    judged(
      `authority a${shown(byte)}b`,
      /[^\s/?#@\\,<>"\0-\x20\x7f]/.test(byte),
      bare(pseudo('GET', { ':authority': `a${byte}b` })),
    ),
  ),
  ...CRLF.map(text =>
    refused(`authority b${shown(text)}`, bare(pseudo('GET', { ':authority': `b${text}` }))),
  ),
  ...['b:80', '[::1]', '[::1]:80', 'B', 'b.', '127.0.0.1'].map(name =>
    passed(`authority ${name}`, bare(pseudo('GET', { ':authority': name }))),
  ),
  ...['u@b', 'b/', 'b?', 'b,c', 'http://b'].map(name =>
    refused(`authority ${name}`, bare(pseudo('GET', { ':authority': name }))),
  ),
  passed('host instead of authority', bare([...pseudo('GET', { ':authority': '' }), ['host', 'b']])),
  passed('the same host', get(['host', 'b'])),
  passed('the same host in capitals', get(['host', 'B'])),
  ...['c', 'b:80', 'b.', '', 'b\r\nX: y', 'b\0', ' b', 'b '].map(host =>
    refused(`the host "${shown(host)}" beside an authority`, get(['host', host])),
  ),
  ...['', 'b\r\nX: y', 'a b', 'u@b', 'b,c'].map(host =>
    refused(
      `the host "${shown(host)}" alone`,
      bare([...pseudo('GET', { ':authority': '' }), ['host', host]]),
    ),
  ),
  refused('two hosts', get(['host', 'b'], ['host', 'b'])),
  refused(
    'two hosts and no authority',
    bare([...pseudo('GET', { ':authority': '' }), ['host', 'b'], ['host', 'c']]),
  ),
  refused('Host', get(['Host', 'b'])),
  ...['http', 'https', 'ftp', 'h+t'].map(scheme =>
    passed(`scheme ${scheme}`, bare(pseudo('GET', { ':scheme': scheme }))),
  ),
  ...['http://', 'ht tp', '1http', 'http\r\nX: y', 'http\0', 'http://c/smuggled?'].map(scheme =>
    refused(`scheme ${shown(scheme)}`, bare(pseudo('GET', { ':scheme': scheme }))),
  ),
]

const NAMES: HostileFrames[] = [
  ...ODD_BYTES.map(byte =>
    judged(`name x${shown(byte)}y`, isToken(byte) && !/[A-Z]/.test(byte), get([`x${byte}y`, 'z'])),
  ),
  ...ODD_BYTES.filter(byte => !isToken(byte)).flatMap(byte => [
    refused(`name content-length${shown(byte)}`, post(BODY, [`content-length${byte}`, '1'])),
    refused(`name ${shown(byte)}transfer-encoding`, post(BODY, [`${byte}transfer-encoding`, 'chunked'])),
  ]),
  ...CRLF.map(text => refused(`name x${shown(text)}`, get([`x${text}`, 'z']))),
  refused('an empty name', get(['', 'z'])),
  refused('a field line as name', get(['x: y\r\ntransfer-encoding', 'chunked'])),
  ...['X', 'xY', 'Content-Length', 'Transfer-Encoding', 'Cookie', 'TE'].map(name =>
    refused(`name ${name}`, post(BODY, [name, '5'])),
  ),
  ...OTHER_NAMES.map(name => name.toLowerCase())
    .filter(name => name !== 'content_length' && name !== 'transfer_encoding')
    .map(name => judged(`name ${shown(name)}`, isToken(name), post(BODY, [name, '1']))),
  ...['content_length', 'transfer_encoding'].map(name => refused(`name ${name}`, post(BODY, [name, '1']))),
]

const VALUES: HostileFrames[] = [
  ...ODD_BYTES.map(byte =>
    judged(`value y${shown(byte)}z`, /[\t\x20-\x7e\x80-\xff]/.test(byte), get(['x', `y${byte}z`])),
  ),
  ...ODD_BYTES.flatMap(byte => [
    judged(`value ${shown(byte)}y`, /[\x21-\x7e\x80-\xff]/.test(byte), get(['x', `${byte}y`])),
    judged(`value y${shown(byte)}`, /[\x21-\x7e\x80-\xff]/.test(byte), get(['x', `y${byte}`])),
  ]),
  ...CRLF.filter(text => text !== ' HTTP/1.1').map(text =>
    refused(`value y${shown(text)}`, get(['x', `y${text}`])),
  ),
  ...CRLF.map(text => refused(`cookie a=b${shown(text)}`, get(['cookie', 'c=d'], ['cookie', `a=b${text}`]))),
  passed('an empty value', get(['x', ''])),
  passed('many cookies', get(...Array.from({ length: 40 }, (_, at): Field => ['cookie', `a${at}=b`]))),
  passed('a value of 30,000 bytes', inParts([...pseudo(), ['x', 'y'.repeat(30_000)]])),
]

const OF_A_CONNECTION: HostileFrames[] = [
  ...[
    ['connection', 'close'],
    ['connection', 'keep-alive'],
    ['connection', 'content-length'],
    ['connection', 'x'],
    ['connection', ''],
    ['keep-alive', 'timeout=5'],
    ['proxy-connection', 'close'],
    ['upgrade', 'websocket'],
    ['upgrade', 'h2c'],
    ['te', 'gzip'],
    ['te', 'trailers, chunked'],
    ['te', 'chunked'],
    ['te', ''],
    ...['chunked', 'identity', 'gzip, chunked', '', ...BAD_CODINGS].map(value => [
      'transfer-encoding',
      value,
    ]),
  ].map(([name = '', value = '']) =>
    refused(`${name}: ${shown(value)}`, post(END_AND_SMUGGLED, [name, value])),
  ),
  passed('te: trailers', get(['te', 'trailers'])),
  passed('http2-settings', get(['http2-settings', 'AAMAAABkAAQAAP__'])),
  passed('expect: 100-continue', post(BODY, ['expect', '100-continue'], ['content-length', '5'])),
  passed('expect: x', post(BODY, ['expect', 'x'], ['content-length', '5'])),
  passed('trailer names', post(BODY, ['trailer', 'content-length'])),
  passed('range', get(['range', 'bytes=0-'])),
]

const LENGTHS: HostileFrames[] = [
  passed('content-length: 5', post(BODY, ['content-length', '5'])),
  passed('content-length: 05', post(BODY, ['content-length', '05'])),
  passed('content-length: 000000000000005', post(BODY, ['content-length', '000000000000005'])),
  passed('content-length: 0', get(['content-length', '0'])),
  passed('content-length: 00', get(['content-length', '00'])),
  passed('content-length: 0 of a POST', headers(1, END_STREAM, [...pseudo('POST'), ['content-length', '0']])),
  passed('content-length: 0 and an empty frame', post('', ['content-length', '0'])),
  ...BAD_LENGTHS.flatMap(value => [
    refused(`content-length: ${shown(value)}`, post(BODY, ['content-length', value])),
    refused(`content-length: ${shown(value)} of a GET`, get(['content-length', value])),
  ]),
  ...['5', '6', '0'].map(value =>
    refused(`content-length: 5 and ${value}`, post(BODY, ['content-length', '5'], ['content-length', value])),
  ),
  refused('content-length: 0 twice', get(['content-length', '0'], ['content-length', '0'])),
  surplus('content-length: 0 of 5 bytes', post(BODY, ['content-length', '0'])),
  ...['4', '6', '40', '999999999999999'].map(value =>
    refused(`content-length: ${value} of 5 bytes`, post(BODY, ['content-length', value])),
  ),
  refused('content-length: 5 of none', get(['content-length', '5'])),
  refused(
    'content-length: 5 of an empty frame',
    Buffer.concat([
      headers(1, 0, [...pseudo('POST'), ['content-length', '5']]),
      frame('DATA', END_STREAM, 1),
    ]),
  ),
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'].map(method =>
    passed(
      `${method} with a body`,
      Buffer.concat([headers(1, 0, pseudo(method)), frame('DATA', END_STREAM, 1, SMUGGLED)]),
    ),
  ),
]

export const FIELD_BLOCKS: readonly HostileFrames[] = [
  ...SETS,
  ...METHODS,
  ...PATHS,
  ...AUTHORITIES,
  ...NAMES,
  ...VALUES,
  ...OF_A_CONNECTION,
  ...LENGTHS,
]
