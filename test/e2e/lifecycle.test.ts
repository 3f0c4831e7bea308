/** How daemons start and end: alone, early, twice told, with calls under way, and without a file of their own. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { connectWebSocket } from '#base/websocket.ts'
import { channelPath, SUBPROTOCOLS } from '#contract/messages.ts'
import { MAX_FRAME_BYTES } from '#contract/version.ts'
import { httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab, type Running } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const [webPort = 0, toSlow = 0, slowPort = 0, toOwn = 0, ownPort = 0, alone = 0, toWeb = 0] =
  await freePorts(7)

const webApp = await httpApplication('web')
t.teardown(() => webApp.server.close())
let web: Running | null = null

t.test('who is ready says where it listens', async t => {
  const ready = (running: Running | null): unknown =>
    JSON.parse(running?.output.split('\n').find(line => /is ready/.test(line)) ?? '{}')
  t.match(ready(lab.controlPlane), {
    http: `http://127.0.0.1:${lab.ports.api}`,
    https: `https://127.0.0.1:${lab.ports.https}`,
    dataPlanes: `https://127.0.0.1:${lab.ports.dp}`,
    diagnostics: `http://127.0.0.1:${lab.ports.diagnostics}`,
  })
  const [port = 0, out = 0] = await freePorts(2)
  const told = await lab.startDataPlane(
    dataplane({ name: 'told-1', service: 'told', port, servicePort: 9, outbounds: { [out]: 'told' } }),
  )
  t.match(ready(told), {
    mesh: 'default',
    dataplane: 'told-1',
    controlPlane: `https://127.0.0.1:${lab.ports.dp}`,
    snapshot: /^\d+-\d+$/,
    inbounds: [`127.0.0.1:${port}`],
    outbounds: [`127.0.0.1:${out}`],
  })
  t.equal(await told.stop(), 0)
})

t.test('a daemon without a file runs the Dataplane that an operator made, and leaves it there', async t => {
  const app = await httpApplication('own')
  t.teardown(() => app.server.close())
  const own = dataplane({
    name: 'own-1',
    service: 'own',
    port: ownPort,
    servicePort: app.port,
    outbounds: { [toOwn]: 'own' },
  })
  const args = (await lab.dataPlaneArguments(own)).map(argument =>
    argument.startsWith('--dataplane-file') ? '--name=own-1' : argument,
  )
  const early = lab.run([...args, '--mesh=default'])
  await early.said(/there is no Dataplane own-1 in mesh default; create it or start with --dataplane-file/)
  await lab.put('/meshes/default/dataplanes/own-1', { type: 'Dataplane', mesh: 'default', ...own })
  await early.said(/data plane is ready/)
  t.equal((await eventually(() => call(toOwn, '/'), isOk)).status, 200)
  t.equal(await early.stop(), 0)
  t.equal((await lab.api('GET', '/meshes/default/dataplanes/own-1')).status, 200)
})

t.test('the only instance of a service finishes its calls when it stops, and gets no new ones', async t => {
  const held: (() => void)[] = []
  const app = createServer((_request, response) => void held.push(() => response.end('late')))
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  t.teardown(() => app.close())
  const address = app.address()
  const servicePort = typeof address === 'object' && address !== null ? address.port : 0
  const slow = await lab.startDataPlane(
    dataplane({ name: 'slow-1', service: 'slow', port: slowPort, servicePort }),
  )
  web = await lab.startDataPlane(
    dataplane({
      name: 'web-1',
      service: 'web',
      port: webPort,
      servicePort: webApp.port,
      outbounds: { [toSlow]: 'slow', [toWeb]: 'web' },
    }),
  )
  const under = eventually(
    () => call(toSlow, '/'),
    answer => answer.status === 200,
  )
  await eventually(
    async () => held.length,
    count => count > 0,
  )
  slow.child.kill('SIGTERM')
  await refused(slowPort)
  await eventually(
    () => lab.api('GET', '/meshes/default/dataplanes/slow-1'),
    answer => answer.status === 404,
  )
  for (const answer of held) answer()
  t.equal((await under).body, 'late')
  t.equal(await slow.exited, 0)
})

t.test('told to stop before it serves, it ends at once and well', async t => {
  const args = await lab.dataPlaneArguments(
    dataplane({ name: 'early-1', service: 'early', port: alone, servicePort: 9 }),
  )
  const nobody = args.map(argument => argument.replace(`:${lab.ports.dp}`, ':1'))
  const waiting = lab.run(nobody)
  await waiting.said(/nothing listens there/)
  t.equal(await waiting.stop('SIGTERM'), 0)
  const connecting = lab.run(args)
  await connecting.said(/connected to the control plane/)
  t.equal(await connecting.stop('SIGINT'), 0)
  t.notMatch(waiting.output + connecting.output, / at .*\.ts:\d+/, 'no stack trace')
})

t.test('a second signal ends it without waiting for its calls', async t => {
  const held: (() => void)[] = []
  const app = createServer((_request, response) => void held.push(() => response.end()))
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  const address = app.address()
  const servicePort = typeof address === 'object' && address !== null ? address.port : 0
  const [port = 0, out = 0] = await freePorts(2)
  const daemon = await lab.startDataPlane(
    dataplane({ name: 'busy-1', service: 'busy', port, servicePort, outbounds: { [out]: 'busy' } }),
  )
  const cut = call(out, '/').catch(() => null)
  await eventually(
    async () => held.length,
    count => count > 0,
  )
  daemon.child.kill('SIGTERM')
  await daemon.said(/stopping/)
  await refused(out)
  daemon.child.kill('SIGTERM')
  await daemon.exited
  t.equal(daemon.child.signalCode, 'SIGTERM')
  for (const answer of held) answer()
  await cut
  app.close()
})

t.test('a control plane is told to stop while a stranger holds a connection', async t => {
  const token = await lab.token({ name: 'mute-1' })
  const mute = connectWebSocket({
    url: `wss://127.0.0.1:${lab.ports.dp}${channelPath('default', 'mute-1')}`,
    protocols: SUBPROTOCOLS,
    headers: { authorization: `Bearer ${token}` },
    maxFrameBytes: MAX_FRAME_BYTES,
    handshakeTimeoutMs: 10_000,
    ca: lab.ca,
    onRefused: (status, reason) => t.fail(`${status} ${reason}`),
  })
  await once(mute, 'open')
  mute.on('error', () => {})
  mute.pause()
  t.equal(await lab.controlPlane?.stop('SIGTERM'), 0)
  mute.terminate()
})

t.test(
  'with the control plane down a daemon serves from its disk, also with a damaged snapshot beside it',
  async t => {
    await web?.stop('SIGKILL')
    const args = [
      'dp/main.ts',
      'run',
      `--cp-address=https://127.0.0.1:${lab.ports.dp}`,
      `--dataplane-file=${lab.dir}/web-1.yaml`,
      `--dataplane-token-file=${lab.dir}/web-1.token`,
      `--ca-cert-file=${lab.dir}/cp/tls/ca.crt`,
      `--state-dir=${lab.dir}/state-web-1`,
    ]
    const began = performance.now()
    const again = lab.run(args)
    await again.said(/data plane is ready/)
    t.comment(`process start until it served from disk: ${Math.round(performance.now() - began)} ms`)
    t.equal((await call(toWeb, '/')).status, 200, 'over mutual TLS, to itself')
    await again.stop('SIGKILL')
    writeFileSync(join(lab.dir, 'state-web-1', 'snapshot.json'), '{"version":')
    const damaged = lab.run(args)
    await damaged.said(/snapshot\.json.*kept beside as \.damaged and asked for anew/)
    await lab.startControlPlane()
    await damaged.said(/data plane is ready/)
    t.equal(await damaged.stop(), 0)
  },
)

const isOk = (answer: { readonly status: number }): boolean => answer.status === 200

/** Resolves when nobody listens there. */
async function refused(port: number): Promise<void> {
  await eventually(
    () =>
      new Promise<boolean>(resolve => {
        const socket = connect(port, '127.0.0.1')
        socket.on('connect', () => {
          socket.destroy()
          resolve(false)
        })
        socket.on('error', () => resolve(true))
      }),
    isRefused => isRefused,
  )
}
