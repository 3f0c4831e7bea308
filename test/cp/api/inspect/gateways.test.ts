/** Builtin gateways as the inspect API shows them. */
import t from 'tap'
import { startInspected } from '../../../support/inspected-mesh.ts'

const { put, get, json } = await startInspected(t)
const gateway = (service: string, type = 'BUILTIN'): object => ({
  networking: { address: '192.168.0.9', gateway: { type, tags: { 'kuma.io/service': service } } },
})
const selectors = [{ match: { 'kuma.io/service': 'edge' } }]
const ANY = [{ match: { 'kuma.io/service': '*' } }]
await put('dataplanes/edge-1', 'Dataplane', gateway('edge'))
await put('dataplanes/lost-1', 'Dataplane', gateway('lost'))
await put('dataplanes/kong-1', 'Dataplane', gateway('kong', 'DELEGATED'))
await put('meshgateways/edge', 'MeshGateway', {
  selectors,
  conf: { listeners: [{ port: 8080, protocol: 'HTTP', tags: { vhost: 'a' } }] },
})
await put('meshgatewayroutes/gr1', 'MeshGatewayRoute', {
  selectors,
  conf: {
    http: {
      rules: [
        {
          matches: [{ path: { match: 'PREFIX', value: '/' } }],
          backends: [{ weight: 1, destination: { 'kuma.io/service': 'web' } }],
        },
      ],
    },
  },
})
await put('timeouts/t-1', 'Timeout', { sources: ANY, destinations: ANY, conf: { connectTimeout: '5s' } })
await put('traffic-permissions/all', 'TrafficPermission', { sources: ANY, destinations: ANY })
const metric = { sidecar: { includeUnused: true } }
await put('meshmetrics/mm', 'MeshMetric', {
  spec: { targetRef: { kind: 'MeshGateway', name: 'edge' }, default: metric },
})

const LISTENERS = [
  {
    port: 8080,
    protocol: 'HTTP',
    hosts: [
      {
        hostName: '*',
        routes: [
          {
            route: 'gr1',
            destinations: [
              { tags: { 'kuma.io/service': 'web' }, policies: { Timeout: { type: 'Timeout', name: 't-1' } } },
            ],
          },
        ],
      },
    ],
  },
]

t.test('a gateway with its listeners, routes and policies', async t => {
  t.match(await json('dataplanes/edge-1/policies'), {
    kind: 'MeshGatewayDataplane',
    gateway: { mesh: 'default', name: 'edge' },
    listeners: LISTENERS,
    policies: { MeshMetric: { type: 'MeshMetric', name: 'mm' } },
  })
  t.same(await json('dataplanes/lost-1/policies'), {
    kind: 'MeshGatewayDataplane',
    gateway: { mesh: '', name: '' },
    listeners: [],
  })
  t.match(await json('dataplanes/kong-1/policies'), { kind: 'SidecarDataplane', total: 0 })
})

t.test('who runs a gateway, and who takes a route', async t => {
  const items = [{ dataplane: { mesh: 'default', name: 'edge-1' } }]
  t.same(await json('meshgateways/edge/dataplanes'), { total: 1, items })
  t.same(await json('meshgatewayroutes/gr1/dataplanes'), { total: 1, items })
  t.match(await get('meshgateways/none/dataplanes'), {
    status: 404,
    json: { title: 'Could not find MeshGateway' },
  })
  t.match(await get('meshgatewayroutes/none/dataplanes'), {
    status: 404,
    json: { title: 'Could not find MeshGatewayRoute' },
  })
})

t.test('policies for gateways list them', async t => {
  t.match(await json('meshmetrics/mm/dataplanes'), {
    total: 1,
    items: [
      {
        kind: 'MeshGatewayDataplane',
        dataplane: { name: 'edge-1' },
        gateway: { name: 'edge' },
        listeners: LISTENERS,
      },
    ],
  })
  t.match(await json('meshmetrics/mm/_resources/dataplanes'), { total: 1, items: [{ name: 'edge-1' }] })
  t.match(
    await json('traffic-permissions/all/_resources/dataplanes'),
    { total: 3, items: [{ name: 'edge-1' }, { name: 'kong-1' }, { name: 'lost-1' }] },
    'gateways of both kinds, unlike the older path',
  )
  t.same(await json('traffic-permissions/all/dataplanes'), { total: 0, items: [] })
})

t.test('the rules of a gateway', async t => {
  t.match(await json('meshgateways/edge/_rules'), {
    resource: { type: 'MeshGateway', mesh: 'default', name: 'edge' },
    rules: [{ type: 'MeshMetric', proxyRule: { conf: metric, origin: [{ name: 'mm' }] } }],
  })
  t.match(await get('meshgateways/none/_rules'), {
    status: 404,
    json: { title: 'Could not retrieve MeshGateway' },
  })
})
