/** MeshLoadBalancingStrategy: what may be written, with Kuma's messages, and its warnings (kuma-api 4.12). */
import t from 'tap'
import { accepted, faults } from '../../../support/bodies.ts'

const TYPE = 'MeshLoadBalancingStrategy'
const CONF = 'spec.to[0].default'
const service = { kind: 'MeshService', name: 'backend' }
const spec = (conf: object, targetRef: object = service, rest: object = {}): object => ({
  spec: { to: [{ targetRef, default: conf }], ...rest },
})
const locality = (localityAwareness: object, targetRef: object = service): object =>
  spec({ localityAwareness }, targetRef)
const failover = (...rules: readonly object[]): object => locality({ crossZone: { failover: rules } })
const threshold = (percentage: unknown): object =>
  locality({ crossZone: { failoverThreshold: { percentage } } })
const edge = { targetRef: { kind: 'MeshGateway', name: 'edge' } }

t.test("refuses in Kuma's words", async t => {
  const zones = `${CONF}.localityAwareness.crossZone`
  const withoutSection = ['Header', 'Cookie', 'Connection', 'QueryParameter', 'FilterState'].map(type => ({
    type,
  }))
  const hashFaults = (path: string): readonly string[] =>
    ['header', 'cookie', 'connection', 'queryParameter', 'filterState'].map(
      (section, i) => `${path}[${i}].${section}: must be defined`,
    )
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ spec: {} }, ['spec.to: needs at least one item']],
    [
      { spec: { targetRef: { kind: 'MeshHTTPRoute', name: 'x' }, to: [] } },
      ["spec.targetRef.kind: value 'MeshHTTPRoute' is not supported", 'spec.to: needs at least one item'],
    ],
    [
      spec({}, { kind: 'MeshServiceSubset', name: 'x' }),
      ["spec.to[0].targetRef.kind: value 'MeshServiceSubset' is not supported"],
    ],
    [
      spec({ loadBalancer: { type: 'Random' } }, service, edge),
      [
        "spec.to[0].targetRef.kind: value 'MeshGateway' is not supported, only Mesh is allowed if loadBalancer is set",
      ],
    ],
    [
      spec({ loadBalancer: { type: 'RingHash', ringHash: { hashPolicies: withoutSection } } }),
      hashFaults(`${CONF}.loadBalancer.ringHash.hashPolicies`),
    ],
    [
      spec({ loadBalancer: { type: 'Maglev', maglev: { hashPolicies: withoutSection } } }),
      hashFaults(`${CONF}.loadBalancer.maglev.hashPolicies`),
    ],
    [spec({ hashPolicies: withoutSection }), hashFaults(`${CONF}.hashPolicies`)],
    [
      spec({ hashPolicies: [{ type: 'Cookie', cookie: { name: 'c', ttl: '1s', path: 'relative' } }] }),
      [`${CONF}.hashPolicies[0].cookie.path: must be an absolute path`],
    ],
    [
      spec({ hashPolicies: [{ type: 'Header', header: { name: '' } }, { type: 'Tcp' }] }),
      [
        `${CONF}.hashPolicies[0].header.name: in body should be at least 1 chars long`,
        `${CONF}.hashPolicies[1].type: in body should be one of [Header Cookie Connection SourceIP QueryParameter FilterState]`,
      ],
    ],
    [
      spec({
        hashPolicies: [],
        loadBalancer: { type: 'Maglev', ringHash: { hashPolicies: [] }, maglev: { hashPolicies: [] } },
      }),
      [
        `${CONF}.loadBalancer.ringHash.hashPolicies: hashPolicies already specified in the root level`,
        `${CONF}.loadBalancer.maglev.hashPolicies: hashPolicies already specified in the root level`,
      ],
    ],
    [
      spec({ loadBalancer: { type: 'LeastRequest', leastRequest: { activeRequestBias: -1 } } }),
      [`${CONF}.loadBalancer.leastRequest.activeRequestBias: must be greater or equal then: 0`],
    ],
    [
      spec({ loadBalancer: { type: 'LeastRequest', leastRequest: { activeRequestBias: 'a' } } }),
      [`${CONF}.loadBalancer.leastRequest.activeRequestBias: string must be a valid number`],
    ],
    [
      spec({
        loadBalancer: {
          type: 'RoundRobbin',
          leastRequest: { choiceCount: 1 },
          ringHash: { minRingSize: 0, maxRingSize: 8_000_001, hashFunction: 'MD5' },
          maglev: { tableSize: 5_000_012 },
        },
      }),
      [
        `${CONF}.loadBalancer.type: in body should be one of [RoundRobin LeastRequest RingHash Random Maglev]; did you mean RoundRobin?`,
        `${CONF}.loadBalancer.leastRequest.choiceCount: in body should be greater than or equal to 2`,
        `${CONF}.loadBalancer.ringHash.hashFunction: in body should be one of [XXHash MurmurHash2]`,
        `${CONF}.loadBalancer.ringHash.minRingSize: in body should be greater than or equal to 1`,
        `${CONF}.loadBalancer.ringHash.maxRingSize: in body should be less than or equal to 8000000`,
        `${CONF}.loadBalancer.maglev.tableSize: in body should be less than or equal to 5000011`,
      ],
    ],
    [
      spec({ loadBalancer: { type: 'RingHash', ringHash: { minRingSize: 20, maxRingSize: 10 } } }),
      [`${CONF}.loadBalancer.ringHash.minRingSize: must not be greater than maxRingSize`],
    ],
    [
      spec(
        { loadBalancer: { type: 'Random' }, localityAwareness: { disabled: true } },
        { kind: 'MeshHTTPRoute', name: 'r' },
      ),
      [
        `${CONF}.loadBalancer: field is not allowed when targetRef.kind is MeshHTTPRoute, only hashPolicies is supported`,
        `${CONF}.localityAwareness: field is not allowed when targetRef.kind is MeshHTTPRoute, only hashPolicies is supported`,
      ],
    ],
    [
      locality({
        localZone: {
          affinityTags: [
            { key: 'k8s/node', weight: 0 },
            { key: '', weight: 10 },
          ],
        },
      }),
      [
        `${CONF}.localityAwareness.localZone.affinityTags[0].weight: must be greater than 0`,
        `${CONF}.localityAwareness.localZone.affinityTags[1].key: must not be empty`,
      ],
    ],
    [
      locality({ localZone: { affinityTags: [{ key: 'a', weight: 10 }, { key: 'b' }] } }),
      [`${CONF}.localityAwareness.localZone.affinityTags: all or none affinity tags should have weight`],
    ],
    [
      locality({ crossZone: {} }, { kind: 'MeshService', name: 'x', sectionName: 'http' }),
      [`${zones}: must not be set: MeshService traffic is local`],
    ],
    [
      failover(
        { from: { zones: ['zone-1'] }, to: { type: 'None', zones: ['zone-1'] } },
        { from: { zones: ['zone-1', ''] }, to: { type: 'Any' } },
        { to: { type: 'Any', zones: ['zone-1'] } },
        { to: { type: 'Only', zones: [] } },
        { to: { type: 'AnyExcept' } },
        { from: { zones: [] }, to: { type: 'None' } },
      ),
      [
        `${zones}.failover[0].to.zones: must be empty when type is None`,
        `${zones}.failover[1].from.zones[1]: must not be empty`,
        `${zones}.failover[2].to.zones: must be empty when type is Any`,
        `${zones}.failover[3].to.zones: must not be empty when type is Only`,
        `${zones}.failover[4].to.zones: must not be empty when type is AnyExcept`,
        `${zones}.failover[5].from.zones: must not be empty`,
      ],
    ],
    [threshold(0), [`${zones}.failoverThreshold.percentage: must be greater than 0`]],
    [threshold('hello'), [`${zones}.failoverThreshold.percentage: string must be a valid number`]],
    [threshold(101), [`${zones}.failoverThreshold.percentage: must be in inclusive range [0.0, 100.0]`]],
  ]
  for (const [fields, expected] of cases) t.same(faults(TYPE, fields), expected, JSON.stringify(fields))
})

t.test('takes what Kuma takes, and stores it as it is but for durations', async t => {
  const confs = [
    { loadBalancer: { type: 'LeastRequest', leastRequest: { choiceCount: 4, activeRequestBias: '1.3' } } },
    { loadBalancer: { type: 'Maglev', maglev: { tableSize: 10 } } },
    { localityAwareness: { crossZone: { failoverThreshold: { percentage: '70.5' } } } },
    { localityAwareness: { localZone: { affinityTags: [{ key: 'k8s/node' }, { key: 'k8s/az' }] } } },
    { loadBalancer: { type: 'RingHash' }, hashPolicies: [{ type: 'SourceIP' }] },
    { hashPolicies: [{ type: 'Connection', terminal: true, connection: { sourceIP: true } }] },
    { hashPolicies: [{ type: 'SourceIP', connection: { sourceIP: true } }] },
  ]
  for (const conf of confs) {
    t.same(accepted(TYPE, spec(conf)).draft.spec, { to: [{ targetRef: service, default: conf }] })
  }
  const cookie = (ttl: string) => ({
    hashPolicies: [{ type: 'Cookie', cookie: { name: 'c', ttl, path: '/' } }],
  })
  t.same(accepted(TYPE, spec(cookie('90s'))).draft.spec, {
    to: [{ targetRef: service, default: cookie('1m30s') }],
  })
  const targets = [{ kind: 'Mesh' }, { kind: 'MeshMultiZoneService', name: 'x' }]
  for (const targetRef of targets) t.same(faults(TYPE, spec(confs[0] ?? {}, targetRef)), [])
  t.same(faults(TYPE, spec({ hashPolicies: [] }, { kind: 'MeshHTTPRoute', name: 'x' })), [])
  t.same(faults(TYPE, spec({ localityAwareness: {} }, service, edge)), [])
  t.same(faults(TYPE, spec({ loadBalancer: { type: 'Random' } }, { kind: 'Mesh' }, edge)), [])
})

t.test('warns of hash policies at their old place and of their old type', async t => {
  const { warnings, unenforced } = accepted(
    TYPE,
    spec({ loadBalancer: { type: 'RingHash', ringHash: { hashPolicies: [{ type: 'SourceIP' }] } } }),
  )
  t.same(warnings, [
    "configuration 'spec.to[0].default.loadBalancer.ringHash.hashPolicies' is deprecated, use 'spec.to[0].default.hashPolicies' instead",
    "SourceIP type for 'spec.to[0].default.loadBalancer.ringHash.hashPolicies[0].type' is deprecated, use Connection instead",
  ])
  t.same(unenforced, [])
})

t.test('says what has no effect yet', async t => {
  const fields = (conf: object, target?: object): readonly string[] =>
    accepted(TYPE, spec(conf, target)).unenforced.map(({ field }) => field)
  const leastRequest = { activeRequestBias: 2 }
  t.same(fields({ loadBalancer: { type: 'LeastRequest', leastRequest } }), [
    'spec.to[0].default.loadBalancer.leastRequest.activeRequestBias',
  ])
  t.same(fields({ hashPolicies: [{ type: 'FilterState', filterState: { key: 'k' } }] }), [
    'spec.to[0].default.hashPolicies[0].filterState',
  ])
  t.same(fields({ hashPolicies: [] }, { kind: 'MeshHTTPRoute', name: 'x' }), ['spec.to[0].targetRef'])
})
