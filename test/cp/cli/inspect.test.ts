/** `vmeshctl inspect`: kumactl's tables and sentences (kuma-api 2.6), from answers as the specification has them. */
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi()
t.teardown(() => api.close())
const answers = new Map<string, unknown>()
api.override = ({ url }) => {
  const { pathname } = new URL(url, api.url)
  const body = answers.get(pathname)
  return body === undefined ? undefined : { status: 200, body }
}
t.beforeEach(() => {
  answers.clear()
  api.asked.length = 0
})
const run = (...argv: string[]) =>
  runVmeshctl(['inspect', ...argv, '--address', api.url], { home: '/nowhere' })
const listOf = (...items: readonly unknown[]): object => ({ total: items.length, items, next: null })
/** Cells of a table, which are parted by three spaces and more; the columns by their place in the head. */
function rowsOf(out: string): readonly Record<string, string>[] {
  const [head = '', ...lines] = out.trimEnd().split('\n')
  const starts = [...head.matchAll(/(?<=^| {3})\S/g)].map(match => match.index)
  const cut = (line: string): string[] =>
    starts.map((start, index) => line.slice(start, starts[index + 1]).trim())
  return lines.map(line =>
    Object.fromEntries(cut(head).map((title, index) => [title, cut(line)[index] ?? ''])),
  )
}

const CONNECTED = {
  subscriptions: [
    {
      connectTime: '2026-01-01T00:00:00Z',
      disconnectTime: '2026-01-01T01:00:00Z',
      status: {
        lastUpdateTime: '2026-01-01T00:30:00Z',
        total: { responsesSent: '5', responsesRejected: '1' },
      },
    },
    {
      connectTime: '2026-01-02T02:04:05Z',
      status: { lastUpdateTime: '2026-01-02T04:01:05Z', total: { responsesSent: '7' } },
      version: {
        kumaDp: { version: '2.14.3' },
        envoy: { version: '1.36.2' },
        kumaCp: { version: '2.14.3' },
        dependencies: { coredns: '1.11' },
      },
      config: '{"store":{"type":"memory"}}',
    },
  ],
  mTLS: {
    certificateExpirationTime: '2026-01-09T04:04:05Z',
    lastCertificateRegeneration: '2026-01-02T04:03:08Z',
    certificateRegenerations: 3,
    issuedBackend: 'ca-1',
    supportedBackends: ['ca-1', 'ca-2'],
  },
}
const web = (extra: object, inbound: object = {}): object => ({
  type: 'DataplaneOverview',
  mesh: 'default',
  name: 'web-1',
  dataplane: {
    networking: { inbound: [{ port: 80, tags: { 'kuma.io/service': 'web', v: '1' }, ...inbound }] },
  },
  ...extra,
})

t.test('inspect dataplanes', async t => {
  answers.set('/meshes/default/dataplanes/_overview', listOf(web({})))
  const never = await run('dataplanes')
  t.equal(
    never.out.split('\n')[0]?.replace(/ {3,}/g, '|'),
    'MESH|NAME|TAGS|STATUS|LAST CONNECTED AGO|LAST UPDATED AGO|TOTAL UPDATES|TOTAL ERRORS|CERT REGENERATED AGO|CERT EXPIRATION|CERT REGENERATIONS|CERT BACKEND|SUPPORTED CERT BACKENDS|KUMA-DP VERSION|ENVOY VERSION|DEPENDENCIES VERSIONS|NOTES',
  )
  t.equal(
    never.out.split('\n')[1]?.replace(/ {3,}/g, '|'),
    'default|web-1|kuma.io/service=web v=1|Offline|never|never|0|0|never|-|0|-',
  )
  answers.set('/meshes/default/dataplanes/_overview', listOf(web({ dataplaneInsight: CONNECTED })))
  t.match(rowsOf((await run('dataplanes')).out), [
    {
      STATUS: 'Online',
      'LAST CONNECTED AGO': '2h',
      'LAST UPDATED AGO': '3m',
      'TOTAL UPDATES': '12',
      'TOTAL ERRORS': '1',
      'CERT REGENERATED AGO': '57s',
      'CERT EXPIRATION': '2026-01-09 04:04:05',
      'CERT REGENERATIONS': '3',
      'CERT BACKEND': 'ca-1',
      'SUPPORTED CERT BACKENDS': 'ca-1,ca-2',
      'KUMA-DP VERSION': '2.14.3',
      'ENVOY VERSION': '1.36.2',
      'DEPENDENCIES VERSIONS': 'coredns=1.11',
      NOTES: '',
    },
  ])
  await run('dataplanes', '--tag', 'a=b:c', '--tag=d=e', '--gateway', '-m', 'm2')
  t.equal(
    decodeURIComponent(api.asked.at(-1)?.url ?? ''),
    '/meshes/m2/dataplanes/_overview?tag=a:b:c&tag=d:e&gateway=true&size=1000&offset=0',
  )
})

t.test('the status of a data plane is that of its proxy and of its inbounds', async t => {
  const up = { port: 81, tags: { 'kuma.io/service': 'db' } }
  const down = { port: 80, tags: { 'kuma.io/service': 'web' }, health: { ready: false }, state: 'NotReady' }
  const note = 'inbound[port=80,svc=web] is not ready'
  const cases = [
    [[up], CONNECTED, 'Online', ''],
    [[up, down], CONNECTED, 'Partially degraded', note],
    [[down], CONNECTED, 'Offline', note],
    [
      [up],
      { subscriptions: [{ connectTime: '2026-01-01T00:00:00Z', disconnectTime: '2026-01-01T00:00:01Z' }] },
      'Offline',
      '',
    ],
    [[up, down], {}, 'Offline', note],
  ] as const
  for (const [inbound, dataplaneInsight, STATUS, NOTES] of cases) {
    const item = web({ dataplaneInsight, dataplane: { networking: { inbound } } })
    answers.set('/meshes/default/dataplanes/_overview', listOf(item))
    t.match(rowsOf((await run('dataplanes')).out), [{ STATUS, NOTES }])
  }
})

t.test('inspect meshes, services', async t => {
  answers.set(
    '/mesh-insights',
    listOf({
      name: 'm1',
      dataplanes: { total: 3, online: 2 },
      policies: { TrafficPermission: { total: 4 }, RateLimit: { total: 5 } },
    }),
  )
  t.equal(
    (await run('meshes')).out.replace(/ {3,}/g, '|'),
    'MESH|DATAPLANES|TRAFFIC PERMISSIONS|TRAFFIC ROUTES|CIRCUIT BREAKERS|HEALTH CHECKS|FAULT INJECTIONS|EXTERNAL SERVICES|TRAFFIC TRACES|TRAFFIC LOGS|PROXY TEMPLATES|RATE LIMITS\nm1|2/3|4|0|0|0|0|0|0|0|0|5\n',
  )
  answers.set(
    '/meshes/m1/service-insights',
    listOf(
      { name: 'ext', status: 'offline', dataplanes: {} },
      { name: 'web', status: 'partially_degraded', dataplanes: { online: 1, total: 2 } },
    ),
  )
  t.equal(
    (await run('services', '-m', 'm1')).out,
    'SERVICE   STATUS               DATAPLANES\next       Offline              0/0\nweb       Partially degraded   1/2\n',
  )
})

t.test('inspect zones and their proxies, by both names', async t => {
  const never = { 'LAST CONNECTED AGO': 'never', 'TOTAL UPDATES': '0', STATUS: 'Offline' }
  answers.set(
    '/zones/_overview',
    listOf(
      { name: 'default', zone: {} },
      { name: 'east', zone: {}, zoneInsight: CONNECTED },
      { name: 'west', zone: { enabled: false }, zoneInsight: CONNECTED },
    ),
  )
  const zones = await run('zones')
  t.match(zones.err, /^zone default: no control plane of this zone ever .* nothing is wrong with it\n$/)
  for (const option of ['--output=json', '--quiet']) t.equal((await run('zones', option)).err, '')
  t.match(rowsOf(zones.out), [
    { NAME: 'default', ...never, BACKEND: '' },
    { NAME: 'east', STATUS: 'Online', 'ZONE-CP VERSION': '2.14.3', BACKEND: 'memory' },
    { NAME: 'west', STATUS: 'Offline' },
  ])
  answers.set('/zone-ingresses/_overview', listOf({ name: 'zi', zoneIngressInsight: CONNECTED }))
  answers.set('/zoneegresses/_overview', listOf({ name: 'ze' }))
  for (const word of ['zone-ingresses', 'zoneingresses']) {
    t.match(rowsOf((await run(word)).out), [
      { NAME: 'zi', STATUS: 'Online', 'KUMA-DP VERSION': '2.14.3', 'ENVOY VERSION': '1.36.2' },
    ])
  }
  t.match(rowsOf((await run('zoneegresses')).out), [{ NAME: 'ze', ...never }])
  answers.set('/zoneegresses/ze/stats', 'a: 1\n')
  t.equal((await run('zoneegress', 'ze', '--type=stats')).out, 'a: 1\n')
  answers.set('/zoneingresses/zi/xds', { configs: [] })
  t.match((await run('zoneingress', 'zi')).out, /^\{\n "configs": \[\]\n\}\n$/)
})
