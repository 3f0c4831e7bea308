/** vmeshctl against a control plane with two data planes: what would change, what has arrived, and how to call. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { dataplane, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'
import { runVmeshctl } from '../support/vmeshctl.ts'

const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const application = await httpApplication('api')
t.teardown(() => application.server.close())
const [apiPort = 0, webPort = 0, toApi = 0] = await freePorts(3)
const own = { servicePort: application.port }
await lab.startDataPlane(dataplane({ name: 'api-1', service: 'api', port: apiPort, ...own }))
const calls = { [toApi]: 'api' }
await lab.startDataPlane(
  dataplane({ name: 'web-1', service: 'web', port: webPort, ...own, outbounds: calls }),
)
const run = (argv: readonly string[], input = '') =>
  runVmeshctl([...argv, '--address', `http://127.0.0.1:${lab.ports.api}`], {
    home: lab.dir,
    input,
    nowMs: Date.now,
  })
const POLICY = `type: MeshTrafficPermission
mesh: default
name: api-from-web
spec:
  targetRef: {kind: MeshService, name: api}
  from:
  - targetRef: {kind: MeshService, name: web}
    default: {action: Allow}
`

t.test('a dry run names the data plane that would change, and changes nothing', async t => {
  const ran = await run(['apply', '-f', '-', '--dry-run', '--diff'], POLICY)
  t.match(ran, { code: 0, out: /Created \(dry run\)\n--- \/dev\/null\n[\s\S]*\+ {6}action: Allow\n/ })
  t.match(ran.out, /\n {2}1 data plane would change:\n {4}default\/api-1 \(connected\): ~/)
  t.notMatch(ran.out, /web-1/)
  t.match(await run(['get', 'mtp', 'api-from-web']), { code: 1, err: /No resources found/ })
})

t.test('apply waits until the data planes have it, and status shows that they have', async t => {
  const ran = await run(['apply', '-f', '-', '--wait'], POLICY)
  t.match(ran, { code: 0, out: /Created\nmesh "default": (\d+) of \1 data planes have applied it\n$/ })
  t.match(await run(['wait', '--for=ready', 'dataplane', 'web-1']), { code: 0 })
  t.match(await run(['wait', '--for=applied', 'mtp', 'api-from-web']), { code: 0 })
  const status = await run(['status', 'mtp', 'api-from-web'])
  t.match(status.out, /\ndefault +api-1 +online \d+s +1\/1 not probed +(\d+-\d+) +\1 /)
  t.notMatch(status.out, /web-1/)
  t.match(
    (await run(['status', 'dataplane', 'web-1'])).out,
    /^certificate 6d left \(\d+%\), of backend ca-1/m,
  )
  t.match((await run(['status', 'mesh'])).out, /api-1[\s\S]*web-1/)
})

t.test('the line that outbounds gives calls the service', async t => {
  const { out } = await run(['outbounds', 'web-1'])
  const line = /curl http:\S+/.exec(out)?.[0] ?? ''
  t.equal(line, `curl http://127.0.0.1:${toApi}/`)
  // the application answers in this process, which must not stand still
  const called = await promisify(execFile)('curl', ['-sS', '--max-time', '5', line.slice(5)])
  t.match(called.stdout, /api/)
  t.match(
    (await run(['outbounds', 'web-1', '--env'])).out,
    new RegExp(`^API_URL=http://127.0.0.1:${toApi}$`, 'm'),
  )
})

t.test('inspect shows what runs', async t => {
  t.match((await run(['inspect', 'dataplanes'])).out, /\ndefault +api-1 .* Online .* ca-1 +ca-1 /)
  t.match((await run(['inspect', 'services'])).out, /^api +Online +1\/1$/m)
  t.match((await run(['inspect', 'meshes'])).out, /^default +2\/2 /m)
  t.match((await run(['inspect', 'dataplane', 'api-1'])).out, /^DATAPLANE:\n {2}MeshTrafficPermission\n {4}/)
  t.match(
    (await run(['inspect', 'meshtrafficpermission', 'api-from-web'])).out,
    /^Affected data plane proxies:\n\n {2}api-1\n$/,
  )
  for (const type of ['config-dump', 'stats', 'clusters', 'config'])
    t.match(await run(['inspect', 'dataplane', 'web-1', '--type', type]), { code: 0, err: '' }, type)
})

t.test('a wait that is not over in time says for whom', async t => {
  await run(['delete', 'mtp', 'api-from-web'])
  const ran = await run(['wait', '--for=online', 'dataplane', 'none', '--timeout=400ms'])
  t.match(ran, {
    code: 75,
    out: '',
    err: /dataplane default\/none is not online after 400ms: there is no such data plane yet/,
  })
})
