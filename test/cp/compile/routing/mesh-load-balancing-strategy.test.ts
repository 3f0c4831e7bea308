/** Promises of cp/compile/routing/mesh-load-balancing-strategy.ts, seen in the compiled cluster api of web-1. */
import t from 'tap'
import type { Cluster } from '#contract/cluster.ts'
import type { Resource } from '../../../../cp/kinds/kind.ts'
import { sectionOf } from '../../../../cp/snapshot/sections.ts'
import { aPolicy, Compiled, meshOf, toService } from '../../../support/compiled.ts'
import { aDataplane, aMesh } from '../../../support/resources.ts'

const EAST = { 'kuma.io/zone': 'east' }
const at = (host: number, zone: string, tags: Readonly<Record<string, string>> = {}) =>
  aDataplane(`api-${host}`, {
    service: 'api',
    address: `192.168.0.${host}`,
    tags: { 'kuma.io/zone': zone, ...tags },
  })
const web = aDataplane('web-1', { calls: ['api', 'db'], tags: { ...EAST, rack: 'r1', host: 'h1' } })
const BASE = [
  web,
  aDataplane('db-1', { service: 'db', tags: EAST }),
  at(1, 'east', { rack: 'r1', host: 'h1' }),
  at(2, 'east', { rack: 'r1', host: 'h2' }),
  at(3, 'east', { rack: 'r2' }),
  at(4, 'west'),
  at(5, 'north'),
]

t.test('each way to choose an endpoint, with its defaults', async t => {
  const cases = [
    [{ type: 'RoundRobin' }, undefined],
    [{ type: 'Random' }, { type: 'random' }],
    [{ type: 'LeastRequest' }, { type: 'least-request', choices: 2 }],
    [
      { type: 'LeastRequest', leastRequest: { choiceCount: 4 } },
      { type: 'least-request', choices: 4 },
    ],
    [{ type: 'RingHash' }, { type: 'ring-hash', minSize: 1_024, maxSize: 8_000_000, hash: 'xx-hash' }],
    [
      { type: 'RingHash', ringHash: { hashFunction: 'MurmurHash2', minRingSize: 5, maxRingSize: 9 } },
      { type: 'ring-hash', minSize: 5, maxSize: 9, hash: 'murmur-hash-2' },
    ],
    [
      { type: 'RingHash', ringHash: { maxRingSize: 100 } },
      { type: 'ring-hash', minSize: 100, maxSize: 100, hash: 'xx-hash' },
    ],
    [{ type: 'Maglev' }, { type: 'maglev', size: 65_537 }],
    [
      { type: 'Maglev', maglev: { tableSize: 1_000 } },
      { type: 'maglev', size: 1_009 },
    ],
  ] as const
  for (const [loadBalancer, expected] of cases) {
    t.same(balanced({ loadBalancer }).balancer, expected, JSON.stringify(loadBalancer))
  }
})

t.test('what a call is hashed by, in either place', async t => {
  const written = [
    { type: 'Header', header: { name: 'X-User' }, terminal: true },
    { type: 'Cookie', cookie: { name: 'sid', ttl: '1h0m0s', path: '/p' } },
    { type: 'Cookie', cookie: { name: 'session' } },
    { type: 'Connection', connection: { sourceIP: true } },
    { type: 'SourceIP' },
    { type: 'QueryParameter', queryParameter: { name: 'Q' } },
    { type: 'Connection', connection: { sourceIP: false } },
    { type: 'FilterState', filterState: { key: 'k' } },
  ]
  const expected = [
    { type: 'header', name: 'x-user', isTerminal: true },
    { type: 'cookie', name: 'sid', path: '/p', ttlMs: 3_600_000, isTerminal: false },
    { type: 'cookie', name: 'session', isTerminal: false },
    { type: 'connection', isTerminal: false },
    { type: 'connection', isTerminal: false },
    { type: 'query', name: 'Q', isTerminal: false },
  ]
  const ring = (ringHash = {}) => ({ loadBalancer: { type: 'RingHash', ringHash } })
  t.same(balanced({ ...ring(), hashPolicies: written }).hashPolicies, expected)
  t.same(balanced(ring({ hashPolicies: written })).hashPolicies, expected)
  t.same(
    balanced({ loadBalancer: { type: 'Maglev', maglev: { hashPolicies: written } } }).hashPolicies,
    expected,
  )
  t.equal(balanced({ loadBalancer: { type: 'Random' }, hashPolicies: written }).hashPolicies, undefined)
})

t.test('where calls go: zones and localities', async t => {
  const toAnyZone = { failover: [{ to: { type: 'Any' } }] }
  const affinity = (...tags: object[]) => ({ localZone: { affinityTags: tags } })
  const cases: readonly (readonly [
    locality: object | undefined,
    expected: readonly string[],
    over?: number,
  ])[] = [
    // any policy for the service prefers the own zone
    [undefined, ['1', '2', '3', '4 p1', '5 p1'], 200],
    [{ disabled: true }, ['1', '2', '3', '4', '5']],
    // without a word about other zones they get nothing
    [affinity({ key: 'rack' }), ['1 rack=r1:9', '2 rack=r1:9', '3 :1']],
    [{ localZone: {} }, ['1', '2', '3']],
    [{ crossZone: {} }, ['1', '2', '3']],
    // the first tag on which both agree
    [
      { ...affinity({ key: 'host' }, { key: 'rack' }), crossZone: toAnyZone },
      ['1 host=h1:90', '2 rack=r1:9', '3 :1', '4 p1', '5 p1'],
      200,
    ],
    [affinity({ key: 'rack', weight: 7 }), ['1 rack=r1:7', '2 rack=r1:7', '3 :1']],
    [affinity({ key: 'none' }), ['1', '2', '3']],
    // the priority is the place of the rule
    [
      {
        crossZone: {
          failover: [
            { from: { zones: ['other'] }, to: { type: 'Any' } },
            { from: { zones: ['east'] }, to: { type: 'Only', zones: ['north'] } },
            { to: { type: 'Any' } },
          ],
        },
      },
      ['1', '2', '3', '4 p3', '5 p2'],
      200,
    ],
    [
      { crossZone: { failover: [{ to: { type: 'AnyExcept', zones: ['west'] } }] } },
      ['1', '2', '3', '5 p1'],
      200,
    ],
    [{ crossZone: { failover: [{ to: { type: 'None' } }, { to: { type: 'Any' } }] } }, ['1', '2', '3']],
    ...(
      [
        [25, 400],
        [50, 200],
        [70, 143],
        [100, 100],
        ['12.5', 800],
      ] as const
    ).map(
      ([percentage, over]) =>
        [
          { crossZone: { ...toAnyZone, failoverThreshold: { percentage } } },
          ['1', '2', '3', '4 p1', '5 p1'],
          over,
        ] as const,
    ),
  ]
  for (const [localityAwareness, expected, over] of cases) {
    const cluster = balanced(localityAwareness === undefined ? {} : { localityAwareness })
    t.same(shownEndpoints(cluster), expected, JSON.stringify(localityAwareness))
    t.equal(cluster.overprovisioning, over)
  }
})

t.test('the Mesh alone: the own zone first, or all zones alike', async t => {
  const aware = { ...aMesh(), spec: { ...aMesh().spec, routing: { localityAwareLoadBalancing: true } } }
  const cluster = new Compiled(meshOf(BASE, aware), 'web-1').cluster('api')
  t.same(shownEndpoints(cluster), ['1', '2', '3', '4 p1', '5 p1'])
  t.equal(cluster?.overprovisioning, undefined)
  t.same(shownEndpoints(new Compiled(meshOf(BASE), 'web-1').cluster('api')), ['1', '2', '3', '4', '5'])
})

t.test('a client of no zone is near to nobody', async t => {
  const view = meshOf([...BASE.slice(1), aDataplane('web-1', { calls: ['api'] }), aStrategy({})])
  t.same(shownEndpoints(new Compiled(view, 'web-1').cluster('api')), ['1', '2', '3', '4', '5'])
})

t.test('it is for the services that it names, also for backends of routes', async t => {
  const random = aStrategy({ loadBalancer: { type: 'Random' } }, toService('db'))
  const route = aPolicy('MeshTCPRoute', 'r', {
    to: [{ targetRef: toService('api'), rules: [{ default: { backendRefs: [toService('db')] } }] }],
  })
  const caller = aDataplane('job-1', { calls: ['api'] })
  const compiled = new Compiled(meshOf([...BASE, caller, random, route]), 'job-1')
  t.same(compiled.cluster('db')?.balancer, { type: 'random' })
  t.equal(compiled.cluster('api')?.balancer, undefined)
})

t.test('it goes before the balancer of a TrafficRoute, where it names one', async t => {
  const legacy = aPolicy('TrafficRoute', 'old', {
    sources: [{ match: { 'kuma.io/service': '*' } }],
    destinations: [{ match: { 'kuma.io/service': '*' } }],
    conf: { destination: { 'kuma.io/service': '*' }, loadBalancer: { random: {} } },
  })
  const balancer = (conf: object) =>
    new Compiled(meshOf([...BASE, legacy, aStrategy(conf)]), 'web-1').cluster('api')?.balancer
  t.same(balancer({ loadBalancer: { type: 'LeastRequest' } }), { type: 'least-request', choices: 2 })
  t.equal(balancer({ loadBalancer: { type: 'RoundRobin' } }), undefined)
  t.same(balancer({ localityAwareness: { disabled: true } }), { type: 'random' })
})

t.test(
  'clients of one place share the cluster, whatever else selects them; of another they do not',
  async t => {
    const strategy = aStrategy({ localityAwareness: { localZone: { affinityTags: [{ key: 'rack' }] } } })
    const elsewhere = aPolicy(
      'MeshLoadBalancingStrategy',
      'elsewhere',
      { to: [{ targetRef: toService('db'), default: { loadBalancer: { type: 'Random' } } }] },
      { kind: 'MeshService', name: 'same' },
    )
    const client = (name: string, tags: Readonly<Record<string, string>>) =>
      aDataplane(name, { calls: ['api'], tags: { ...EAST, ...tags } })
    const view = meshOf([
      ...BASE,
      strategy,
      elsewhere,
      client('same', { rack: 'r1', host: 'h9' }),
      client('other', { rack: 'r2' }),
    ])
    const cluster = (name: string) => new Compiled(view, name).cluster('api') ?? {}
    t.equal(cluster('same'), cluster('web-1'))
    t.equal(sectionOf(cluster('same')), sectionOf(cluster('web-1')))
    t.notSame(cluster('other'), cluster('web-1'))
  },
)

function aStrategy(conf: object, targetRef: object = { kind: 'Mesh' }): Resource {
  return aPolicy('MeshLoadBalancingStrategy', 'strategy', { to: [{ targetRef, default: conf }] })
}

function balanced(conf: object): Cluster {
  const cluster = new Compiled(meshOf([...BASE, aStrategy(conf)]), 'web-1').cluster('api')
  if (cluster === undefined) throw new Error('there is no cluster api')
  return cluster
}

/** `LAST-OF-ADDRESS pPRIORITY LOCALITY:WEIGHT`. */
function shownEndpoints(cluster: Cluster | undefined): readonly string[] {
  return (cluster?.endpoints ?? []).map(({ address, priority, locality }) =>
    [
      address.slice(address.lastIndexOf('.') + 1),
      ...(priority === undefined ? [] : [`p${priority}`]),
      ...(locality === undefined ? [] : [`${locality.name}:${locality.weight}`]),
    ].join(' '),
  )
}
