/** MeshInsights, ServiceInsights and the global insights, with the answers captured from Kuma 2.14 (kuma-api 1.6, 4.6). */
import t from 'tap'
import { type Reply, send, startApi } from '../../support/api.ts'

const live = new Map<string, object>()
const run = await startApi({ folder: t.testdir(), insight: (mesh, name) => live.get(`${mesh}/${name}`) })
t.teardown(() => run.close())
const get = (path: string): Promise<Reply> => send('GET', `${run.http}${path}`)
const put = async (path: string, body: object): Promise<void> => {
  const reply = await send('PUT', `${run.http}${path}`, { body })
  if (reply.status !== 201) throw new Error(reply.text)
}
const dataplane = (name: string, networking: object): Promise<void> =>
  put(`/meshes/default/dataplanes/${name}`, {
    type: 'Dataplane',
    mesh: 'default',
    name,
    networking: { address: '10.0.0.1', ...networking },
  })
const offering = (service: string, inbound: object = {}): object => ({
  inbound: [{ port: 80, servicePort: 8080, tags: { 'kuma.io/service': service }, ...inbound }],
})
const items = (reply: Reply): readonly Record<string, unknown>[] =>
  (reply.json as { items: Record<string, unknown>[] }).items
const withoutTimes = ({ creationTime, modificationTime, ...rest }: Record<string, unknown>): object => rest

t.test('a fresh mesh has empty counters and no maps', async t => {
  t.match((await get('/mesh-insights/default')).json, {
    type: 'MeshInsight',
    name: 'default',
    creationTime: String,
  })
  const [insight = {}] = items(await get('/mesh-insights'))
  t.same(withoutTimes(insight), {
    type: 'MeshInsight',
    name: 'default',
    dataplanes: {},
    dpVersions: {},
    mTLS: {},
    services: {},
    dataplanesByType: { standard: {}, gateway: {}, gatewayBuiltin: {}, gatewayDelegated: {} },
    resources: { Secret: { total: 1 } },
  })
  t.same((await get('/meshes/default/service-insights')).json, { total: 0, items: [], next: null })
  t.equal((await get('/meshes/default/service-insights/web')).status, 404, 'nobody ever offered anything')
  t.equal((await get('/mesh-insights/none')).status, 404)
})

t.test('counts data planes that never connected as Kuma does', async t => {
  await dataplane('web-1', offering('web'))
  await dataplane('db-1', offering('db'))
  await dataplane('edge', { gateway: { tags: { 'kuma.io/service': 'edge' } } })
  await dataplane('in', { gateway: { type: 'BUILTIN', tags: { 'kuma.io/service': 'in' } } })
  const { json } = await get('/mesh-insights/default')
  t.same(withoutTimes(json as Record<string, unknown>), {
    type: 'MeshInsight',
    name: 'default',
    dataplanes: { total: 4, offline: 4 },
    dpVersions: {
      kumaDp: { unknown: { total: 4, offline: 4 } },
      envoy: { unknown: { total: 4, offline: 4 } },
    },
    mTLS: {},
    services: { total: 4, internal: 4 },
    dataplanesByType: {
      standard: { total: 2, offline: 2 },
      gateway: { total: 2, offline: 2 },
      gatewayBuiltin: { total: 1, offline: 1 },
      gatewayDelegated: { total: 1, offline: 1 },
    },
    resources: { Dataplane: { total: 4 }, Secret: { total: 1 } },
  })
  t.same(withoutTimes((await get('/meshes/default/service-insights/web')).json as Record<string, unknown>), {
    type: 'ServiceInsight',
    mesh: 'default',
    name: 'web',
    status: 'offline',
    dataplanes: { total: 1, offline: 1 },
    addressPort: 'web.mesh:80',
    zones: ['default'],
  })
  t.same(withoutTimes((await get('/meshes/default/service-insights/edge')).json as Record<string, unknown>), {
    type: 'ServiceInsight',
    mesh: 'default',
    name: 'edge',
    status: 'offline',
    dataplanes: { total: 1, offline: 1 },
    serviceType: 'gateway_delegated',
    zones: ['default'],
  })
  t.match((await get('/meshes/default/service-insights/none')).json, {
    name: 'none',
    status: undefined,
    dataplanes: {},
    addressPort: 'none.mesh:80',
  })
})

t.test('tells connected, degraded and offline instances apart', async t => {
  await dataplane('web-2', offering('web'))
  await dataplane('web-3', offering('web', { state: 'NotReady' }))
  const version = { kumaDp: { version: '0.0.1' }, envoy: { version: '1.15.0' } }
  const connected = {
    subscriptions: [{ connectTime: '2026-11-23T00:35:58Z', version }],
    mTLS: { issuedBackend: 'ca-1', supportedBackends: ['ca-1'] },
  }
  live.set('default/web-1', connected)
  live.set('default/web-3', connected)
  live.set('default/db-1', {
    subscriptions: [{ connectTime: '2026-11-23T00:35:58Z', disconnectTime: '2026-11-23T00:36:58Z', version }],
  })
  t.match((await get('/mesh-insights/default')).json, {
    dataplanes: { total: 6, online: 1, offline: 4, partiallyDegraded: 1 },
    dpVersions: {
      kumaDp: { '0.0.1': { total: 3, online: 1, offline: 1, partiallyDegraded: 1 }, unknown: { total: 3 } },
      envoy: { '1.15.0': { total: 3 } },
    },
    mTLS: { issuedBackends: { 'ca-1': { total: 2, online: 1 } } },
  })
  t.match((await get('/meshes/default/service-insights/web')).json, {
    status: 'partially_degraded',
    dataplanes: { total: 3, online: 1, offline: 2 },
    issuedBackends: { 'ca-1': 2 },
  })
  live.set('default/web-2', connected)
  await send('DELETE', `${run.http}/meshes/default/dataplanes/web-3`)
  t.match((await get('/meshes/default/service-insights/web')).json, { status: 'online' })
})

t.test('lists services by mesh and name, with filters and pages', async t => {
  await put('/meshes/other', { type: 'Mesh', name: 'other' })
  const names = async (path: string): Promise<unknown> => items(await get(path)).map(({ name }) => name)
  t.same(await names('/meshes/default/service-insights'), ['db', 'edge', 'in', 'web'])
  t.same(await names('/service-insights?name=e'), ['edge', 'web'])
  t.same(await names('/service-insights?type=internal'), ['db', 'web'])
  t.same(await names('/service-insights?type=gateway_builtin,gateway_delegated'), ['edge', 'in'])
  t.match((await get('/service-insights?name=e&size=1')).json, {
    total: 2,
    next: `${run.http}/service-insights?name=e&offset=1&size=1`,
  })
  t.match((await get('/service-insights?type=foo')).json, {
    status: 400,
    title: 'Bad Request',
    detail: 'bad request: unsupported service type',
  })
  t.same(await names('/mesh-insights?name=oth'), ['other'])
})

t.test('the global insight writes every counter', async t => {
  t.match((await get('/global-insight')).json, {
    createdAt: String,
    services: {
      total: 4,
      internal: { total: 2, online: 1, offline: 1, partiallyDegraded: 0 },
      external: { total: 0 },
      gatewayBuiltin: { total: 1, online: 0, offline: 1, partiallyDegraded: 0 },
      gatewayDelegated: { total: 1 },
    },
    zones: {
      controlPlanes: { online: 0, total: 0 },
      zoneIngresses: { online: 0, total: 0 },
      zoneEgresses: { online: 0, total: 0 },
    },
    dataplanes: {
      standard: { total: 3, online: 2, offline: 1, partiallyDegraded: 0 },
      gatewayBuiltin: { total: 1 },
      gatewayDelegated: { total: 1 },
    },
    policies: { total: Number },
    meshes: { total: 2 },
    resources: { Dataplane: { total: 5 } },
  })
  const { json } = await get('/global-insights')
  t.match(json, {
    type: 'GlobalInsights',
    resources: {
      Mesh: { total: 2 },
      Zone: { total: 0 },
      ZoneIngress: { total: 0 },
      GlobalSecret: { total: 2 },
    },
  })
})

t.test('zones and their proxies have overviews on the present and the older paths', async t => {
  await put('/zones/z1', { type: 'Zone', name: 'z1' })
  await put('/zone-ingresses/i1', {
    type: 'ZoneIngress',
    name: 'i1',
    networking: { address: '10.0.0.9', port: 10001 },
  })
  for (const path of ['/zones/_overview', '/zones+insights']) {
    const [zone = {}] = items(await get(path))
    t.match(zone, { type: 'ZoneOverview', name: 'z1', kri: 'kri_z__default__z1_', zone: {} })
    t.notOk('zoneInsight' in zone, 'absent in lists')
  }
  t.match((await get('/zones/z1/_overview')).json, { zone: {}, zoneInsight: {} })
  for (const path of ['/zone-ingresses/_overview', '/zoneingresses/_overview', '/zoneingresses+insights']) {
    t.match(items(await get(path)), [
      { type: 'ZoneIngressOverview', zoneIngress: { networking: { port: 10001 } } },
    ])
  }
  t.same(items(await get('/zoneegressoverviews')), [])
  t.match((await get('/zoneingresses/i1')).json, { labels: { 'kuma.io/proxy-type': 'zoneingress' } })
  t.same((await get('/status/zones')).json, [{ name: 'z1', active: false }])
})

t.test('a resource is found by its identifier', async t => {
  t.match((await get('/_kri/kri_dp_default_default__web-1_')).json, { type: 'Dataplane', name: 'web-1' })
  t.match(
    (await get('/_kri/kri_dp_default_default__web-1_80')).json,
    { name: 'web-1' },
    'sections are ignored',
  )
  t.match((await get('/_kri/kri_m____default_')).json, { type: 'Mesh' })
  t.match((await get('/_kri/foo')).json, {
    status: 400,
    title: 'Bad Request',
    detail: 'bad request: invalid identifier string: "foo"',
  })
  t.match((await get('/_kri/kri_zz_default___x_')).json, {
    status: 400,
    detail: 'bad request: unknown short name of resource type: "zz"',
  })
  t.match(await get('/_kri/kri_dp_default_default__none_'), {
    status: 404,
    json: { title: 'Could not retrieve a resource' },
  })
})
