/** Daemons come and go: control plane killed, data planes restarted, taken over, stopped in good order. */
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const lab = new Lab()
t.teardown(() => lab.close())
const [one, two] = [await httpApplication('one'), await httpApplication('two')]
t.teardown(() => {
  one.server.close()
  two.server.close()
})
const [webPort = 0, port1 = 0, port2 = 0, toApi = 0] = await freePorts(4)
await lab.startControlPlane()
const api1 = dataplane({ name: 'api-1', service: 'api', port: port1, servicePort: one.port })
const api2 = dataplane({ name: 'api-2', service: 'api', port: port2, servicePort: two.port })
const web = dataplane({
  name: 'web-1',
  service: 'web',
  port: webPort,
  servicePort: 9,
  outbounds: { [toApi]: 'api' },
})
const daemon1 = await lab.startDataPlane(api1)
await lab.startDataPlane(api2)
let webDaemon = await lab.startDataPlane(web)

const isOk = (answer: { readonly status: number }): boolean => answer.status === 200
const names = async (): Promise<string> => {
  const bodies = []
  for (let i = 0; i < 4; i++) bodies.push((await call(toApi, '/')).body.split(' ')[0])
  return [...new Set(bodies)].sort().join(' ')
}

t.test('calls are spread over both instances', async t => {
  t.equal(await eventually(names, answer => answer === 'one two'), 'one two')
})

t.test('with the control plane killed calls go on, and a data plane restarts and serves', async t => {
  await lab.controlPlane?.stop('SIGKILL')
  t.equal((await call(toApi, '/')).status, 200)
  await webDaemon.stop('SIGKILL')
  webDaemon = lab.run(await restartArguments())
  await webDaemon.said(/serving from the last good snapshot/)
  t.equal((await eventually(() => call(toApi, '/'), isOk)).status, 200)
})

t.test('when the control plane is back, data planes come back and go on from what they have', async t => {
  await lab.startControlPlane()
  await webDaemon.said(/connected to the control plane/)
  await daemon1.said(/connected to the control plane[\s\S]*connected to the control plane/)
  await lab.permission('no-web', 'api', 'web', 'Deny')
  t.equal(
    (
      await eventually(
        () => call(toApi, '/'),
        answer => answer.status === 403,
      )
    ).status,
    403,
  )
  await lab.api('DELETE', '/meshes/default/meshtrafficpermissions/no-web')
  await eventually(() => call(toApi, '/'), isOk)
})

t.test('a data plane that stops tells its callers first, exits 0 and leaves nothing behind', async t => {
  t.equal(await daemon1.stop('SIGTERM'), 0)
  t.equal(await names(), 'two', 'no call goes to the one that stopped')
  const gone = await eventually(
    () => lab.api('GET', '/meshes/default/dataplanes/api-1'),
    one => one.status === 404,
  )
  t.equal(gone.status, 404)
})

t.test('a second daemon of the same installation is told that the state folder is taken', async t => {
  const second = lab.run(await restartArguments())
  t.equal(await second.exited, 1)
  t.match(second.output, /state folder .* is in use by process \d+/)
})

t.test('another installation with the same name is refused and told where the holder is', async t => {
  const other = (await restartArguments()).map(argument => argument.replace('state-web-1', 'state-other'))
  const second = lab.run(other)
  await second.said(/data plane web-1 of mesh default is held by the daemon on .* \(heard \d+ s ago\)/)
  await second.stop('SIGKILL')
  t.equal((await eventually(() => call(toApi, '/'), isOk)).status, 200)
})

t.test(
  'a daemon that was killed comes back at once, and its goodbye-less predecessor takes nothing away',
  async t => {
    await webDaemon.stop('SIGKILL')
    webDaemon = lab.run(await restartArguments())
    await webDaemon.said(/snapshot applied/)
    t.equal((await lab.api('GET', '/meshes/default/dataplanes/web-1')).status, 200)
  },
)

t.test('the certificate in use is shown after any restart', async t => {
  const expiry = async (): Promise<unknown> => {
    const { body } = await lab.api('GET', '/meshes/default/dataplanes/web-1/_overview')
    return JSON.parse(body).dataplaneInsight?.mTLS?.certificateExpirationTime
  }
  const known = (): Promise<unknown> => eventually(expiry, time => time !== undefined)
  const before = await known()
  t.match(before, /Z$/)
  // its Dataplane goes and comes
  await webDaemon.stop('SIGTERM')
  webDaemon = lab.run(await restartArguments())
  await webDaemon.said(/snapshot applied/)
  t.equal(await known(), before, 'the one on its disk')
  await lab.controlPlane?.stop('SIGKILL')
  await lab.startControlPlane()
  t.equal(await known(), before)
})

t.test('a second control plane on the same store is refused', async t => {
  const second = lab.run(['cp/main.ts', 'run', '--data-dir', `${lab.dir}/cp`], {
    VMESH_API_SERVER_HTTP_PORT: '0',
  })
  t.not(await second.exited, 0)
  t.match(second.output, /in use by process \d+: only one control plane/)
})

/** Without asking the control plane for a token: it may be down. */
async function restartArguments(): Promise<string[]> {
  const state = `${lab.dir}/state-web-1`
  return [
    'dp/main.ts',
    'run',
    `--cp-address=https://127.0.0.1:${lab.ports.dp}`,
    `--dataplane-file=${lab.dir}/web-1.yaml`,
    `--dataplane-token-file=${lab.dir}/web-1.token`,
    `--ca-cert-file=${lab.dir}/cp/tls/ca.crt`,
    `--state-dir=${state}`,
  ]
}
