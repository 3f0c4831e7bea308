/**
 * serviceProbe of an inbound as an operator uses it, with real processes: callers get an inbound once its application is up,
 * lose it while it is not, and are told why; configured, observed, changed while running, removed.
 */

import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { type Answer, call, eventually, Lab } from '../support/lab.ts'
import { startMisbehaving } from '../support/misbehaving.ts'
import { freePorts } from '../support/ports.ts'
import { LOOPBACK } from '../support/snapshots.ts'

const FAST = { interval: '50ms', timeout: '300ms' }
const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const [callsA = 0, callsB = 0, inA = 0, inB = 0, inWeb = 0, application = 0] = await freePorts(6)
const b = await startMisbehaving(t, { name: 'b' })

const inbound = (port: number, servicePort: number, service: string, serviceProbe?: object) => ({
  port,
  servicePort,
  tags: { 'kuma.io/service': service, 'kuma.io/protocol': 'http' },
  ...(serviceProbe && { serviceProbe: { ...FAST, ...serviceProbe } }),
})
/** Two services behind one data plane: the port of `a` opens when the test says so, `b` misbehaves as it is told. */
const services = (ofA?: object, ofB?: object) => ({
  name: 'services-1',
  networking: {
    address: LOOPBACK,
    inbound: [inbound(inA, application, 'a', ofA), inbound(inB, b.port, 'b', ofB)],
  },
})
const asks = (serviceOfProbe: object) =>
  lab.put('/meshes/default/dataplanes/services-1', {
    type: 'Dataplane',
    mesh: 'default',
    ...services({ tcp: {} }, serviceOfProbe),
  })

const dataPlane = lab.run([
  ...(await lab.dataPlaneArguments(services({ tcp: {} }, { http: { path: '/ready' } }))),
  '--allow-exec-probes=true',
])
await dataPlane.said(/data plane is ready/)
const outbound = (port: number, service: string) => ({ port, tags: { 'kuma.io/service': service } })
await lab.startDataPlane({
  name: 'web-1',
  networking: {
    address: LOOPBACK,
    inbound: [inbound(inWeb, b.port, 'web')],
    outbound: [outbound(callsA, 'a'), outbound(callsB, 'b')],
  },
})

/** `200`, or why not. */
async function outcome(port: number): Promise<string> {
  const { status, headers }: Answer = await call(port, '/')
  return status === 200 ? '200' : String(headers['x-vmesh-reason'])
}
const becomes = (port: number, wanted: string) =>
  eventually(
    () => outcome(port),
    one => one === wanted,
  )

interface Health {
  readonly ready: number
  readonly notReady: readonly { readonly port: number; readonly reason: string }[]
}

/** Of the data plane of the services, as `vmeshctl status` has it. */
async function health(): Promise<Health> {
  const { body } = await lab.api('GET', '/meshes/default/dataplanes/services-1/_status')
  const told = JSON.parse(body) as { connection: { state: string }; health: Health }
  if (told.connection.state !== 'online') throw new Error('its connection has nothing to do with it')
  return told.health
}
const reasonOf = async (port: number): Promise<string> =>
  (await health()).notReady.find(one => one.port === port)?.reason ?? 'ready'
const says = (port: number, wanted: RegExp) =>
  eventually(
    () => reasonOf(port),
    one => wanted.test(one),
  )

t.test('an inbound is not called until its application takes connections', async t => {
  t.equal(await becomes(callsB, '200'), '200', 'the other inbound is another matter')
  t.equal(await becomes(callsA, 'no-healthy-endpoint'), 'no-healthy-endpoint')
  t.match(await says(inA, /connection refused/), /^tcp probe: connection refused$/)
  const server = createServer((_asked, answer) => answer.end('a'))
  await new Promise<void>(resolve => server.listen(application, LOOPBACK, resolve))
  t.equal(await becomes(callsA, '200'), '200')
  t.equal(await says(inA, /^ready$/), 'ready')
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  t.equal(await becomes(callsA, 'no-healthy-endpoint'), 'no-healthy-endpoint', 'and it is gone with it')
})

t.test('http: who answers another status, or nothing, is not called', async t => {
  await b.tell({ do: 'status', status: 503 }, '/ready')
  t.equal(await becomes(callsB, 'no-healthy-endpoint'), 'no-healthy-endpoint')
  t.match(await says(inB, /503/), /^http probe: answered 503$/)
  await b.tell({ do: 'ok' }, '/ready')
  t.equal(await becomes(callsB, '200'), '200')
  await b.tell({ do: 'hang' }, '/ready')
  t.equal(await becomes(callsB, 'no-healthy-endpoint'), 'no-healthy-endpoint')
  t.match(await says(inB, /no answer/), /no answer within 300ms/)
})

t.test('changed while running: another probe asks from then on, and removed, nobody does', async t => {
  await asks({ tcp: {} })
  t.equal(await becomes(callsB, '200'), '200', 'it takes connections')
  await asks({ grpc: {} })
  t.match(await says(inB, /^grpc probe/), /answered/, 'it is no gRPC health service')
  await asks({ systemd: { unit: 'vmesh-there-is-no-such.service' } })
  t.match(await says(inB, /^systemd probe: /), /vmesh-there-is-no-such|systemctl/)
  const { networking } = services({ tcp: {} })
  await lab.put('/meshes/default/dataplanes/services-1', {
    type: 'Dataplane',
    mesh: 'default',
    name: 'services-1',
    networking,
  })
  t.equal(await becomes(callsB, '200'), '200')
})

t.test('exec: a program decides, where the daemon allows it', async t => {
  const flag = join(lab.dir, 'up')
  await asks({ exec: { command: ['/usr/bin/test', '-e', flag] } })
  t.match(await says(inB, /^exec probe: /), /exited with 1$/)
  writeFileSync(flag, '')
  t.equal(await says(inB, /^ready$/), 'ready')
  t.equal(await becomes(callsB, '200'), '200')
  await rm(flag)
  t.equal(await becomes(callsB, 'no-healthy-endpoint'), 'no-healthy-endpoint')
  const [port = 0] = await freePorts(1)
  await lab.startDataPlane({
    name: 'strict-1',
    networking: {
      address: LOOPBACK,
      inbound: [inbound(port, b.port, 'strict', { exec: { command: ['/bin/true'] } })],
    },
  })
  const strict = await eventually(
    () => lab.api('GET', '/meshes/default/dataplanes/strict-1/_status'),
    ({ body }) => body.includes('--allow-exec-probes'),
  )
  t.match(JSON.parse(strict.body), { health: { ready: 0, notReady: [{ port }] } })
})

t.test('an application that flaps is told as ready at a bounded rate', async t => {
  await asks({ http: { path: '/ready' } })
  await b.tell({ do: 'ok' }, '/ready')
  let told = 0
  for (; told < 20; told++) {
    if (/^flaps: /.test(await says(inB, /^ready$|^flaps: /))) break
    await b.tell({ do: 'status', status: 500 }, '/ready')
    await says(inB, /^http probe: answered 500$/)
    await b.tell({ do: 'ok' }, '/ready')
  }
  t.ok(told < 10, `${told} times`)
  t.match(await reasonOf(inB), /at most every/)
})

t.test('vmesh-dp status says what the probes say', async t => {
  const status = lab.run(['dp/main.ts', 'status', `--state-dir=${join(lab.dir, 'state-services-1')}`])
  await status.exited
  t.match(status.output, /not ready for .*tcp probe.*connection refused/)
})
