/** Promises of cp/compile/routing/traffic-route.ts, seen in the compiled outbounds of web-1. */
import t from 'tap'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { destinationName } from '../../../../cp/match/destination-name.ts'
import { aPolicy, Compiled, meshOf } from '../../../support/compiled.ts'
import { aDataplane } from '../../../support/resources.ts'

const service = (name: string, tags: object = {}) => ({ 'kuma.io/service': name, ...tags })
const V1 = { 'kuma.io/service': 'api', version: 'v1' }
const BASE = [
  aDataplane('web-1', { calls: ['api', V1, 'db'] }),
  aDataplane('api-1', { service: 'api', tags: { version: 'v1' } }),
  aDataplane('api-2', { service: 'api', address: '192.168.0.2', tags: { version: 'v2' } }),
  aDataplane('db-1', { service: 'db', protocol: 'tcp' }),
]
const [API, API_V1, DB] = [10_001, 10_002, 10_003]

t.test('calls are shared by the split; a weight of 0 gets none', async t => {
  const compiled = compiledWith(
    aRoute('r', {
      split: [
        { weight: 90, destination: V1 },
        { weight: 10, destination: service('api', { version: 'v2' }) },
        { weight: 0, destination: service('nobody') },
      ],
    }),
  )
  const [v1, v2] = ['v1', 'v2'].map(version => destinationName(service('api', { version })))
  t.match(compiled.outbound(API), {
    cluster: 'api',
    policy: 'TrafficRoute/r',
    backends: [
      { cluster: v1, weight: 90 },
      { cluster: v2, weight: 10 },
    ],
  })
  t.same(compiled.cluster(v2 ?? '')?.endpoints, [{ address: '192.168.0.2', port: 8080 }])
})

t.test('a destination * is the one that was asked for; its tags fill in', async t => {
  const all = compiledWith(aRoute('all', { destination: service('*') }))
  t.same(
    [API, API_V1, DB].map(port => all.outbound(port).backends ?? null),
    [null, null, null],
    'nothing is said',
  )
  const other = compiledWith(aRoute('r', { destination: service('db') }))
  t.same(other.outbound(API_V1).backends, [
    { cluster: destinationName(service('db', { version: 'v1' })), weight: 1 },
  ])
})

t.test('http entries are tried in their order, with all their matches and changes', async t => {
  const http = [
    {
      match: { path: { prefix: '/a' }, method: { exact: 'GET' }, headers: { 'X-A': { regex: 'v.' } } },
      modify: {
        path: { rewritePrefix: '/b' },
        host: { value: 'h.example' },
        requestHeaders: {
          add: [
            { name: 'X-Set', value: '1' },
            { name: 'x-add', value: '2', append: true },
            { name: 'x-set', value: '3' },
          ],
          remove: [{ name: 'X-Gone' }],
        },
        responseHeaders: { remove: [{ name: 'server' }] },
      },
      destination: V1,
    },
    {
      match: { path: { exact: '/long/path' } },
      modify: {
        path: { regex: { pattern: '/(.*)', substitution: '/x/\\1' } },
        host: { fromPath: { pattern: '/(.*)', substitution: '\\1.example' } },
      },
      destination: service('*'),
    },
  ]
  const compiled = compiledWith(aRoute('r', { destination: service('*'), http }))
  t.same(compiled.outbound(API).routes, [
    {
      policy: 'TrafficRoute/r',
      match: {
        path: { type: 'prefix', value: '/a' },
        method: { type: 'exact', value: 'GET' },
        headers: [{ name: 'x-a', type: 'regex', value: 'v.' }],
      },
      backends: [{ cluster: destinationName(V1), weight: 1 }],
      requestHeaders: {
        remove: ['x-gone'],
        set: [{ name: 'x-set', value: '3' }],
        add: [{ name: 'x-add', value: '2' }],
      },
      responseHeaders: { remove: ['server'], set: [], add: [] },
      rewrite: { path: { type: 'prefix', value: '/b' }, host: { type: 'value', value: 'h.example' } },
    },
    {
      policy: 'TrafficRoute/r',
      match: { path: { type: 'exact', value: '/long/path' } },
      backends: [{ cluster: 'api', weight: 1 }],
      rewrite: {
        path: { type: 'regex', pattern: '/(.*)', substitution: '/x/\\1' },
        host: { type: 'from-path', pattern: '/(.*)', substitution: '\\1.example' },
      },
    },
  ])
  t.notOk('routes' in compiled.outbound(DB), 'not for TCP')
})

t.test('each outbound has the one policy that fits both ends best', async t => {
  const compiled = compiledWith(
    aRoute('all', { destination: service('db') }),
    aRoute('web-to-db', { destination: service('api') }, { from: 'web-1', to: 'db' }),
    aRoute('others', { destination: service('x') }, { from: 'other', to: 'db' }),
  )
  t.equal(compiled.outbound(API).policy, 'TrafficRoute/all')
  t.equal(compiled.outbound(DB).policy, 'TrafficRoute/web-to-db')
})

t.test('the balancer is that of all clusters that the calls go to', async t => {
  const cases = [
    [{ roundRobin: {} }, undefined],
    [{ random: {} }, { type: 'random' }],
    [{ leastRequest: {} }, { type: 'least-request', choices: 2 }],
    [{ leastRequest: { choiceCount: 5 } }, { type: 'least-request', choices: 5 }],
    [{ maglev: {} }, { type: 'maglev', size: 65_537 }],
    [
      { ringHash: { hashFunction: 'MURMUR_HASH_2', minRingSize: '8', maxRingSize: '64' } },
      { type: 'ring-hash', minSize: 8, maxSize: 64, hash: 'murmur-hash-2' },
    ],
    [
      { ringHash: { hashFunction: 'XX_HASH', minRingSize: '0' } },
      { type: 'ring-hash', minSize: 1_024, maxSize: 8_388_608, hash: 'xx-hash' },
    ],
  ] as const
  for (const [loadBalancer, expected] of cases) {
    const split = [{ weight: 1, destination: V1 }]
    const compiled = compiledWith(aRoute('r', { split, loadBalancer }, { from: '*', to: 'api' }))
    t.same(compiled.cluster(destinationName(V1))?.balancer, expected, JSON.stringify(loadBalancer))
    t.same(compiled.cluster('api')?.balancer, expected)
    t.equal(compiled.cluster('db')?.balancer, undefined)
  }
})

function aRoute(
  name: string,
  conf: object,
  ends: { from: string; to: string } = { from: '*', to: '*' },
): Resource {
  return aPolicy('TrafficRoute', name, {
    sources: [{ match: service(ends.from) }],
    destinations: [{ match: service(ends.to) }],
    conf,
  })
}

function compiledWith(...policies: readonly Resource[]): Compiled {
  return new Compiled(meshOf([...BASE, ...policies]), 'web-1')
}
