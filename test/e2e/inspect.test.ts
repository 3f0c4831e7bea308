/** Real data planes asked through the API: what they run and count is what happened, and who stopped cannot be asked. */
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const [apiPort = 0, webPort = 0, toApi = 0] = await freePorts(3)
const app = await httpApplication('api')
t.teardown(() => app.server.close())
await lab.startDataPlane(dataplane({ name: 'api-1', service: 'api', port: apiPort, servicePort: app.port }))
const web = await lab.startDataPlane(
  dataplane({
    name: 'web-1',
    service: 'web',
    port: webPort,
    servicePort: app.port,
    outbounds: { [toApi]: 'api' },
  }),
)
await eventually(
  () => call(toApi, '/'),
  answer => answer.status === 200,
)
const DATAPLANES = '/meshes/default/dataplanes'
const text = async (path: string): Promise<string> => (await lab.api('GET', `${DATAPLANES}/${path}`)).body

t.test('statistics count the calls that were made', async t => {
  const before = requestsIn(await text('web-1/stats'))
  for (let i = 0; i < 3; i++) await call(toApi, '/')
  t.equal(requestsIn(await text('web-1/stats')), before + 3)
  t.match(
    await text('api-1/stats'),
    new RegExp(`^http\\.localhost_${app.port}\\.downstream_rq_total: \\d+$`, 'm'),
  )
  t.match(
    await text('api-1/stats'),
    new RegExp(`^listener\\.127\\.0\\.0\\.1_${apiPort}\\.downstream_cx_total: `, 'm'),
  )
})

t.test('clusters are the endpoints that are called', async t => {
  t.match(
    await text('web-1/clusters'),
    new RegExp(`^api::127\\.0\\.0\\.1:${apiPort}::health_flags::healthy$`, 'm'),
  )
  t.match(JSON.parse(await text('web-1/_outbounds')), {
    total: 1,
    items: [
      {
        port: toApi,
        protocol: 'http',
        destination: { service: 'api' },
        endpoints: { total: 1, healthy: 1 },
        targets: [{ dataplane: 'api-1', port: apiPort, healthy: true }],
      },
    ],
  })
})

t.test('what runs is what is wanted, and holds no secret', async t => {
  const { configs } = JSON.parse(await text('web-1/xds?include_eds=true')) as {
    configs: readonly { '@type': string; sections: Record<string, object> }[]
  }
  const running = Object.assign({}, ...configs.map(({ sections }) => sections)) as Record<string, object>
  const { xds } = JSON.parse(await text('web-1/_config')) as { xds: Record<string, object> }
  t.same(Object.keys(running).sort(), Object.keys(xds).sort())
  t.same(running[`listener/127.0.0.1:${toApi}`], xds[`listener/127.0.0.1:${toApi}`])
  t.notMatch(JSON.stringify([configs, xds]), /PRIVATE KEY/)
})

t.test('a version has one spelling, wherever it is told', async t => {
  const status = JSON.parse(await text('web-1/_status'))
  const { applied } = status.snapshot
  t.match(applied, /^\d+-\d+$/)
  t.match(JSON.parse(await text('web-1/_overview')), {
    dataplaneInsight: { metadata: { appliedVersion: applied } },
  })
  t.match(JSON.parse(await text('web-1/xds')), { configs: [{ version_info: applied }] })
  await web.said(new RegExp(`"version":"${applied}"`))
  const told = lab.run(['dp/main.ts', 'status', '--state-dir', `${lab.dir}/state-web-1`])
  await told.exited
  t.match(told.output, `snapshot       ${applied}, applied`)
})

t.test('who was killed cannot be asked, but what it should run is known', async t => {
  await web.stop('SIGKILL')
  const answer = await eventually(
    () => lab.api('GET', `${DATAPLANES}/web-1/stats`),
    ({ status }) => status !== 200,
  )
  t.match(JSON.parse(answer.body), {
    status: 500,
    title: 'Could not execute admin operation',
    detail: 'data plane web-1 of mesh default is not connected',
  })
  t.match(JSON.parse(await text('web-1/_outbounds')), { total: 1 })
})

function requestsIn(stats: string): number {
  return Number(/^http\.api\.downstream_rq_total: (\d+)$/m.exec(stats)?.[1])
}
