/** HTTP rules of TrafficRoute: what they match and change, with Kuma's messages (kuma-api 4.10). */
import t from 'tap'
import { faults } from '../../../support/bodies.ts'
import { anyToAny, type FaultCase, storedSpec } from '../../../support/legacy.ts'

const TYPE = 'TrafficRoute'
const destination = { 'kuma.io/service': 'backend' }
const rules = (...http: object[]): object => ({ ...anyToAny, conf: { destination, http } })
const rule = (fields: object): object => rules({ match: { path: { prefix: '/' } }, destination, ...fields })
const match = (fields: object): object => rule({ match: fields })
const modify = (fields: object): object => rule({ modify: fields })

t.test('stores matches and changes', async t => {
  const written = rules(
    {
      match: {
        method: { regex: '^POST|PUT$' },
        path: { prefix: '/users' },
        headers: { 'x-a': { exact: '' }, 'x-b': { prefix: 'some-' } },
      },
      modify: {
        path: { rewritePrefix: '/not-users' },
        host: { fromPath: { pattern: '^/(.+)/.+$', substitution: '\\1' } },
        requestHeaders: { add: [{ name: 'x-c', value: 'xyz', append: true }], remove: [{ name: 'x-d' }] },
        responseHeaders: { add: [{ name: 'x-e', value: 'xyz' }] },
      },
      split: [{ weight: 1, destination }],
    },
    {
      match: { method: { exact: 'GET' } },
      modify: {
        path: { regex: { pattern: '^/service/([^/]+)(/.*)$', substitution: '\\2/instance/\\1' } },
        host: { value: 'XYZ' },
      },
      destination,
    },
  )
  t.same(storedSpec(TYPE, written), written)
})

t.test('takes both spellings and drops false', async t => {
  t.same(
    storedSpec(TYPE, modify({ request_headers: { add: [{ name: 'a', value: 'b', append: false }] } })),
    modify({ requestHeaders: { add: [{ name: 'a', value: 'b' }] } }),
  )
})

t.test("answers mistakes in Kuma's words", async t => {
  const at = 'conf.http[0]'
  const nothing = `${at}.match: must be present and contain at least one of the elements: "method", "path" or "headers"`
  const options = 'cannot be empty. Available options: "exact", "split" or "regex"'
  const host = 'host header and HTTP/2 pseudo-headers are not allowed to be modified'
  const prefix = 'can only be set when .http.match.path.prefix is not empty'
  const cases: readonly FaultCase[] = [
    [rule({ match: undefined }), [nothing]],
    [match({}), [nothing]],
    [match({ headers: {} }), [`${at}.match.headers: must contain at least one element`]],
    [
      match({ method: {}, path: { prefix: '' }, headers: { '': { regex: '' }, b: {} } }),
      [
        `${at}.match.method: ${options}`,
        `${at}.match.path.prefix: cannot be empty`,
        `${at}.match.headers[""]: cannot be empty`,
        `${at}.match.headers[""].regex: cannot be empty`,
        `${at}.match.headers["b"]: ${options}`,
      ],
    ],
    [
      match({ path: { exact: '/a', prefix: '/b', regex: '/c' } }),
      [`${at}.match.path: only one of "exact", "prefix", "regex" may be set`],
    ],
    [rule({ destination: undefined }), [`${at}: requires either "destination" or "split"`]],
    [
      rule({ split: [{ weight: 1, destination }] }),
      [`${at}: "split" cannot be defined at the same time as "destination"`],
    ],
    [
      modify({ path: {}, host: {} }),
      [
        `${at}.modify.path: either "rewritePrefix" or "regex" has to be set`,
        `${at}.modify.host: either "value" or "fromPath" has to be set`,
      ],
    ],
    [
      modify({ path: { rewritePrefix: '' }, host: { value: '' } }),
      [`${at}.modify.path.rewritePrefix: cannot be empty`, `${at}.modify.host.value: cannot be empty`],
    ],
    [
      rule({ match: { path: { exact: '/a' } }, modify: { path: { rewritePrefix: '/b' } } }),
      [`${at}.modify.path.rewritePrefix: ${prefix}`],
    ],
    [
      modify({ path: { regex: {} }, host: { fromPath: {} } }),
      ['path.regex', 'host.fromPath'].flatMap(field => [
        `${at}.modify.${field}.pattern: cannot be empty`,
        `${at}.modify.${field}.substitution: cannot be empty`,
      ]),
    ],
    [
      modify({ path: { rewritePrefix: '/a', regex: { pattern: 'a', substitution: 'b' } } }),
      [`${at}.modify.path: only one of "regex", "rewritePrefix" may be set`],
    ],
    [
      modify({ host: { value: 'a', fromPath: { pattern: 'a', substitution: 'b' } } }),
      [`${at}.modify.host: only one of "fromPath", "value" may be set`],
    ],
    [
      modify({
        requestHeaders: { add: [{}, { name: 'Host', value: 'a' }], remove: [{ name: ':path' }] },
        responseHeaders: { remove: [{}] },
      }),
      [
        `${at}.modify.requestHeaders.add[0].name: cannot be empty`,
        `${at}.modify.requestHeaders.add[0].value: cannot be empty`,
        `${at}.modify.requestHeaders.add[1].name: ${host}`,
        `${at}.modify.requestHeaders.remove[0].name: ${host}`,
        `${at}.modify.responseHeaders.remove[0].name: cannot be empty`,
      ],
    ],
    [
      modify({
        requestHeaders: {
          add: [
            { name: 'x-a: b', value: 'c' },
            { name: 'x', value: 'a\r\ny: b' },
          ],
        },
      }),
      [
        `${at}.modify.requestHeaders.add[0].name: must consist of letters, digits and !#$%&'*+-.^_\`|~`,
        `${at}.modify.requestHeaders.add[1].value: must not contain control characters`,
      ],
    ],
    [
      match({ path: { regex: '(?=a)' } }),
      [
        `${at}.match.path.regex: must be a regular expression in RE2 syntax: look-ahead and look-behind are not supported`,
      ],
    ],
    [
      modify({ path: { regex: { pattern: '(', substitution: 'b' } } }),
      [`${at}.modify.path.regex.pattern: must be a regular expression in RE2 syntax: missing )`],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('refuses what a data plane cannot put into a message', async t => {
  const modified = (modify: object): object => ({
    sources: [{ match: { 'kuma.io/service': '*' } }],
    destinations: [{ match: { 'kuma.io/service': '*' } }],
    conf: {
      destination: { 'kuma.io/service': 'redis' },
      http: [{ match: { path: { prefix: '/a' } }, modify, destination: { 'kuma.io/service': 'redis' } }],
    },
  })
  const MODIFY = 'conf.http[0].modify'
  for (const [modify, fault] of [
    [
      { requestHeaders: { add: [{ name: 'Content-Length', value: '1' }] } },
      'requestHeaders.add[0].name: belongs to the connection and cannot be changed',
    ],
    [
      { path: { rewritePrefix: '/a b' } },
      'path.rewritePrefix: must hold only visible ASCII characters, without ? and #',
    ],
    [{ host: { value: 'a/b' } }, 'host.value: must be a host, with or without a port'],
  ] as const)
    t.same(faults('TrafficRoute', modified(modify)), [`${MODIFY}.${fault}`])
})
