/**
 * Full load of every protocol while everything changes: endpoints leave and come back, others are killed, policies and
 * certificates change, clients reset their calls. No call fails that a healthy endpoint could have served, and neither
 * the calling nor the called daemon keeps memory, descriptors or calls, or stops answering. SOAK_SECONDS: how long (8
 * here, 600 by `npm run soak`).
 */
import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { echoApplication } from '../support/applications.ts'
import { call, eventually, Lab, type Running } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'
import {
  callAndReset,
  callHttp1,
  callHttp2,
  callTcp,
  callWebSocket,
  cancelHttp2,
  getHttp1,
  Http2Sessions,
  readSlowly,
  startSoakApplication,
} from './calls.ts'
import { remains, socketOf, statusOf } from './status.ts'
import { Tally } from './tally.ts'
import { descriptorsOf, isFlat, median, shown, type Witness, watch } from './witness.ts'

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 8)
const LONG_SECONDS = 100
/** No thread of a daemon may leave a question unanswered for longer; both cores are busy with the load as well. */
const MAX_ANSWER_MS = 2000
t.setTimeout((SECONDS + 150) * 1000)

const lab = new Lab()
t.teardown(() => lab.close())
const application = await startSoakApplication()
t.teardown(application.close)
const echo = await echoApplication()
t.teardown(() => void echo.server.close())
const [toApi = 0, toStore = 0, toFickle = 0, toBrittle = 0, ...inPorts] = await freePorts(16)

/** Ports in the order of the services. */
function inbounds(services: readonly string[]): object[] {
  return services.map(service => ({
    port: inPorts.shift(),
    servicePort: service === 'store' ? echo.port : application.port,
    tags: { 'kuma.io/service': service, 'kuma.io/protocol': service === 'store' ? 'tcp' : 'http' },
  }))
}

function plane(name: string, ...services: readonly string[]): { name: string; networking: object } {
  return { name, networking: { address: '127.0.0.1', inbound: inbounds(services) } }
}

const SERVICES = ['api', 'store', 'fickle']
await lab.startControlPlane()
const steady = await lab.startDataPlane(plane('steady', ...SERVICES))
/** Leave in order and come back. */
const leaving = [plane('leaving-1', ...SERVICES), plane('leaving-2', ...SERVICES)]
/** Are killed and come back; what they serve may be asked again. */
const brittle = [plane('brittle-1', 'brittle'), plane('brittle-2', 'brittle')]
const daemons = new Map<object, Running>()
for (const one of [...leaving, ...brittle]) daemons.set(one, await lab.startDataPlane(one))
const outbound = Object.entries({ api: toApi, store: toStore, fickle: toFickle, brittle: toBrittle }).map(
  ([service, port]) => ({ port, tags: { 'kuma.io/service': service } }),
)
const webPlane = { name: 'web-1', networking: { ...plane('web-1', 'web').networking, outbound } }
const web = lab.run([...(await lab.dataPlaneArguments(webPlane)), '--concurrency=2'])
await web.said(/data plane is ready/)
for (const port of [toApi, toFickle, toBrittle]) {
  await eventually(
    () => call(port, '/'),
    ({ status }) => status === 200,
  )
}

const tally = new Tally()
let isOver = false

async function lane(kind: string, work: (round: number) => Promise<string>): Promise<void> {
  for (let round = 0; !isOver; round++) tally.note(kind, await work(round))
}

async function change(everyMs: number, work: (round: number) => Promise<unknown>): Promise<void> {
  for (let round = 0; !isOver; round++) {
    await work(round)
    await pause(everyMs)
  }
}

async function restart(planes: typeof leaving, round: number, signal: NodeJS.Signals): Promise<void> {
  const one = planes[round % planes.length]
  if (one === undefined) return
  await daemons.get(one)?.stop(signal)
  daemons.set(one, await lab.startDataPlane(one))
}

/** Certificates that live for so long are renewed at half of it. */
function certificatesLive(life: string): Promise<void> {
  const backend = { name: 'ca-1', type: 'builtin', dpCert: { rotation: { expiration: life } } }
  return lab.put('/meshes/default', {
    type: 'Mesh',
    name: 'default',
    mtls: { enabledBackend: 'ca-1', backends: [backend] },
  })
}

t.test('nothing fails, nothing stays', async t => {
  const before = new Map([web, steady].map(one => [one, descriptorsOf(one.child.pid ?? 0)]))
  const witnesses = new Map<string, Witness>([
    ['web', watch(web.child.pid ?? 0, socketOf(lab.dir, 'web-1'))],
    ['steady', watch(steady.child.pid ?? 0, socketOf(lab.dir, 'steady'))],
  ])
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const sessions = [0, 1].map(() => new Http2Sessions(toApi))
  const many = (count: number, make: () => Promise<void>) => Array.from({ length: count }, make)
  const load = [
    ...many(8, () => lane('HTTP/1.1', round => callHttp1(toApi, `/a${round}`, agent))),
    ...many(2, () => lane('HTTP/1.1, each its connection', round => callHttp1(toApi, `/c${round}`, false))),
    ...many(2, () => lane('slow readers', () => readSlowly(toApi))),
    ...many(3, () => lane('GET of killed endpoints', round => getHttp1(toBrittle, `/g${round}`, agent))),
    ...sessions.flatMap(session =>
      many(3, () => lane('HTTP/2', round => callHttp2(session.next(), `/b${round}`))),
    ),
    ...sessions.map(session => lane('HTTP/2 cancelled', () => cancelHttp2(session.next()))),
    ...many(3, () => lane('TCP', () => callTcp(toStore))),
    ...many(2, () => lane('WebSocket', () => callWebSocket(toApi))),
    ...many(2, () => lane('reset', () => callAndReset(toApi))),
    lane('TCP reset', () => callAndReset(toStore)),
    lane('now and then denied', async round => {
      const fault = await callHttp1(toFickle, `/f${round}`, false)
      // What runs when it becomes denied ends.
      return /^(?:403 |cut|socket hang up|read ECONNRESET|write EPIPE)/.test(fault) ? '' : fault
    }),
  ]
  const changes = [
    change(100, round =>
      lab.permission('changing', 'api', `nobody-${round % 7}`, round % 2 === 0 ? 'Deny' : 'Allow'),
    ),
    change(400, round => lab.permission('fickle', 'fickle', 'web', round % 2 === 0 ? 'Deny' : 'Allow')),
    change(500, round => restart(leaving, round, 'SIGTERM')),
    change(3000, round => restart(brittle, round, 'SIGKILL')),
    change(15_000, round => certificatesLive(round % 2 === 0 ? '40s' : '60s')),
  ]
  await pause(SECONDS * 1000)
  isOver = true
  await Promise.all(load)
  await Promise.all(changes)
  agent.destroy()
  for (const session of sessions) session.close()

  t.same(tally.failures(), [], 'no call failed')
  t.ok(tally.total > SECONDS * 50, `${tally.total} calls in ${SECONDS} s`)
  t.comment(tally.summary())
  for (const [name, { samples, stop }] of witnesses) {
    await stop()
    for (const line of shown(name, samples)) t.comment(line)
    const slowestMs = Math.max(...samples.map(sample => sample.answeredMs))
    t.ok(slowestMs < MAX_ANSWER_MS, `${name} answered within ${slowestMs.toFixed(0)} ms`)
    t.notOk(
      samples.some(sample => sample.answeredMs < 0),
      `${name} always answered`,
    )
    if (SECONDS < LONG_SECONDS) continue
    const third = Math.floor(samples.length / 3)
    const memory = (from: number, to: number) =>
      median(samples.slice(from, to).map(sample => sample.residentMb))
    const [middleMb, endMb] = [memory(third, 2 * third), memory(2 * third, samples.length)]
    t.ok(
      isFlat(middleMb, endMb),
      `memory of ${name} is flat: ${middleMb.toFixed(0)} MB, then ${endMb.toFixed(0)} MB`,
    )
  }
  for (const name of ['web-1', 'steady']) {
    const { inbounds, outbounds } = (await statusOf(lab.dir, name)).engine
    for (const { port, counters } of [...inbounds, ...outbounds])
      t.comment(`${name}, port ${port}: ${JSON.stringify(counters)}`)
    await eventually(
      () => remains(lab.dir, name),
      all => all.length === 0,
    )
  }
  // Connections between data planes stay: of each worker, for each endpoint of each service, two at most.
  const kept = 2 * (3 * SERVICES.length + brittle.length) * 2
  for (const [one, count] of before) {
    const now = await eventually(
      async () => descriptorsOf(one.child.pid ?? 0),
      now => now <= count + kept,
    )
    t.comment(`${count} descriptors before, ${now} afterwards`)
  }
})
