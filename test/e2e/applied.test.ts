/** Real daemons: a dry run names those that a write would change, `wait=applied` and vmeshctl answer when they run it. */
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'
import { runVmeshctl } from '../support/vmeshctl.ts'

const lab = new Lab()
t.teardown(() => lab.close())
const application = await httpApplication('api')
t.teardown(() => application.server.close())
const [webPort = 0, apiPort = 0, toApi = 0] = await freePorts(3)
await lab.startControlPlane()
const api = await lab.startDataPlane(
  dataplane({ name: 'api-1', service: 'api', port: apiPort, servicePort: application.port }),
)
const outbounds = { [toApi]: 'api' }
await lab.startDataPlane(
  dataplane({ name: 'web-1', service: 'web', port: webPort, servicePort: 9, outbounds }),
)
const vmeshctl = (argv: readonly string[], input = '') =>
  runVmeshctl([...argv, '--address', `http://127.0.0.1:${lab.ports.api}`], {
    home: lab.dir,
    input,
    nowMs: Date.now,
  })
await eventually(
  () => call(toApi, '/'),
  ({ status }) => status === 200,
)

const PATH = '/meshes/default/meshtrafficpermissions/no-web'
const policy = {
  type: 'MeshTrafficPermission',
  mesh: 'default',
  name: 'no-web',
  spec: {
    targetRef: { kind: 'MeshService', name: 'api' },
    from: [{ targetRef: { kind: 'MeshService', name: 'web' }, default: { action: 'Deny' } }],
  },
}

const API_2 = '/meshes/default/dataplanes/api-2'

t.test('a dry run names the data planes that would change, and changes nothing', async t => {
  await lab.put(API_2, {
    type: 'Dataplane',
    mesh: 'default',
    name: 'api-2',
    networking: {
      address: '10.0.0.2',
      inbound: [{ port: 80, state: 'NotReady', tags: { 'kuma.io/service': 'api' } }],
    },
  })
  const { status, body } = await lab.api('PUT', `${PATH}?dryRun=true`, policy)
  t.equal(status, 200)
  t.match(JSON.parse(body), {
    outcome: 'created',
    affected: {
      total: 2,
      dataplanes: [
        { name: 'api-1', isConnected: true, sections: { changed: [`listener/127.0.0.1:${apiPort}`] } },
        { name: 'api-2', isConnected: false },
      ],
    },
  })
  t.equal((await call(toApi, '/')).status, 200)
  t.equal((await lab.api('GET', PATH)).status, 404)
  const written = await lab.api('PUT', `${PATH}?wait=applied&timeout=500ms`, policy)
  t.match(JSON.parse(written.body), {
    applied: {
      total: 2,
      acknowledged: 1,
      pending: [{ name: 'api-2', reason: /^not connected; no earlier/ }],
    },
  })
  await lab.api('DELETE', API_2)
  await lab.api('DELETE', PATH)
})

t.test('when the answer says applied, the next call is denied; a rollback is waited for as well', async t => {
  const written = await lab.api('PUT', `${PATH}?wait=applied`, policy)
  t.equal(written.status, 201)
  t.match(JSON.parse(written.body), {
    applied: { isComplete: true, total: 1, acknowledged: 1, pending: [] },
  })
  t.equal((await call(toApi, '/')).status, 403)
  const deleted = await lab.api('DELETE', `${PATH}?wait=applied`)
  t.match(JSON.parse(deleted.body), { applied: { isComplete: true, acknowledged: 1 } })
  t.equal((await call(toApi, '/')).status, 200)
  const history = JSON.parse((await lab.api('GET', `${PATH}/history`)).body) as {
    items: { revision: number }[]
  }
  const revision = history.items[1]?.revision
  const back = await lab.api('POST', `${PATH}/rollback?revision=${revision}&wait=applied`)
  t.match(JSON.parse(back.body), { applied: { isComplete: true } })
  t.equal((await call(toApi, '/')).status, 403)
})

t.test('a registration bears the name of its data plane in the history', async t => {
  const { body } = await lab.api('GET', '/meshes/default/dataplanes/web-1/history')
  t.match(JSON.parse(body), { items: [{ action: 'created', author: 'dataplane:web-1' }] })
})

t.test('what a killed data plane has not got is not applied, whoever asks, until it is back', async t => {
  await api.stop('SIGKILL')
  const deleted = await lab.api('DELETE', `${PATH}?wait=applied&timeout=200ms`)
  t.equal(deleted.status, 202)
  t.match(JSON.parse(deleted.body), {
    applied: { isComplete: false, total: 1, acknowledged: 0, pending: [{ name: 'api-1', state: 'offline' }] },
  })
  const offline = /^waiting for\n {2}default\/api-1: offline: not connected since [^\n]*\n/
  t.match(await vmeshctl(['apply', '-f', '-', '--wait=500ms'], JSON.stringify(policy)), {
    code: 75,
    out: /Created\nmesh "default": 0 of 1 data planes have applied it\n$/,
    err: offline,
  })
  const own = ['wait', '--for=applied', 'mtp', 'no-web']
  t.match(await vmeshctl([...own, '--timeout=500ms']), { code: 75, err: offline })
  await lab.controlPlane?.stop('SIGTERM')
  await lab.startControlPlane()
  t.match(
    await vmeshctl([...own, '--timeout=500ms']),
    { code: 75, err: /no-web: 0 of 1 data planes have applied it\n {2}default\/api-1: offline/ },
    'another process of the control plane says the same',
  )
  const answer = vmeshctl([...own, '--timeout=1m'])
  await lab.startDataPlane(
    dataplane({ name: 'api-1', service: 'api', port: apiPort, servicePort: application.port }),
  )
  t.match(await answer, {
    code: 0,
    out: 'meshtrafficpermission default/no-web is applied: 1 of 1 data planes have applied it\n',
  })
  t.match(await vmeshctl(['delete', 'mtp', 'no-web', '--wait']), {
    code: 0,
    out: 'deleted MeshTrafficPermission "no-web"\nmesh "default": 1 of 1 data planes have applied it\n',
  })
})
