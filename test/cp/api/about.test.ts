/** What the control plane says about itself: index, settings, types. */
import { hostname } from 'node:os'
import t from 'tap'
import { displayNameOf, pluralOf } from '../../../cp/api/system/resource-types.ts'
import { settingsView } from '../../../cp/api/system/settings-view.ts'
import { readSettings } from '../../../dp/base/settings.ts'
import { send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const get = async (path: string): Promise<unknown> => (await send('GET', `${run.http}${path}`)).json

t.test('the index says what clients of Kuma look for', async t => {
  const index = await get('/')
  t.match(index, {
    hostname: hostname(),
    tagline: 'Kuma',
    product: 'Kuma',
    version: /^2\.14\.3-preview\./,
    instanceId: 'test-1234',
    clusterId: /^[0-9a-f]{8}-[0-9a-f-]{27}$/,
    gui: '/gui',
  })
  const again = await startApi({ folder: t.testdir(), store: run.store })
  const { json } = await send('GET', `${again.http}/`)
  await again.api.close()
  t.equal(
    (json as { clusterId: string }).clusterId,
    (index as { clusterId: string }).clusterId,
    'one id a store',
  )
})

t.test('the settings have their nested names and durations as people write them', async t => {
  t.match(await get('/config'), {
    mode: 'zone',
    environment: 'universal',
    store: { type: 'json' },
    apiServer: { http: { interface: '127.0.0.1' }, authn: { localhostIsAdmin: true } },
    runtime: { universal: { dataplaneCleanupAge: '72h0m0s' } },
    general: { tlsCertFile: '' },
    tlsSan: [],
    defaults: { SkipHostnameGenerators: false, skipHostnameGenerators: false },
  })
})

t.test('a secret setting is masked, set or not', async t => {
  const table = {
    'store.password': { type: 'string', default: 'hunter2', doc: '', isSecret: true },
    'store.user': { type: 'string', default: null, doc: '' },
  } as const
  const read = readSettings(table, {})
  t.same(read.ok && settingsView(table, read.values, { 'store.type': 'x' }), {
    store: { type: 'x', password: '*****', user: '' },
  })
})

t.test('lists the types, sorted, with what clients decide by', async t => {
  const { resources } = (await get('/_resources')) as { resources: { name: string }[] }
  const names = resources.map(({ name }) => name)
  t.same(names, names.toSorted())
  t.same(
    resources.find(({ name }) => name === 'Dataplane'),
    {
      includeInFederation: false,
      name: 'Dataplane',
      path: 'dataplanes',
      pluralDisplayName: 'Dataplanes',
      readOnly: false,
      scope: 'Mesh',
      shortName: 'dp',
      singularDisplayName: 'Dataplane',
    },
    'as captured from Kuma 2.14',
  )
  t.match(
    resources.find(({ name }) => name === 'MeshTrafficPermission'),
    {
      shortName: 'mtp',
      policy: {
        isTargetRef: true,
        hasToTargetRef: false,
        hasFromTargetRef: true,
        hasRulesTargetRef: true,
        isFromAsRules: false,
      },
    },
  )
  t.match(
    resources.find(({ name }) => name === 'GlobalSecret'),
    { path: 'globalsecrets', scope: 'Global', includeInFederation: true, policy: undefined },
  )
  t.match(
    resources.find(({ name }) => name === 'DataplaneInsight'),
    { readOnly: true },
  )
})

t.test('lists the policies', async t => {
  const { policies } = (await get('/policies')) as { policies: { name: string }[] }
  t.match(
    policies.find(({ name }) => name === 'MeshTrafficPermission'),
    {
      readOnly: false,
      path: 'meshtrafficpermissions',
      singularDisplayName: 'Mesh Traffic Permission',
      pluralDisplayName: 'Mesh Traffic Permissions',
      isExperimental: false,
      isTargetRefBased: true,
      isInbound: true,
      isOutbound: false,
    },
  )
  t.notOk(policies.some(({ name }) => name === 'Dataplane'))
})

t.test('types have the display names of Kuma', async t => {
  const cases = [
    ['MeshHTTPRoute', 'Mesh HTTP Route', 'Mesh HTTP Routes'],
    ['MeshTLS', 'Mesh TLS', 'Mesh TLSes'],
    ['MeshOpenTelemetryBackend', 'Mesh OpenTelemetry Backend', 'Mesh OpenTelemetry Backends'],
    ['MeshRetry', 'Mesh Retry', 'Mesh Retries'],
    ['MeshGateway', 'Mesh Gateway', 'Mesh Gateways'],
    ['MeshProxyPatch', 'Mesh Proxy Patch', 'Mesh Proxy Patches'],
    ['MeshIdentity', 'Mesh Identity', 'Mesh Identities'],
    ['ZoneEgress', 'Zone Egress', 'Zone Egresses'],
    ['Mesh', 'Mesh', 'Meshes'],
  ] as const
  for (const [type, singular, plural] of cases) {
    t.same([displayNameOf(type), pluralOf(displayNameOf(type))], [singular, plural])
  }
})
