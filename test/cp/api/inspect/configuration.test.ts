/** What a data plane is to run: `_config` with shadow policies and their difference, `_outbounds`. */
import t from 'tap'
import { type Reply, send, startApi } from '../../../support/api.ts'
import { aDataplane, aPermission, resource } from '../../../support/resources.ts'

const connected = new Set(['web-1'])
const run = await startApi({
  folder: t.testdir(),
  insight: (_mesh, name) => (connected.has(name) ? {} : undefined),
  questions: {
    statistics: async (mesh, name) => {
      if (name !== 'web-1') throw new Error(`${mesh}/${name} is not connected`)
      const marks = [{ cause: 'ejected', reason: '5 failures in a row', sinceMs: 1000 }] as const
      const seen = { address: '192.168.0.2', port: 8080, healthy: false, reason: 'gone', marks, active: 0 }
      const outbound = { address: '127.0.0.1', port: 10_001, protocol: 'http', connections: 0, counters: {} }
      const others = [{ cluster: 'canary', endpoints: [{ ...seen, address: '192.168.0.4' }] }]
      return { inbounds: [], outbounds: [{ ...outbound, cluster: 'backend', endpoints: [seen], others }] }
    },
  },
})
t.teardown(() => run.close())
const mtls = { mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] } }
await send('PUT', `${run.http}/meshes/default`, { body: { type: 'Mesh', name: 'default', ...mtls } })
const shadow = aPermission('tried', undefined, [[{ kind: 'Mesh' }, 'Allow']], { 'kuma.io/effect': 'shadow' })
await run.store.commit(
  [
    aDataplane('web-1', { service: 'web', calls: ['backend', 'nobody'] }),
    aDataplane('new-1', { service: 'new', calls: ['backend'] }),
    aDataplane('backend-1', { service: 'backend', address: '192.168.0.2' }),
    aDataplane('backend-2', { service: 'backend', address: '192.168.0.3' }),
    shadow,
  ].map(resource => ({ op: 'put', resource })),
)
const get = (path: string): Promise<Reply> => send('GET', `${run.http}/meshes/default/dataplanes/${path}`)

const INBOUND = 'listener/192.168.0.1:8080'
interface Configuration {
  readonly xds: Readonly<Record<string, { tls: { permission: { rules: readonly object[] } } }>>
  readonly diff?: readonly object[]
}

t.test('the configuration is the sections by name', async t => {
  const { xds, diff } = (await get('web-1/_config')).json as Configuration
  t.same(Object.keys(xds), [
    'cluster/backend',
    'cluster/nobody',
    'identity',
    'listener/127.0.0.1:10001',
    'listener/127.0.0.1:10002',
    INBOUND,
    'trust/default',
  ])
  t.same(xds[INBOUND]?.tls.permission.rules, [])
  t.equal(diff, undefined)
  t.notMatch(JSON.stringify(xds), /PRIVATE KEY/)
})

t.test('shadow policies act where they are asked for, and the difference is a JSON patch', async t => {
  const { xds, diff } = (await get('web-1/_config?shadow=true&include=diff')).json as Configuration
  const rule = { principals: [], action: 'allow', policy: 'MeshTrafficPermission/tried' }
  t.same(xds[INBOUND]?.tls.permission.rules, [rule])
  t.same(diff, [{ op: 'add', path: `/${INBOUND.replace('/', '~1')}/tls/permission/rules/0`, value: rule }])
  t.match((await get('web-1/_config?shadow=false&include=diff')).json, { diff: [] })
})

t.test('there is no configuration of who never connected, or does not exist', async t => {
  t.match(await get('new-1/_config'), { status: 404, json: { title: 'Failed to fetch dataplane insight' } })
  t.match(await get('none/_config'), { status: 404, json: { title: 'Could not get dataplane resource' } })
})

t.test('outbounds tell what is behind each port, as the data plane sees it', async t => {
  t.same((await get('web-1/_outbounds')).json, {
    total: 2,
    items: [
      {
        address: '127.0.0.1',
        port: 10_001,
        protocol: 'http',
        destination: { service: 'backend' },
        endpoints: { total: 2, healthy: 1 },
        targets: [
          {
            dataplane: 'backend-1',
            address: '192.168.0.2',
            port: 8080,
            healthy: false,
            marks: [{ cause: 'ejected', reason: '5 failures in a row', since: '1970-01-01T00:00:01.000Z' }],
          },
          { dataplane: 'backend-2', address: '192.168.0.3', port: 8080, healthy: true },
        ],
      },
      {
        address: '127.0.0.1',
        port: 10_002,
        protocol: 'tcp',
        destination: { service: 'nobody' },
        endpoints: { total: 0, healthy: 0 },
        targets: [],
      },
    ],
  })
})

t.test('outbounds are told of a data plane that never connected', async t => {
  t.match((await get('new-1/_outbounds')).json, {
    total: 1,
    items: [{ destination: { service: 'backend' }, endpoints: { total: 2, healthy: 2 } }],
  })
  t.equal((await get('none/_outbounds')).status, 404)
})

t.test('targets of other destinations to which routes lead are told with theirs', async t => {
  const canary = aDataplane('canary-1', { service: 'canary', address: '192.168.0.4' })
  const refs = ['backend', 'canary'].map(name => ({ kind: 'MeshService', name, weight: 1 }))
  const rules = [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], default: { backendRefs: refs } }]
  const route = resource('MeshHTTPRoute', 'default', 'split', {
    to: [{ targetRef: { kind: 'MeshService', name: 'backend' }, rules }],
  })
  await run.store.commit([canary, route].map(one => ({ op: 'put', resource: one })))
  const { items } = (await get('web-1/_outbounds')).json as {
    items: readonly { endpoints: object; targets: readonly object[] }[]
  }
  t.match(items[0]?.endpoints, { total: 2, healthy: 1 }, 'of the destination itself')
  t.match(items[0]?.targets, [
    { dataplane: 'backend-1', healthy: false },
    { dataplane: 'backend-2', healthy: true },
    { cluster: 'canary', dataplane: 'canary-1', healthy: false, marks: [{ cause: 'ejected' }] },
  ])
})
