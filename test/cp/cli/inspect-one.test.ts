/** `vmeshctl inspect` of one data plane, policy or gateway: the texts of kumactl (kuma-api 2.6). */
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

t.test('inspect dataplane: policies of a sidecar and of a gateway, and what the proxy runs', async t => {
  const path = '/meshes/default/dataplanes/web-1'
  answers.set(`${path}/policies`, {
    kind: 'SidecarDataplane',
    items: [
      {
        type: 'dataplane',
        matchedPolicies: { MeshTrace: [{ name: 't1' }, { name: 't2' }], MeshTimeout: [{ name: 'x' }] },
      },
      {
        type: 'inbound',
        name: '127.0.0.1:80:8080',
        service: 'web',
        matchedPolicies: { TrafficPermission: [{ name: 'tp' }] },
      },
      { type: 'service', name: 'db', service: 'db', matchedPolicies: { Retry: [{ name: 'r' }] } },
    ],
  })
  t.equal(
    (await run('dataplane', 'web-1')).out,
    `DATAPLANE:
  MeshTrace (not enforced yet)
    t1
    t2
  MeshTimeout
    x

INBOUND 127.0.0.1:80:8080(web):
  TrafficPermission
    tp

SERVICE db:
  Retry
    r

`,
  )
  const routes = [
    {
      route: 'gr1',
      destinations: [{ tags: { 'kuma.io/service': 'web' }, policies: { Timeout: { name: 'to' } } }],
    },
  ]
  answers.set(`${path}/policies`, {
    kind: 'MeshGatewayDataplane',
    gateway: { mesh: 'default', name: 'g' },
    policies: { TrafficTrace: { name: 'tt' } },
    listeners: [{ port: 8080, protocol: 'HTTP', hosts: [{ hostName: '*', routes }] }],
  })
  t.equal(
    (await run('dataplane', 'web-1')).out,
    `MESHGATEWAY:
  TrafficTrace (not enforced yet)
    tt

LISTENER (HTTP:8080):
  *:
    ROUTE gr1:
      SERVICE web:
        Timeout
          to

`,
  )
  for (const [type, segment, body] of [
    ['config-dump', 'xds', { configs: [] }],
    ['clusters', 'clusters', 'web::1'],
    ['config', '_config', { xds: {} }],
  ] as const) {
    answers.set(`${path}/${segment}`, body)
    t.match(await run('dataplane', 'web-1', `--type=${type}`), { code: 0, err: '' })
  }
  await run('dataplane', 'web-1', '--type=config', '--shadow', '--include=diff')
  t.match(api.asked.at(-1)?.url, `${path}/_config?shadow=true&include=diff`)
  api.override = () => ({
    status: 500,
    body: { title: 'Could not execute admin operation', detail: 'Internal Server Error' },
  })
  t.match(await run('dataplane', 'web-1', '--type=stats'), {
    code: 1,
    err: 'Error: Could not execute admin operation (Internal Server Error)\n',
  })
})

t.test('inspect POLICY and meshgateway', async t => {
  api.override = ({ url }) => {
    const body = answers.get(new URL(url, api.url).pathname)
    return body === undefined ? { status: 404, body: '404: Page Not Found' } : { status: 200, body }
  }
  answers.set('/meshes/default/traffic-permissions/tp/dataplanes', {
    total: 2,
    items: [
      {
        dataplane: { name: 'web-1' },
        attachments: [{ type: 'inbound', name: '192.168.0.1:8080:80', service: 'web' }],
      },
      { dataplane: { name: 'web-2' }, attachments: [{ type: 'dataplane' }] },
    ],
  })
  const HEADING = 'Affected data plane proxies:\n\n'
  t.equal(
    (await run('traffic-permission', 'tp')).out,
    `${HEADING}  web-1:\n    inbound 192.168.0.1:8080:80(web)\n  web-2\n`,
  )
  const names = '/meshes/default/meshtimeouts/mt/_resources/dataplanes'
  answers.set(names, { total: 2, items: [{ name: 'web-1' }], next: `http://x${names}?offset=1&size=1` })
  t.equal(
    (await run('meshtimeout', 'mt', '--new-api', '--size=1')).out,
    `${HEADING}  web-1\n\nRerun command with --offset=1 argument to retrieve more resources\n`,
  )
  t.match(
    await run('meshtimeout', 'mt'),
    {
      out: `${HEADING}  web-1\n`,
      err: '',
    },
    'where the older route is not there',
  )
  t.match(await run('meshtimeout', 'mt', '--quiet'), { err: '' })
  answers.set('/meshes/default/meshgateways/g/dataplanes', {
    items: [{ dataplane: { name: 'g-1' } }, { dataplane: { name: 'g-2' } }],
  })
  t.equal((await run('meshgateway', 'g')).out, 'g-1\ng-2\n')
  t.match(await run('meshtimout', 'x'), {
    code: 64,
    err: /unknown command 'meshtimout'; did you mean meshtimeout\?/,
  })
  t.match(await run('meshtimeout', 'x', '--size=1'), { code: 64, err: /go with --new-api/ })
})

t.test('a policy that is not there is no policy that is for nobody', async t => {
  const nobody = { status: 200, body: { total: 0, items: [], next: null } }
  api.override = ({ url }) => (url.includes('/dataplanes') ? nobody : undefined)
  t.match(await run('meshtimeout', 'nope'), {
    code: 1,
    out: '',
    err: /^Error: No resources found in default mesh\n$/,
  })
})
