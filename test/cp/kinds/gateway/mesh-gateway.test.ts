/** MeshGateway: which listeners may be written, and which of them contradict each other (kuma-api 4.9, 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshGateway'
const selectors = [{ match: { 'kuma.io/service': 'edge' } }]
const http = { port: 80, protocol: 'HTTP' }
const terminate = (count: number): object => ({
  mode: 'TERMINATE',
  certificates: Array.from({ length: count }, (_, i) => ({ secret: `cert-${i}` })),
})
const listeners = (...list: readonly object[]): object => ({ selectors, conf: { listeners: list } })
const L = 'conf.listeners'

t.test('shows what was written: both spellings, zero values dropped, empty messages kept', async t => {
  const spec = accepted(TYPE, {
    selectors,
    tags: { product: 'edge' },
    conf: {
      listeners: [
        { ...http, hostname: '*.a.example', crossMesh: false, resources: { connection_limit: 5 } },
        { port: '443', protocol: 5, tls: { ...terminate(2), options: {} }, tags: { vhost: 'a/b' } },
        { port: 1, protocol: 'TLS', tls: { mode: 'PASSTHROUGH' }, resources: {} },
        { port: 2, protocol: 'TCP', tags: {} },
        { port: 3, protocol: 'HTTP', crossMesh: true, tls: {} },
      ],
    },
  }).draft.spec
  t.same(spec, {
    selectors,
    tags: { product: 'edge' },
    conf: {
      listeners: [
        { ...http, hostname: '*.a.example', resources: { connectionLimit: 5 } },
        { port: 443, protocol: 'HTTPS', tls: { ...terminate(2), options: {} }, tags: { vhost: 'a/b' } },
        { port: 1, protocol: 'TLS', tls: { mode: 'PASSTHROUGH' }, resources: {} },
        { port: 2, protocol: 'TCP' },
        { port: 3, protocol: 'HTTP', crossMesh: true, tls: {} },
      ],
    },
  })
})

t.test("refuses with Kuma's messages", async t => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{}, ['selectors: must have at least one element', 'conf: cannot be empty']],
    [{ selectors, conf: {} }, [`${L}: cannot be empty`]],
    [
      { selectors: [{ match: { a: 'b' } }], conf: { listeners: [http] } },
      ['selectors[0].match: mandatory tag "kuma.io/service" is missing'],
    ],
    [
      { ...listeners(http), tags: { 'kuma.io/service': 'a', 'kuma.io/zone': 'b', c: '' } },
      [
        'tags["kuma.io/service"]: tag name must not be "kuma.io/service"',
        'tags["kuma.io/zone"]: tag name must not be "kuma.io/zone"',
        'tags["c"]: tag value must be non-empty',
      ],
    ],
    [
      listeners({ ...http, tags: { 'kuma.io/protocol': 'x' } }),
      [`${L}[0].tags["kuma.io/protocol"]: tag name must not be "kuma.io/protocol"`],
    ],
    [
      listeners({}),
      [`${L}[0].port: port must be in the range [1, 65535]`, `${L}[0].protocol: cannot be empty`],
    ],
    [listeners({ port: 1, protocol: 'UDP' }), [`${L}[0].protocol: protocol type is not supported`]],
    [listeners({ ...http, hostname: 'A.b' }), [`${L}[0].hostname: invalid hostname`]],
    [listeners({ ...http, hostname: '*.*.b' }), [`${L}[0].hostname: invalid wildcard domain`]],
    [
      listeners({ ...http, hostname: `${'a.'.repeat(130)}b` }),
      [`${L}[0].hostname: must be at most 253 characters`],
    ],
    [listeners({ port: 443, protocol: 'HTTPS' }), [`${L}[0].tls: cannot be empty`]],
    [listeners({ port: 443, protocol: 'HTTPS', tls: {} }), [`${L}[0].tls.mode: cannot be empty`]],
    [
      listeners({ port: 443, protocol: 'HTTPS', tls: { mode: 'PASSTHROUGH' } }),
      [`${L}[0].tls.mode: mode is not supported on HTTPS listeners`],
    ],
    [
      listeners({ port: 443, protocol: 'HTTPS', tls: terminate(0) }),
      [`${L}[0].tls.certificates: cannot be empty in TLS termination mode`],
    ],
    [
      listeners({ port: 443, protocol: 'HTTPS', tls: terminate(3) }),
      [`${L}[0].tls.certificates: cannot have more than 2 certificates`],
    ],
    [
      listeners({ port: 443, protocol: 'HTTPS', tls: { mode: 'TERMINATE', certificates: [{}] } }),
      [`${L}[0].tls.certificates[0]: data source cannot be empty`],
    ],
    [
      listeners({ port: 443, protocol: 'HTTPS', crossMesh: true, tls: terminate(1) }),
      [
        `${L}[0].protocol: protocol is not supported with crossMesh`,
        `${L}[0].tls: must be empty with crossMesh`,
      ],
    ],
    [
      { selectors: [...selectors, ...selectors], conf: { listeners: [{ ...http, crossMesh: true }] } },
      ['selectors[1]: there can be at most one selector'],
    ],
    [
      listeners(http, { port: 80, protocol: 'TCP', hostname: 'b' }, { port: 81, protocol: 'TCP' }),
      [
        `${L}[0]: protocol conflicts with other listeners on this port`,
        `${L}[1]: protocol conflicts with other listeners on this port`,
      ],
    ],
    [
      listeners(http, { ...http, hostname: '*' }, { ...http, hostname: 'b' }),
      [
        `${L}[0]: multiple listeners for hostname on this port`,
        `${L}[1]: multiple listeners for hostname on this port`,
      ],
    ],
    [
      listeners(
        { ...http, resources: { connectionLimit: 1 } },
        { ...http, hostname: 'b', resources: { connectionLimit: 2 } },
        { ...http, hostname: 'c', resources: { connectionLimit: 0 } },
      ),
      [
        `${L}[0].resources.connectionLimit: conflicting values for this port`,
        `${L}[1].resources.connectionLimit: conflicting values for this port`,
      ],
    ],
    [
      listeners({ port: 1, protocol: 'FTP' }),
      [`${L}[0].protocol: unknown value "FTP", should be one of NONE, TCP, UDP, TLS, HTTP, HTTPS`],
    ],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})
