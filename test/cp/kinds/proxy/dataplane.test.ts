/** Dataplane: what may be written, in Kuma's words (kuma-api 4.5). */
import t from 'tap'
import { accepted, faults, withInbound } from '../../../support/bodies.ts'

const PORT = 'port must be in the range [1, 65535]'
const SELF =
  'networking.inbound[0].serviceAddress: serviceAddress and servicePort has to differ from address and port'
const net = (networking: object): object => ({ networking: { address: '192.168.0.1', ...networking } })

t.test('takes the Dataplane of the documents as it is', async t => {
  const written = {
    networking: {
      address: '192.168.0.2',
      advertisedAddress: '10.1.1.1',
      inbound: [
        {
          port: 10_001,
          servicePort: 8080,
          serviceAddress: '127.0.0.1',
          address: '192.168.0.2',
          name: 'http',
          protocol: 'http',
          tags: { 'kuma.io/service': 'backend', 'kuma.io/protocol': 'http' },
          serviceProbe: {
            interval: '10s',
            timeout: '2s',
            unhealthyThreshold: 1,
            healthyThreshold: 1,
            tcp: {},
          },
        },
      ],
      outbound: [
        { port: 33_033, address: '127.0.0.1', tags: { 'kuma.io/service': 'redis' } },
        { port: 33_034, backendRef: { kind: 'MeshService', name: 'redis', port: 6379 } },
      ],
      admin: { port: 9901 },
    },
    metrics: { type: 'prometheus', name: 'x', conf: { port: 5670 } },
  }
  const { draft, unknownFields, unenforced } = accepted('Dataplane', written)
  t.same(draft.spec, written)
  t.same(unknownFields, [])
  t.same(
    unenforced.map(found => found.field),
    ['networking.outbound[1].backendRef', 'networking.admin', 'metrics'],
  )
})

t.test('addresses are ones that others can call', async t => {
  const address = (text: string) => faults('Dataplane', { networking: { address: text } })
  for (const text of ['10.0.0.1', '::1', 'fd00::1', 'web.example.com', 'vm_1', 'localhost'])
    t.same(address(text), [], text)
  t.same(address(''), ["networking.address: address can't be empty"])
  for (const text of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0']) {
    t.same(address(text), ['networking.address: must not be 0.0.0.0 or ::'], text)
  }
  for (const text of ['10.0.0.300', '1.2.3', 'a b', 'http://x', '10.0.0.1:80', '-a', 'a..b']) {
    t.same(address(text), ['networking.address: address has to be valid IP address or domain name'], text)
  }
  t.same(faults('Dataplane', { networking: {} }), ["networking.address: address can't be empty"])
  t.same(faults('Dataplane', {}), ['networking: must be defined'])
  t.same(faults('Dataplane', net({ advertisedAddress: '::' })), [
    'networking.advertisedAddress: must not be 0.0.0.0 or ::',
  ])
})

t.test("answers wrong inbounds in Kuma's words", async t => {
  const at = 'networking.inbound[0]'
  const protocols = 'Allowed values: grpc, http, http2, kafka, tcp'
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ port: 0 }, [`${at}.port: ${PORT}`]],
    [{ port: undefined }, [`${at}.port: ${PORT}`]],
    [{ port: 65_536, servicePort: -1 }, [`${at}.port: ${PORT}`, `${at}.servicePort: ${PORT}`]],
    [{ serviceAddress: 'localhost' }, [`${at}.serviceAddress: serviceAddress has to be valid IP address`]],
    [{ address: 'web' }, [`${at}.address: address has to be valid IP address`]],
    [{ tags: {} }, []],
    [{ tags: undefined }, []],
    [{ tags: { team: 'a' } }, [`${at}.tags["kuma.io/service"]: tag has to exist`]],
    [{ tags: { 'kuma.io/service': '' } }, [`${at}.tags["kuma.io/service"]: tag value must be non-empty`]],
    [
      { tags: { 'kuma.io/service': 'a/b', 'b c': 'd' } },
      [
        `${at}.tags["b c"]: tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores`,
        `${at}.tags["kuma.io/service"]: tag value must consist of alphanumeric characters, dots, dashes and underscores`,
      ],
    ],
    [
      { tags: { 'kuma.io/service': 'a', 'kuma.io/protocol': 'foo' } },
      [`${at}.tags["kuma.io/protocol"]: tag "kuma.io/protocol" has an invalid value "foo". ${protocols}`],
    ],
    [{ protocol: 'htpp' }, [`${at}.protocol: has an invalid value "htpp". ${protocols}; did you mean http?`]],
    [{ protocol: 'foo' }, [`${at}.protocol: has an invalid value "foo". ${protocols}`]],
    [
      {
        serviceProbe: { interval: '0s', timeout: '-1s', unhealthyThreshold: 0, healthyThreshold: 0, tcp: {} },
      },
      ['interval', 'timeout', 'unhealthyThreshold', 'healthyThreshold'].map(
        name => `${at}.serviceProbe.${name}: must have a positive value`,
      ),
    ],
  ]
  for (const [inbound, expected] of cases) {
    t.same(faults('Dataplane', withInbound(inbound)), expected, JSON.stringify(inbound))
  }
})

t.test('an inbound that would call itself is refused', async t => {
  const loops: readonly (readonly [object, object])[] = [
    [{ port: 80, servicePort: undefined }, { address: '127.0.0.1' }],
    [{ port: 80, servicePort: 80 }, { address: 'localhost' }],
    [{ port: 80, servicePort: 80, address: '127.0.0.1' }, {}],
    [{ port: 80, servicePort: undefined, serviceAddress: '192.168.0.1' }, {}],
    [{ port: 80, servicePort: 80, address: '::1', serviceAddress: '0:0:0:0:0:0:0:1' }, {}],
    [{ port: 80, servicePort: 80, address: '::ffff:127.0.0.1' }, {}],
  ]
  for (const [inbound, networking] of loops) {
    t.same(faults('Dataplane', withInbound(inbound, networking)), [SELF], JSON.stringify(inbound))
  }
  const fine: readonly (readonly [object, object])[] = [
    [{ port: 80, servicePort: undefined }, {}],
    [{ port: 80, servicePort: 81 }, { address: '127.0.0.1' }],
    [{ port: 80, servicePort: 80 }, { address: '127.0.1.1' }],
  ]
  for (const [inbound, networking] of fine) {
    t.same(faults('Dataplane', withInbound(inbound, networking)), [], JSON.stringify(inbound))
  }
})

t.test('outbounds name one destination', async t => {
  const at = 'networking.outbound[0]'
  const tags = { 'kuma.io/service': 'redis' }
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ port: 1, tags }, []],
    [{ port: 1 }, [`${at}.tags: mandatory tag "kuma.io/service" is missing`]],
    [
      { port: 1, service: 'redis' },
      [`${at}.tags: mandatory tag "kuma.io/service" is missing`, `${at}.service: there is no such field`],
    ],
    [{ tags }, [`${at}.port: ${PORT}`]],
    [{ port: 1, address: 'x', tags }, [`${at}.address: address has to be valid IP address`]],
    [
      { port: 1, tags, backendRef: { kind: 'MeshService', name: 'x', port: 1 } },
      [`${at}: both backendRef and tags/service cannot be defined`],
    ],
    [{ port: 1, backendRef: { kind: 'MeshExternalService', name: 'x' } }, []],
    [
      { port: 1, backendRef: { kind: 'MeshService', labels: { a: 'b' } } },
      [`${at}.backendRef.port: ${PORT}`],
    ],
    [
      { port: 1, backendRef: { kind: 'Zork', port: 1 } },
      [
        `${at}.backendRef.kind: invalid value. Available values are: MeshService,MeshExternalService,MeshMultiZoneService`,
        `${at}.backendRef.name: cannot be empty`,
      ],
    ],
  ]
  for (const [outbound, expected] of cases) {
    t.same(faults('Dataplane', net({ outbound: [outbound] })), expected, JSON.stringify(outbound))
  }
})

t.test('gateways have no inbounds', async t => {
  const gateway = { type: 'BUILTIN', tags: { 'kuma.io/service': 'edge' } }
  const delegated = { tags: { 'kuma.io/service': 'edge' } }
  const outbound = [{ port: 1, tags: { 'kuma.io/service': 'a' } }]
  t.same(faults('Dataplane', net({ gateway: delegated, outbound })), [])
  t.same(faults('Dataplane', withInbound({}, { gateway: delegated })), [
    'networking.inbound: inbound cannot be defined for delegated gateways',
  ])
  t.same(faults('Dataplane', withInbound({}, { gateway, outbound })), [
    'networking.inbound: inbound cannot be defined for builtin gateways',
    'networking.outbound: outbound cannot be defined for builtin gateways',
  ])
  t.same(
    faults('Dataplane', net({ gateway: { tags: { 'kuma.io/service': 'e', 'kuma.io/protocol': 'http' } } })),
    [
      'networking.gateway.tags["kuma.io/protocol"]: other values than tcp are not allowed, provided value "http"',
    ],
  )
  const stored = accepted('Dataplane', net({ gateway: { type: 'DELEGATED', ...delegated } }))
  t.same(stored.draft.spec, net({ gateway: delegated }), 'the default type is not kept')
  t.same(stored.unenforced, [], 'a delegated gateway works')
  t.match(accepted('Dataplane', net({ gateway })).unenforced, [{ field: 'networking.gateway.type' }])
})

t.test('names and places of listeners are used once', async t => {
  const tags = { 'kuma.io/service': 'a' }
  const inbound = [
    { port: 80, servicePort: 8080, name: 'main', tags },
    { port: 80, servicePort: 8081, name: 'main', tags },
    { port: 80, servicePort: 8082, address: '192.168.0.9', tags },
  ]
  t.same(faults('Dataplane', net({ inbound })), [
    'networking.inbound[1].name: name must be unique',
    'networking.inbound[1].port: 192.168.0.1:80 is the address and port of networking.inbound[0] already',
  ])
  const outbound = [
    { port: 80, tags },
    { port: 80, address: '127.0.0.2', tags },
    { port: 80, tags },
  ]
  t.same(faults('Dataplane', net({ outbound })), [
    'networking.outbound[2].port: 127.0.0.1:80 is the address and port of networking.outbound[0] already',
  ])
})

t.test('the admin port is its own on 127.0.0.1', async t => {
  const outbound = [{ port: 9901, tags: { 'kuma.io/service': 'a' } }]
  t.same(faults('Dataplane', net({ admin: { port: 9901 }, outbound })), [
    'networking.admin.port: must differ from outbound',
  ])
  t.same(faults('Dataplane', withInbound({ port: 9901, address: '127.0.0.1' }, { admin: { port: 9901 } })), [
    'networking.admin.port: must differ from inbound',
  ])
  t.same(faults('Dataplane', withInbound({ port: 9901 }, { admin: { port: 9901 } })), [])
})

t.test('protocols that are carried as bytes say so', async t => {
  const tags = { 'kuma.io/service': 'web', 'kuma.io/protocol': 'kafka' }
  t.match(accepted('Dataplane', withInbound({ tags })).unenforced, [
    { field: 'networking.inbound[0].tags["kuma.io/protocol"]', message: /^kafka is carried as tcp/ },
  ])
  t.match(accepted('Dataplane', withInbound({ protocol: 'kafka' })).unenforced, [
    { field: 'networking.inbound[0].protocol' },
  ])
  for (const protocol of ['http', 'http2', 'grpc', 'tcp'])
    t.same(accepted('Dataplane', withInbound({ protocol })).unenforced, [], protocol)
})

t.test('a probe is of one kind, and says what it needs', async t => {
  const probe = (serviceProbe: object) =>
    faults('Dataplane', {
      networking: {
        address: '192.168.0.1',
        inbound: [{ port: 8080, servicePort: 80, tags: { 'kuma.io/service': 'web' }, serviceProbe }],
      },
    })
  const at = 'networking.inbound[0].serviceProbe'
  const good = [
    {},
    { tcp: {} },
    { http: { path: '/up', host: 'web', expectedStatuses: [200, 204] } },
    { grpc: {} },
    { grpc: { service: 'a.B' } },
    { exec: { command: ['/usr/bin/test', '-f', '/run/up'] } },
    { systemd: { unit: 'nginx.service' } },
    { systemd: { unit: 'app@a\\x2db.service' } },
  ]
  for (const one of good) t.same(probe(one), [], JSON.stringify(one))
  t.same(probe({ tcp: {}, http: {} }), [
    `${at}: only one of tcp, http, grpc, exec, systemd can be defined: tcp, http are`,
  ])
  t.same(probe({ http: { path: 'up' } }), [`${at}.http.path: must start with /`])
  t.same(probe({ http: { expectedStatuses: [200, 99] } }), [
    `${at}.http.expectedStatuses[1]: must be in the range [100, 599]`,
  ])
  for (const command of [[], ['']])
    t.match(probe({ exec: { command } }), [`${at}.exec.command: must name a program`])
  for (const unit of ['', '-x.service', 'a b.service', 'a;b', '../x'])
    t.match(probe({ systemd: { unit } }), [`${at}.systemd.unit: must be the name of a unit`], unit)
})
