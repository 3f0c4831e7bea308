/** Two VMs talk through the mesh: real control plane, real data planes, real sockets. */
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { echoApplication, httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const lab = new Lab()
t.teardown(() => lab.close())
const api = await httpApplication('api')
const echo = await echoApplication()
t.teardown(() => {
  api.server.close()
  echo.server.close()
})
const [webPort = 0, apiPort = 0, echoPort = 0, toApi = 0, toEcho = 0, toNobody = 0] = await freePorts(6)
await lab.startControlPlane()
await lab.startDataPlane(dataplane({ name: 'api-1', service: 'api', port: apiPort, servicePort: api.port }))
const echoPlane = dataplane({
  name: 'echo-1',
  service: 'echo',
  port: echoPort,
  servicePort: echo.port,
  protocol: 'tcp',
})
await lab.startDataPlane(echoPlane)
const outbounds = { [toApi]: 'api', [toEcho]: 'echo', [toNobody]: 'nobody' }
await lab.startDataPlane(
  dataplane({ name: 'web-1', service: 'web', port: webPort, servicePort: 9, outbounds }),
)

t.test('an HTTP call reaches the application of the other VM, which sees who called', async t => {
  const answer = await eventually(() => call(toApi, '/hello?x=1', { method: 'POST', body: 'four' }), ok)
  t.equal(answer.body, 'api POST /hello?x=1 4')
  t.match(answer.headers['x-seen-xfcc'], /URI=spiffe:\/\/default\/web/)
})

t.test('a TCP call reaches the application of the other VM, byte for byte', async t => {
  const sent = Buffer.alloc(1_000_000, 'vmesh')
  const socket = connect(toEcho, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.end(sent)
  await once(socket, 'end')
  t.ok(Buffer.concat(chunks).equals(sent))
})

t.test('the wire between the data planes takes no plain text and no stranger', async t => {
  const socket = connect(apiPort, '127.0.0.1')
  let received = 0
  socket.on('data', chunk => {
    received += chunk.length
  })
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: api\r\n\r\n')
  await once(socket, 'close')
  // a TLS alert is the most that a stranger hears
  t.ok(received <= 7, `${received} bytes`)
  t.equal(api.requests(), 1, 'the application heard nothing')
})

t.test('a call to a service that nobody offers fails at once', async t => {
  const answer = await call(toNobody, '/').catch((error: Error) => error.message)
  t.match(answer, /socket hang up|ECONNRESET/)
})

t.test('a policy that denies refuses the next call, and ends what runs', async t => {
  const stream = connect(toEcho, '127.0.0.1')
  stream.on('error', () => {})
  stream.write('x')
  await once(stream, 'data')
  const ended = new Promise(resolve => stream.on('close', resolve))
  await lab.permission('a-echo', 'echo', 'web', 'Deny')
  const deniedAt = performance.now()
  await ended
  t.comment(`the stream ended ${(performance.now() - deniedAt).toFixed(0)} ms after the change was sent`)
  await lab.permission('a-api', 'api', 'web', 'Deny')
  const answer = await eventually(
    () => call(toApi, '/'),
    one => one.status === 403,
  )
  t.match(answer, { body: 'RBAC: access denied', headers: { 'x-vmesh-reason': 'permission-denied' } })
})

t.test('a policy that allows lets calls pass again', async t => {
  await lab.permission('a-api', 'api', 'web', 'Allow')
  t.equal((await eventually(() => call(toApi, '/again'), ok)).body, 'api GET /again 0')
})

t.test('the control plane shows what each data plane runs', async t => {
  const overview = await eventually(
    () => lab.api('GET', '/meshes/default/dataplanes+insights/web-1'),
    answer => /responsesAcknowledged/.test(answer.body),
  )
  const insight = JSON.parse(overview.body) as {
    dataplaneInsight: { mTLS: { issuedBackend: string }; subscriptions: object[] }
  }
  t.equal(insight.dataplaneInsight.mTLS.issuedBackend, 'ca-1')
  t.equal(insight.dataplaneInsight.subscriptions.length, 1)
})

t.test('`vmesh-dp status` shows outbounds, endpoints, snapshot and certificate', async t => {
  const status = lab.run(['dp/main.ts', 'status', '--state-dir', `${lab.dir}/state-web-1`])
  t.equal(await status.exited, 0)
  t.match(status.output, /control plane {2}https:\/\/127\.0\.0\.1:\d+ {2}connected/)
  t.match(status.output, new RegExp(`outbound 127\\.0\\.0\\.1:${toApi} {2}http {2}api {2}1/1 healthy`))
  t.match(status.output, /certificate {4}spiffe:\/\/default\/web {2}ends in 6d/)
})

function ok(answer: { readonly status: number }): boolean {
  return answer.status === 200
}
