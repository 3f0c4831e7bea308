/** `vmeshctl status` and `outbounds`: how data planes are, and how to call what they offer. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi()
t.teardown(() => api.close())
/** By path; a function answers anew each time. */
const answers = new Map<string, unknown>()
t.beforeEach(() => {
  answers.clear()
  api.asked.length = 0
  for (const path of api.stored.keys()) if (path !== '/meshes/default') api.stored.delete(path)
  api.override = ({ url }) => {
    const found = answers.get(new URL(url, api.url).pathname)
    const body = typeof found === 'function' ? found() : found
    if (body === null)
      return { status: 404, body: { title: 'Could not retrieve a resource', detail: 'Not found' } }
    return body === undefined ? undefined : { status: 200, body, headers: { etag: '"1-7"' } }
  }
})
const run = (argv: readonly string[], world: object = {}) =>
  runVmeshctl([...argv, '--address', api.url], { home: '/nowhere', ...world })
const listOf = (...items: readonly unknown[]): object => ({ total: items.length, items, next: null })

const WELL = {
  mesh: 'default',
  name: 'web-1',
  services: ['web'],
  connection: {
    state: 'online',
    since: '2026-01-02T01:04:05Z',
    address: '192.168.0.1',
    controlPlane: 'cp-1',
  },
  health: { ready: 0, notProbed: 1, total: 1, notReady: [] },
  snapshot: { wanted: '1-9', applied: '1-9', appliedTime: '2026-01-02T04:01:05Z', isCurrent: true },
  certificate: {
    issued: '2026-01-02T00:00:00Z',
    expires: '2026-01-08T05:00:00Z',
    lifeLeftPercent: 92.6,
    backend: 'ca-1',
  },
  version: '0.1.0',
  unenforced: 0,
}
const ILL = {
  ...WELL,
  name: 'web-2',
  connection: { state: 'lost', since: '2026-01-02T04:03:05Z' },
  health: { ready: 0, total: 1, notReady: [{ port: 80, service: 'web', reason: 'nobody listens' }] },
  snapshot: {
    wanted: '1-9',
    applied: '1-4',
    appliedTime: '2026-01-01T04:04:05Z',
    isCurrent: false,
    refusal: {
      version: '1-9',
      violations: [
        { path: 'listeners[0].port', message: 'is in use' },
        { path: 'x', message: 'y' },
      ],
    },
  },
  certificate: { ...WELL.certificate, expires: '2026-01-02T04:04:00Z', lifeLeftPercent: 0 },
  unenforced: 2,
}

t.test('status shows connection and health as two things, versions, refusals and certificates', async t => {
  answers.set('/meshes/default/dataplanes/_status', listOf(WELL, ILL, { mesh: 'default', name: 'new' }))
  t.equal(
    (await run(['status'])).out.replace(/ {3,}/g, '|'),
    `MESH|NAME|CONNECTION|HEALTH|WANTED|APPLIED|AGE|CERTIFICATE|VERSION|NOTES
default|web-1|online 3h|1/1 not probed|1-9|1-9|3m|6d left (93%)|0.1.0
default|web-2|lost 1m|0/1 ready|1-9|1-4|1d|expired|0.1.0|refused 1-9: listeners[0].port is in use and 1 more; inbound[port=80,svc=web] is not ready: nobody listens
default|new|never|-|-|-|-|-|-

Not all that is stored for 1 data plane is enforced; vmeshctl status mesh says what is not
`,
  )
  const painted = await run(['status'], { hasColours: true })
  t.match(painted.out, /\n\x1b\[31mdefault +web-2 [^\n]*\x1b\[0m\n\x1b\[33mdefault +new/)
  t.match(painted.out, /\ndefault +web-1/, 'what is well has no colour')
  answers.set('/dataplanes/_status', listOf(ILL))
  t.match(await run(['status', '-A', '-o', 'json']), { code: 0, out: /"wanted": "1-9"/ })
  api.stored.set('/meshes/default/dataplanes/web-2', { type: 'Dataplane', mesh: 'default', name: 'web-2' })
  answers.set('/meshes/default/dataplanes/web-2/_status', ILL)
  t.equal(
    (await run(['status', 'dataplane', 'web-2'])).out,
    `data plane  default/web-2
services    web
connection  lost 1m
health      0/1 ready
wanted      1-9
applied     1-4, 1d ago
certificate expired, of backend ca-1, until 2026-01-02T04:04:00Z
version     0.1.0
note        refused 1-9: listeners[0].port is in use and 1 more
note        inbound[port=80,svc=web] is not ready: nobody listens
note        2 not enforced; vmeshctl status mesh says what is not
refused     listeners[0].port: is in use
refused     x: y
`,
  )
  t.match(await run(['status', 'dataplane', 'none']), {
    code: 1,
    err: 'Error: No resources found in default mesh\n',
  })
})

t.test('status of a policy is that of the data planes it is for', async t => {
  api.stored.set('/meshes/default/meshtimeouts/mt', {
    type: 'MeshTimeout',
    mesh: 'default',
    name: 'mt',
    spec: {},
  })
  answers.set('/meshes/default/dataplanes/_status', listOf(WELL, ILL))
  answers.set('/meshes/default/meshtimeouts/mt/_resources/dataplanes', {
    total: 1,
    items: [{ name: 'web-2' }],
  })
  const { code, out } = await run(['status', 'meshtimeout', 'mt'])
  t.equal(code, 0)
  t.match(out, /web-2/)
  t.notMatch(out, /web-1/)
  t.match(await run(['status', 'meshtimeout']), { code: 64, err: /say which meshtimeout/ })
})

t.test('status of a mesh says what is stored and not enforced', async t => {
  answers.set('/meshes/default/dataplanes/_status', listOf(WELL))
  t.match((await run(['status', 'mesh'])).out, /web-1[^\n]*\n\nEverything that is stored is enforced\.\n$/)
  api.stored.set('/meshes/default/meshtrafficpermissions/shadow', {
    type: 'MeshTrafficPermission',
    mesh: 'default',
    name: 'shadow',
    labels: { 'kuma.io/effect': 'shadow' },
    spec: {
      targetRef: { kind: 'Mesh' },
      from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Deny' } }],
    },
  })
  t.match(
    (await run(['status', 'mesh', 'default'])).out,
    /\nStored and not enforced \(each by itself with -o json\):\n {2}meshtrafficpermission default\/shadow: labels\["kuma\.io\/effect"\]: the policy has no effect/,
  )
  const trace = (name: string) => ({
    type: 'MeshTrace',
    mesh: 'default',
    name,
    spec: { targetRef: { kind: 'Mesh' }, default: { backends: [] } },
  })
  for (const name of ['a', 'b', 'c']) api.stored.set(`/meshes/default/meshtraces/${name}`, trace(name))
  t.match((await run(['status', 'mesh'])).out, /\n {2}3 meshtraces: /, 'one line a kind')
  const { notEnforced } = JSON.parse((await run(['status', 'mesh', '-o', 'json'])).out) as {
    notEnforced: readonly object[]
  }
  t.equal(notEnforced.length, 4, 'and each by itself for programs')
})

const OUTBOUNDS = listOf(
  {
    address: '127.0.0.1',
    port: 10001,
    protocol: 'http',
    destination: { service: 'api.shop-1' },
    endpoints: { total: 2, healthy: 1 },
    targets: [
      { dataplane: 'api-1', address: '192.168.0.2', port: 80, healthy: true },
      { dataplane: 'api-2', address: '192.168.0.3', port: 80, healthy: false },
      {
        dataplane: 'api-3',
        address: '192.168.0.4',
        port: 80,
        healthy: false,
        marks: [
          { cause: 'ejected', reason: '5 failures in a row', since: new Date(0).toISOString() },
          { cause: 'unreachable', reason: 'gone', since: '' },
        ],
      },
      { cluster: 'canary', dataplane: 'canary-1', address: '192.168.0.5', port: 80, healthy: true },
    ],
  },
  {
    address: '127.0.0.1',
    port: 10002,
    protocol: 'tcp',
    destination: { kind: 'MeshService', name: 'db', port: 5432 },
    endpoints: { total: 1, healthy: 1 },
    targets: [],
  },
  {
    address: '::1',
    port: 10003,
    protocol: 'grpc',
    destination: { service: 'api.shop-1' },
    endpoints: {},
    targets: [],
  },
)

t.test('outbounds says what to call and who answers, for people and for systemd', async t => {
  answers.set('/meshes/default/dataplanes/web-1/_outbounds', OUTBOUNDS)
  t.equal(
    (await run(['outbounds', 'web-1', '--targets'])).out.replace(/ {3,}/g, '|').replace(/\b\d+d\b/, 'DAYS'),
    `DATAPLANE|ADDRESS|PROTOCOL|DESTINATION|HEALTHY|CALL
web-1|127.0.0.1:10001|http|api.shop-1|1/2|curl http://127.0.0.1:10001/
|api-1|healthy|192.168.0.2:80
|api-2|not healthy|192.168.0.3:80
|api-3|ejected for DAYS: 5 failures in a row; unreachable for -: gone|192.168.0.4:80
|canary-1 (canary)|healthy|192.168.0.5:80
web-1|127.0.0.1:10002|tcp|MeshService db:5432|1/1|curl -v telnet://127.0.0.1:10002
web-1|[::1]:10003|grpc|api.shop-1|0/0|curl --http2-prior-knowledge http://[::1]:10003/
`,
  )
  const { out } = await run(['outbounds', 'web-1', '--env'])
  t.match(
    out,
    /^# api\.shop-1\nAPI_SHOP_1_HOST=127\.0\.0\.1\nAPI_SHOP_1_PORT=10001\nAPI_SHOP_1_URL=http:\/\/127\.0\.0\.1:10001\n/,
  )
  const shell = spawnSync('sh', ['-euc', `${out}\necho "$MESHSERVICE_DB_5432_URL $API_SHOP_1_2_URL"`], {
    encoding: 'utf8',
  })
  t.equal(shell.stdout, 'tcp://127.0.0.1:10002 http://[::1]:10003\n', 'a shell can read it')
  for (const name of ['web-1', 'web-2'])
    api.stored.set(`/meshes/default/dataplanes/${name}`, { type: 'Dataplane', mesh: 'default', name })
  answers.set('/meshes/default/dataplanes/web-2/_outbounds', listOf())
  t.match((await run(['outbounds'])).out, /web-1/)
  t.match(await run(['outbounds', '--env']), { code: 64, err: /say which data plane .*: web-1, web-2/ })
})
