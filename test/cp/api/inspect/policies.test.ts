/** Which policies act on which data planes: Kuma's captured answers, on both sides of the relation. */
import t from 'tap'
import { dataplaneBody, LABELS, startInspected } from '../../../support/inspected-mesh.ts'

const ANY = [{ match: { 'kuma.io/service': '*' } }]
const to = (service: string): object[] => [{ match: { 'kuma.io/service': service } }]
const mesh = await startInspected(t)
const { put, get, json } = mesh
await put('dataplanes/web-1', 'Dataplane', dataplaneBody('web', { calls: ['db'] }))
await put('dataplanes/db-1', 'Dataplane', dataplaneBody('db', { address: '192.168.0.3' }))
await put('traffic-permissions/tp-1', 'TrafficPermission', { sources: ANY, destinations: ANY })
await put('traffic-permissions/tp-db', 'TrafficPermission', { sources: ANY, destinations: to('db') })
await put('timeouts/t-1', 'Timeout', { sources: ANY, destinations: ANY, conf: { connectTimeout: '5s' } })
const conf = { thresholds: { maxRetries: 3 } }
await put('circuit-breakers/cb-1', 'CircuitBreaker', { sources: ANY, destinations: ANY, conf })
const proxy = { type: 'Zipkin', zipkin: { url: 'http://zipkin.local:9411/api/v2/spans' } }
await put('meshtraces/tr-1', 'MeshTrace', { spec: { default: { backends: [proxy] } } })
await put('meshtraces/tr-web', 'MeshTrace', {
  spec: { targetRef: { kind: 'MeshService', name: 'web' }, default: { backends: [] } },
})
await put('meshtraces/tr-shadow', 'MeshTrace', {
  labels: { 'kuma.io/effect': 'shadow' },
  spec: { default: { backends: [] } },
})

const legacy = (type: string, name: string): object => ({
  type,
  mesh: 'default',
  name,
  labels: { 'kuma.io/mesh': 'default' },
})
const trace = (name: string): object => ({
  type: 'MeshTrace',
  mesh: 'default',
  name,
  labels: LABELS,
  kri: `kri_mtr_default_default__${name}_`,
})

t.test('the policies of a data plane, by the part that they are attached to', async t => {
  t.same(await json('dataplanes/web-1/policies'), {
    kind: 'SidecarDataplane',
    total: 4,
    items: [
      {
        type: 'inbound',
        name: '192.168.0.1:8080:80',
        service: 'web',
        matchedPolicies: { TrafficPermission: [legacy('TrafficPermission', 'tp-1')] },
      },
      {
        type: 'outbound',
        name: '127.0.0.1:10001',
        service: 'db',
        matchedPolicies: { Timeout: [legacy('Timeout', 't-1')] },
      },
      {
        type: 'service',
        name: 'db',
        service: 'db',
        matchedPolicies: { CircuitBreaker: [legacy('CircuitBreaker', 'cb-1')] },
      },
      { type: 'dataplane', matchedPolicies: { MeshTrace: [trace('tr-1'), trace('tr-web')] } },
    ],
  })
  t.match(await get('dataplanes/none/policies'), {
    status: 404,
    json: { title: 'Could not get MatchedPolicies' },
  })
})

t.test('the data planes of a policy, with the places', async t => {
  t.same(await json('traffic-permissions/tp-db/dataplanes'), {
    total: 1,
    items: [
      {
        kind: 'SidecarDataplane',
        dataplane: { mesh: 'default', name: 'db-1' },
        attachments: [{ type: 'inbound', name: '192.168.0.3:8080:80', service: 'db' }],
      },
    ],
  })
  t.match(await json('traffic-permissions/tp-1/dataplanes'), {
    total: 1,
    items: [{ dataplane: { name: 'web-1' } }],
  })
  t.match(await json('timeouts/t-1/dataplanes'), {
    items: [{ attachments: [{ type: 'outbound', name: '127.0.0.1:10001', service: 'db' }] }],
  })
  t.same(await json('meshtraces/tr-web/dataplanes'), {
    total: 1,
    items: [
      {
        kind: 'SidecarDataplane',
        dataplane: { mesh: 'default', name: 'web-1' },
        attachments: [{ type: 'dataplane' }],
      },
    ],
  })
  for (const path of ['meshtraces/none', 'meshtraces/tr-shadow', 'timeouts/none']) {
    t.same(await json(`${path}/dataplanes`), { total: 0, items: [] }, path)
  }
})

t.test('the data planes of a policy as a list in pages, also where kumactl mistypes the path', async t => {
  const item = (name: string): object => ({
    type: 'Dataplane',
    mesh: 'default',
    name,
    labels: { ...LABELS, 'kuma.io/proxy-type': 'sidecar' },
  })
  for (const path of ['_resources', '-resources']) {
    t.same(await json(`meshtraces/tr-1/${path}/dataplanes`), {
      total: 2,
      items: [item('db-1'), item('web-1')],
    })
  }
  const first = await json('traffic-permissions/tp-1/_resources/dataplanes?size=1')
  t.match(first, { total: 2, items: [item('db-1')], next: /_resources\/dataplanes\?offset=1&size=1$/ })
  const last = await json('traffic-permissions/tp-1/_resources/dataplanes?size=1&offset=1')
  t.same(last, { total: 2, items: [item('web-1')] }, 'the last page has no next')
  t.match(await json('meshtraces/tr-1/_resources/dataplanes?name=web'), { total: 1 })
  for (const [path, status] of [
    ['meshtraces/none/_resources/dataplanes', 404],
    ['meshtraces/tr-1/_resources/dataplanes?size=0', 400],
  ] as const) {
    t.match(await get(path), { status, json: { title: 'Could not retrieve policy' } }, path)
  }
})

t.test('meshes that do not exist are told apart', async t => {
  const answer = await get('../none/dataplanes/web-1/policies')
  t.match(answer, { status: 404, json: { title: 'Failed to retrieve Mesh' } })
})
