/** MeshGatewayRoute: matches, filters and backends that may be written (kuma-api 4.9). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshGatewayRoute'
const selectors = [{ match: { 'kuma.io/service': 'edge' } }]
const backend = { weight: 5, destination: { 'kuma.io/service': 'web' } }
const root = { path: { match: 'PREFIX', value: '/' } }
const rule = { matches: [root], backends: [backend] }
const rules = (...list: readonly object[]): object => ({ selectors, conf: { http: { rules: list } } })
const match = (fields: object): object => rules({ ...rule, matches: [fields] })
const filter = (...list: readonly object[]): object => rules({ ...rule, filters: list })
const redirect = { redirect: { scheme: 'https', hostname: 'a.example', statusCode: 301 } }
const R = 'conf.http.rules[0]'

t.test('shows what was written: both spellings, zero values dropped, wrappers and choices kept', async t => {
  const spec = accepted(TYPE, {
    selectors,
    conf: {
      http: {
        hostnames: ['a.example'],
        rules: [
          {
            matches: [
              { path: { match: 'EXACT', value: '/a' }, method: 'NONE' },
              { headers: [{ name: 'a', match: 'ABSENT' }], query_parameters: [{ name: 'b', value: 'c' }] },
              root,
            ],
            filters: [
              { request_header: { set: [{ name: 'a', value: 'b' }], add: [], remove: ['c'] } },
              { mirror: { percentage: 0, backend: { weight: 0, destination: { 'kuma.io/service': 'x' } } } },
              { rewrite: { replace_prefix_match: '', host_to_backend_hostname: false } },
            ],
            backends: [backend],
          },
          { matches: [root], filters: [{ redirect: { status_code: 302, path: { replaceFull: '/' } } }] },
        ],
      },
    },
  }).draft.spec
  t.same(spec, {
    selectors,
    conf: {
      http: {
        hostnames: ['a.example'],
        rules: [
          {
            matches: [
              { path: { value: '/a' } },
              { headers: [{ name: 'a', match: 'ABSENT' }], queryParameters: [{ name: 'b', value: 'c' }] },
              root,
            ],
            filters: [
              { requestHeader: { set: [{ name: 'a', value: 'b' }], remove: ['c'] } },
              { mirror: { percentage: 0, backend: { destination: { 'kuma.io/service': 'x' } } } },
              { rewrite: { replacePrefixMatch: '' } },
            ],
            backends: [backend],
          },
          { matches: [root], filters: [{ redirect: { statusCode: 302, path: { replaceFull: '/' } } }] },
        ],
      },
    },
  })
  const tcp = { selectors, conf: { tcp: { rules: [{ backends: [backend] }] } } }
  t.same(accepted(TYPE, tcp).draft.spec, tcp)
})

t.test("refuses routes and matches with Kuma's messages", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, ['selectors: must have at least one element', 'conf: cannot be empty']],
    [{ selectors, conf: {} }, ['conf: cannot be empty']],
    [{ selectors, conf: { http: {}, tcp: {} } }, ['conf: must have only one of them defined: tcp, http']],
    [{ selectors, conf: { http: {} } }, ['conf.http.rules: cannot be empty']],
    [{ selectors, conf: { tcp: { rules: [] } } }, ['conf.tcp.rules: cannot be empty']],
    [{ selectors, conf: { tcp: { rules: [{}] } } }, ['conf.tcp.rules[0].backends: cannot be empty']],
    [rules({ backends: [backend] }), [`${R}.matches: cannot be empty`]],
    [rules({ matches: [root] }), [`${R}.backends: cannot be empty`]],
    [
      rules({ matches: [root], backends: [{ destination: { a: 'b' } }, {}] }),
      [
        `${R}.backends[0]: mandatory tag "kuma.io/service" is missing`,
        `${R}.backends[1]: must have at least one tag`,
        `${R}.backends[1]: mandatory tag "kuma.io/service" is missing`,
      ],
    ],
    [match({}), [`${R}.matches[0]: cannot be empty`]],
    [match({ path: { match: 'REGEX' } }), [`${R}.matches[0].value: cannot be empty`]],
    [match({ path: { value: 'a/b' } }), [`${R}.matches[0].value: must be an absolute path`]],
    [match({ path: { match: 'PREFIX', value: 'a/' } }), [`${R}.matches[0].value: must be an absolute path`]],
    [
      match({ headers: [{}, { name: 'a', match: 'PRESENT', value: 'b' }] }),
      [
        `${R}.matches[0].headers[0].name: cannot be empty`,
        `${R}.matches[0].headers[0].value: cannot be empty`,
        `${R}.matches[0].headers[1].value: cannot be set`,
      ],
    ],
    [
      match({ queryParameters: [{}] }),
      [
        `${R}.matches[0].query_parameters[0].name: cannot be empty`,
        `${R}.matches[0].query_parameters[0].value: cannot be empty`,
      ],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
  const [regex] = faults(TYPE, match({ path: { match: 'REGEX', value: '/(' } }))
  t.match(regex, `${R}.matches[0].value: must be a regular expression in RE2 syntax`)
})

t.test("refuses filters with Kuma's messages", async t => {
  const F = `${R}.filters[0]`
  const exact = { matches: [{ path: { value: '/a' } }], backends: [backend] }
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [filter({ requestHeader: {} }), [`${F}.request_header: cannot be empty`]],
    [filter({ responseHeader: { add: [] } }), [`${F}.response_header: cannot be empty`]],
    [
      filter({ requestHeader: { set: [{ name: 'a' }], add: [{ value: 'b' }], remove: [''] } }),
      [
        `${F}.request_header.set[0].value: cannot be empty`,
        `${F}.request_header.add[0].name: cannot be empty`,
        `${F}.request_header.remove[0]: cannot be empty`,
      ],
    ],
    [
      filter(
        { requestHeader: { set: [{ name: 'Host', value: 'b' }] } },
        { rewrite: { hostToBackendHostname: true } },
      ),
      [
        `${F}.request_header.set[0]: cannot modify 'Host' header, when route has set 'rewrite.host_to_backend_hostname' option`,
      ],
    ],
    [filter({ mirror: { percentage: 0 } }), [`${F}.mirror.backend: cannot be empty`]],
    [filter({ mirror: { backend } }), [`${F}.mirror.percentage: cannot be empty`]],
    [
      filter({ mirror: { percentage: 101, backend: {} } }),
      [
        `${F}.mirror.percentage: has to be in [0.0 - 100.0] range`,
        `${F}.mirror.backend: must have at least one tag`,
        `${F}.mirror.backend: mandatory tag "kuma.io/service" is missing`,
      ],
    ],
    [
      rules({ matches: [root], filters: [{ redirect: { port: 70000, statusCode: 500 } }] }),
      [
        `${F}.redirect.port: port must be in the range [1, 65535]`,
        `${F}.redirect.status_code: must be in the range [300, 308]`,
      ],
    ],
    [filter(redirect), [`${R}.backends: must be empty when using redirect filters`]],
    [
      filter(redirect, { mirror: { percentage: 1, backend } }),
      [`${R}.filters: redirects cannot be used with other filters`],
    ],
    [
      rules({ ...exact, filters: [{ rewrite: { replacePrefixMatch: '/' } }] }),
      [`${F}.rewrite.replacePrefixMatch: cannot be used without a match on path prefix`],
    ],
    [
      filter({ rewrite: { replacePrefixMatch: '/', replaceFull: '/' } }),
      [`${F}.rewrite: must have only one of them defined: replaceFull, replacePrefixMatch`],
    ],
    [
      filter({ rewrite: { replaceFull: '/' }, requestHeader: { remove: ['a'] } }),
      [`${F}: must have only one of them defined: requestHeader, rewrite`],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})
