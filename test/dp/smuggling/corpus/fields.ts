/** Fields: hosts, names, values, options of Connection, Upgrade and Expect. */
import { BODY, get, type Hostile, isToken, ODD_BYTES, passed, post, refused, shown } from './hostile.ts'

const BAD_HOSTS = [
  'a/b',
  'a?b',
  'a#b',
  'u@b',
  'a b',
  'a\tb',
  'a,b',
  'a, b',
  'a\\b',
  '<b>',
  '"b"',
  'b\0',
  'b\x0b',
  'b\r\n c',
  'b\x7f',
]
const HOSTS = [
  'b',
  'B',
  'b:80',
  'b:',
  'b:0',
  'b:99999',
  '[::1]',
  '[::1]:80',
  '127.0.0.1',
  'a..b',
  '.b',
  'b.',
  '-b',
  'b_c',
  'x'.repeat(300),
]
const CONNECTIONS = [
  'Content-Length',
  'close, content-length',
  'Transfer-Encoding',
  'x, transfer-encoding',
  'host',
  'CONTENT-LENGTH',
  ' host ,x',
  'x,,host',
  'Host,',
]
const OPTIONS = [
  'keep-alive',
  'Keep-Alive',
  'x',
  'X-A, X-B',
  'te',
  'upgrade',
  ',',
  '',
  '"close"',
  'x y',
  'clos',
  'close-not',
  'cookie',
  'x-request-id',
  'x-forwarded-proto',
  'expect',
  'trailer',
  'connection',
  '\xe9',
  'keep-alive, keep-alive',
]
const UPGRADES = [
  'h2c',
  'websocket',
  'WebSocket',
  'websocket, h2c',
  'HTTP/2.0',
  'TLS/1.0',
  'x',
  '',
  'websocket\t',
  ', websocket',
]
const EXPECTS = [
  '100-continue',
  '100-Continue',
  '100-continue, x',
  'x',
  '',
  '200-ok',
  '100-continue;q=1',
  '"100-continue"',
  ' 100-continue ',
]

export const FIELDS: readonly Hostile[] = [
  ...BAD_HOSTS.map(host => refused(`host ${shown(host)}`, `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`)),
  passed('an empty host', 'GET /a HTTP/1.1\r\nHost:\r\n\r\n'),
  ...HOSTS.map(host =>
    passed(`host ${shown(host).slice(0, 30)}`, `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  ),
  ...[
    '',
    'Host: b\r\nHost: b\r\n',
    'Host: b\r\nhost: c\r\n',
    'Host : b\r\n',
    ' Host: b\r\n',
    'Host\0: b\r\n',
    'X: y\r\n Host: b\r\n',
    'Hos\r\nt: b\r\n',
  ].map(fields => refused(`hosts ${shown(fields)}`, `GET /a HTTP/1.1\r\n${fields}\r\n`)),
  ...ODD_BYTES.map(byte =>
    byte === ':' || isToken(byte)
      ? passed(`${shown(byte)} in a name`, get(`X${byte}Y: z\r\n`))
      : refused(`${shown(byte)} in a name`, get(`X${byte}Y: z\r\n`)),
  ),
  ...ODD_BYTES.map(byte =>
    /[\x00-\x08\x0a-\x1f\x7f]/.test(byte)
      ? refused(`${shown(byte)} in a value`, get(`X: y${byte}z\r\n`))
      : passed(`${shown(byte)} in a value`, get(`X: y${byte}z\r\n`)),
  ),
  ...[
    'X',
    'X\r\nY: z',
    ': x',
    ' : x',
    'X y: z',
    '[: x',
    'X\r\n : y',
    'X: y\r\n z',
    'X: y\r\n\tz',
    ' X: y',
    'X: y\n',
    'X: y\rYY: z',
    'X: y\r\rYY: z',
    'X: y\nYY: z',
    'X: y\r YY: z',
    'X: y\rContent-Length: 5',
    'X: y\rZ',
    'X: y\n\nGET / HTTP/1.1',
    '\x00',
    'X: y\r\r',
  ].map(line => refused(`field ${shown(line)}`, get(`${line}\r\n`))),
  ...CONNECTIONS.map(value =>
    refused(`Connection: ${value}`, post(`Content-Length: 5\r\nConnection: ${value}\r\n`, BODY)),
  ),
  ...OPTIONS.map(value =>
    passed(
      `Connection: ${shown(value)}`,
      post(`Content-Length: 5\r\nX-A: 1\r\nConnection: ${value}\r\nKeep-Alive: x\r\n`, BODY),
    ),
  ),
  ...UPGRADES.map(value =>
    passed(
      `Upgrade: ${shown(value)}`,
      get(`Upgrade: ${value}\r\nConnection: upgrade\r\nHTTP2-Settings: AAMAAABkAAQ\r\n`),
    ),
  ),
  ...UPGRADES.map(value =>
    passed(
      `Upgrade: ${shown(value)} with a body`,
      post(`Upgrade: ${value}\r\nConnection: upgrade\r\nContent-Length: 5\r\n`, BODY),
    ),
  ),
  ...EXPECTS.map(value =>
    passed(`Expect: ${shown(value)}`, post(`Expect: ${value}\r\nContent-Length: 5\r\n`, BODY)),
  ),
  ...EXPECTS.map(value => passed(`Expect: ${shown(value)} without a body`, get(`Expect: ${value}\r\n`))),
]
