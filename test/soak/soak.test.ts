/**
 * Full load while everything changes: endpoints come and go, policies change, clients reset their calls. No call fails
 * that a healthy endpoint could have served, and the daemon keeps neither memory nor descriptors. SOAK_SECONDS: how long
 * (8 here, 600 by `npm run soak`).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab, type Running } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 8)
/** Growth of resident memory from the middle of a long soak to its end that is no leak. */
const MAX_GROWTH = 0.25
const LONG_SECONDS = 300
t.setTimeout((SECONDS + 100) * 1000)

const lab = new Lab()
t.teardown(() => lab.close())
const application = await httpApplication('api')
t.teardown(() => void application.server.close())
const [webPort = 0, toApi = 0, ...apiPorts] = await freePorts(5)
await lab.startControlPlane()
const planes = apiPorts.map((port, index) =>
  dataplane({ name: `api-${index}`, service: 'api', port, servicePort: application.port }),
)
const daemons: Running[] = []
for (const plane of planes) daemons.push(await lab.startDataPlane(plane))
const web = lab.run([
  ...(await lab.dataPlaneArguments(
    dataplane({
      name: 'web-1',
      service: 'web',
      port: webPort,
      servicePort: 9,
      outbounds: { [toApi]: 'api' },
    }),
  )),
  '--concurrency=2',
])
await web.said(/data plane is ready/)
await eventually(
  () => call(toApi, '/'),
  ({ status }) => status === 200,
)

const failures: string[] = []
let answered = 0
let isOver = false
const size = (): number => Math.floor(Math.random() ** 4 * 300_000)

/** One call of HTTP/1.1; `api POST PATH BYTES` comes back. */
function callOnce(agent: Agent, path: string): Promise<void> {
  const bytes = size()
  return new Promise(resolve => {
    const fail = (why: string): void => {
      failures.push(`HTTP/1.1 ${path}: ${why}`)
      resolve()
    }
    const asked = request({ host: '127.0.0.1', port: toApi, path, method: 'POST', agent }, response => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', error => fail(error.message))
      response.on('end', () => {
        if (body !== `api POST ${path} ${bytes}`)
          return fail(
            `${response.statusCode} ${response.headers['x-vmesh-reason'] ?? ''} ${body.slice(0, 60)}`,
          )
        answered++
        resolve()
      })
    })
    asked.on('error', error => fail(error.message))
    asked.end(Buffer.alloc(bytes, 'x'))
  })
}

function callHttp2(session: ClientHttp2Session, path: string): Promise<void> {
  const bytes = size()
  return new Promise(resolve => {
    const stream = session.request({ ':method': 'POST', ':path': path })
    let body = ''
    let status = 0
    stream.setEncoding('latin1')
    stream.on('response', headers => {
      status = headers[':status'] ?? 0
    })
    stream.on('data', (text: string) => {
      body += text
    })
    stream.on('error', error => failures.push(`HTTP/2 ${path}: ${error.message}`))
    stream.on('close', () => {
      if (body === `api POST ${path} ${bytes}`) answered++
      else failures.push(`HTTP/2 ${path}: ${status} ${body.slice(0, 60)}`)
      resolve()
    })
    stream.end(Buffer.alloc(bytes, 'x'))
  })
}

/** A client that goes away in the middle: nobody minds. */
function callAndReset(): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(toApi, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.write(
      `POST /reset HTTP/1.1\r\nhost: b\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(size() % 90_000)}`,
    )
    setTimeout(() => socket.resetAndDestroy(), Math.random() * 20)
  })
}

async function until(work: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; !isOver; round++) await work(round)
}

const descriptors = (): number => readdirSync(`/proc/${web.child.pid}/fd`).length
const residentMb = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${web.child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

t.test('nothing fails, nothing stays', async t => {
  const descriptorsBefore = descriptors()
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const sessions = [0, 1].map(() => connectHttp2(`http://127.0.0.1:${toApi}`))
  for (const session of sessions) session.on('error', error => failures.push(`session: ${error.message}`))
  const lanes = [
    ...Array.from({ length: 12 }, (_, lane) => until(round => callOnce(agent, `/a${lane}-${round}`))),
    ...sessions.flatMap((session, index) =>
      [0, 1, 2].map(lane => until(round => callHttp2(session, `/b${index}${lane}-${round}`))),
    ),
    ...[0, 1].map(() => until(callAndReset)),
    until(async round => {
      await lab.permission('changing', 'api', `nobody-${round % 7}`, round % 2 === 0 ? 'Deny' : 'Allow')
      await new Promise(resolve => setTimeout(resolve, 100))
    }),
    // one endpoint after the other leaves in order and comes back; two of three always serve
    until(async round => {
      const index = round % planes.length
      await daemons[index]?.stop()
      const plane = planes[index]
      if (plane !== undefined) daemons[index] = await lab.startDataPlane(plane)
      await new Promise(resolve => setTimeout(resolve, 500))
    }),
  ]
  await new Promise(resolve => setTimeout(resolve, SECONDS * 500))
  const middleMb = residentMb()
  await new Promise(resolve => setTimeout(resolve, SECONDS * 500))
  isOver = true
  await Promise.all(lanes)
  const endMb = residentMb()
  t.same(failures.slice(0, 5), [], `${failures.length} of ${answered + failures.length} calls failed`)
  t.ok(answered > SECONDS * 50, `${answered} calls`)
  agent.destroy()
  for (const session of sessions) session.destroy()
  const most = descriptorsBefore + planes.length * 4
  await eventually(
    async () => descriptors(),
    count => count <= most,
  )
  t.comment(`${answered} calls; ${middleMb.toFixed(0)} MB in the middle, ${endMb.toFixed(0)} MB at the end`)
  if (SECONDS >= LONG_SECONDS) t.ok(endMb < middleMb * (1 + MAX_GROWTH), 'memory is flat')
})
