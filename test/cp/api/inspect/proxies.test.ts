/** Live data planes asked over HTTP: `xds`, `stats`, `clusters` in Envoy's forms, and who cannot be asked. */
import t from 'tap'
import { CodedError } from '#base/errors.ts'
import type { RunningStatistics } from '#contract/questions.ts'
import { type Reply, send, startApi } from '../../../support/api.ts'
import { aDataplane } from '../../../support/resources.ts'

const endpoint = { address: '10.0.0.2', port: 8080, healthy: true, reason: '', active: 2 }
const STATISTICS: RunningStatistics = {
  inbounds: [
    {
      address: '10.0.0.1',
      port: 8080,
      protocol: 'http',
      service: 'web',
      connections: 1,
      counters: { accepted: 3, requests: 7, denied: 1, shadowDenied: 0, bytesIn: 10, bytesOut: 20 },
      endpoints: [{ address: '127.0.0.1', port: 80, healthy: true, reason: '', active: 1 }],
    },
  ],
  outbounds: [
    {
      address: '127.0.0.1',
      port: 10_001,
      protocol: 'tcp',
      cluster: 'db',
      connections: 2,
      counters: { accepted: 2, bytesIn: 1, bytesOut: 2, 'errors.connect-timeout': 4 },
      endpoints: [endpoint, { address: 'fd00::1', port: 81, healthy: false, reason: 'gone', active: 0 }],
    },
  ],
}
const SECTIONS = {
  'cluster/db': { name: 'db', endpoints: [{ address: '10.0.0.2', port: 8080 }] },
  'listener/127.0.0.1:10001': { direction: 'outbound' },
  identity: { uris: ['spiffe://default/web'] },
  'novelty/x': { y: 1 },
}
const gone = new Set<string>()
const folder = t.testdir()

const run = await startApi({
  folder,
  questions: {
    statistics: async (_mesh, name) => {
      if (gone.has(name)) throw new CodedError('push.not-asked', 'data plane web-1 answers no questions')
      return STATISTICS
    },
    configuration: async () => ({ version: '1.7', sections: SECTIONS }),
  },
})
t.teardown(() => run.close())
const offline = await startApi({ folder: `${folder}/offline` })
t.teardown(() => offline.close())
for (const { store } of [run, offline]) {
  await store.commit([
    { op: 'put', resource: aDataplane('web-1') },
    { op: 'put', resource: { type: 'ZoneIngress', mesh: '', name: 'zi-1', labels: {}, spec: {} } },
    { op: 'put', resource: { type: 'ZoneEgress', mesh: '', name: 'ze-1', labels: {}, spec: {} } },
  ])
}
const get = (path: string, of = run): Promise<Reply> => send('GET', `${of.http}${path}`)

t.test('statistics are the lines of Envoy, without what is 0', async t => {
  const { status, text, headers } = await get('/meshes/default/dataplanes/web-1/stats')
  t.equal(status, 200)
  t.match(headers['content-type'], /^text\/plain/)
  t.equal(
    text,
    [
      'cluster.db.membership_healthy: 1',
      'cluster.db.membership_total: 2',
      'cluster.db.upstream_cx_active: 2',
      'cluster.localhost_80.membership_healthy: 1',
      'cluster.localhost_80.membership_total: 1',
      'cluster.localhost_80.upstream_rq_active: 1',
      'http.localhost_80.downstream_cx_active: 1',
      'http.localhost_80.downstream_cx_rx_bytes_total: 10',
      'http.localhost_80.downstream_cx_total: 3',
      'http.localhost_80.downstream_cx_tx_bytes_total: 20',
      'http.localhost_80.downstream_rq_total: 7',
      'http.localhost_80.rbac.denied: 1',
      'listener.10.0.0.1_8080.downstream_cx_active: 1',
      'listener.10.0.0.1_8080.downstream_cx_total: 3',
      'listener.127.0.0.1_10001.downstream_cx_active: 2',
      'listener.127.0.0.1_10001.downstream_cx_total: 2',
      'listener.127.0.0.1_10001.errors.connect-timeout: 4',
      'tcp.db.downstream_cx_active: 2',
      'tcp.db.downstream_cx_rx_bytes_total: 1',
      'tcp.db.downstream_cx_total: 2',
      'tcp.db.downstream_cx_tx_bytes_total: 2',
      '',
    ].join('\n'),
  )
  t.match((await get('/meshes/default/dataplanes/web-1/stats?usedonly=false')).text, /shadow_denied: 0\n/)
  const { json } = await get('/meshes/default/dataplanes/web-1/stats?format=json')
  t.match(json, { stats: [{ name: 'cluster.db.membership_healthy', value: 1 }] })
})

t.test('clusters are the lines of Envoy with the endpoints as they are', async t => {
  const { text } = await get('/meshes/default/dataplanes/web-1/clusters')
  t.equal(
    text,
    [
      'db::observability_name::db',
      'db::added_via_api::true',
      'db::10.0.0.2:8080::cx_active::2',
      'db::10.0.0.2:8080::health_flags::healthy',
      'db::[fd00::1]:81::cx_active::0',
      'db::[fd00::1]:81::health_flags::/failed_outlier_check',
      'localhost:80::observability_name::localhost:80',
      'localhost:80::added_via_api::true',
      'localhost:80::127.0.0.1:80::rq_active::1',
      'localhost:80::127.0.0.1:80::health_flags::healthy',
      '',
    ].join('\n'),
  )
  t.match((await get('/meshes/default/dataplanes/web-1/clusters?format=json')).json, {
    cluster_statuses: [
      {
        name: 'db',
        host_statuses: [
          { address: { socket_address: { address: '10.0.0.2', port_value: 8080 } } },
          { health_status: { failed_outlier_check: true } },
        ],
      },
      { name: 'localhost:80' },
    ],
  })
})

t.test('the configuration is what runs, with endpoints only where they are asked for', async t => {
  const { json } = await get('/meshes/default/dataplanes/web-1/xds')
  t.same(json, {
    configs: [
      part('Listeners', { 'listener/127.0.0.1:10001': { direction: 'outbound' } }),
      part('Clusters', { 'cluster/db': { name: 'db' } }),
      part('Security', { identity: { uris: ['spiffe://default/web'] } }),
      part('Other', { 'novelty/x': { y: 1 } }),
    ],
  })
  const full = await get('/meshes/default/dataplanes/web-1/xds?include_eds=true')
  t.match(full.json, {
    configs: [{}, {}, part('Endpoints', { 'cluster/db': [{ address: '10.0.0.2', port: 8080 }] })],
  })
})

t.test('zone proxies are asked on their own paths', async t => {
  for (const path of ['/zoneingresses/zi-1', '/zone-ingresses/zi-1', '/zoneegresses/ze-1']) {
    t.equal((await get(`${path}/stats`)).status, 200, path)
  }
})

t.test('who does not exist and who cannot be reached are two things', async t => {
  for (const [path, title] of [
    ['/meshes/default/dataplanes/none', 'Could not get dataplane resource'],
    ['/zoneingresses/none', 'Could not get zone ingress resource'],
    ['/zoneegresses/none', 'Could not get zone ingress resource'],
  ] as const) {
    for (const what of ['xds', 'stats', 'clusters']) {
      t.match(await get(`${path}/${what}`), { status: 404, json: { title, detail: 'Not found' } })
    }
  }
  t.match(await get('/meshes/none/dataplanes/web-1/stats'), {
    status: 404,
    json: { title: 'Failed to retrieve Mesh' },
  })
  for (const path of ['/meshes/default/dataplanes/web-1', '/zoneingresses/zi-1', '/zoneegresses/ze-1']) {
    t.match(await get(`${path}/clusters`, offline), {
      status: 500,
      json: {
        title: 'Could not execute admin operation',
        detail: /^data plane \S+ of mesh .* is not connected$/,
      },
    })
  }
})

t.test('a daemon that is too old is said to be so', async t => {
  gone.add('web-1')
  t.teardown(() => gone.clear())
  t.match(await get('/meshes/default/dataplanes/web-1/stats'), {
    status: 501,
    json: { title: 'Could not execute admin operation', detail: 'data plane web-1 answers no questions' },
  })
})

function part(type: string, sections: object): object {
  return { '@type': `type.vmesh.io/${type}`, version_info: '1.7', sections }
}
