/**
 * 20 endpoints of which some are always killed, stopped, reset, slow, deaf or wrong, while policies change every 100 ms: no
 * call fails that a healthy endpoint could serve, and the calling data plane keeps nothing. SOAK_SECONDS: how long (12 here,
 * 600 by `npm run soak`); CHAOS_SEED: what is done, as a failed run printed it; CHAOS_PLANES: data planes of the service.
 */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { behaveWell, Deeds, type Plane } from '../soak/chaos/deeds.ts'
import { Diary } from '../soak/chaos/diary.ts'
import { type Called, ChaosLoad, TCP } from '../soak/chaos/load.ts'
import { neededPolicies, nextPolicy, type PolicyChange, tightBreaker } from '../soak/chaos/policies.ts'
import { type Collected, collected } from '../soak/collected.ts'
import { remains, socketOf, statusOf } from '../soak/status.ts'
import { descriptorsOf, isFlat, shown, watch } from '../soak/witness.ts'
import { call, eventually, Lab, type Running } from '../support/lab.ts'
import { type Behaviour, type Misbehaving, seeded, startMisbehaving } from '../support/misbehaving.ts'
import { steadyPorts } from '../support/ports.ts'
import { LOOPBACK } from '../support/snapshots.ts'

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 12)
const LONG_SECONDS = 100
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1e9))
const ENDPOINTS = 20
/** A data plane has 70 MB and needs 0.6 s of a core to start: few of them, with several inbounds each, in the short form. */
const PLANES = Number(process.env['CHAOS_PLANES'] ?? (SECONDS < LONG_SECONDS ? 10 : ENDPOINTS))
/** Fewer than a call has tries. */
const FAILING = 5
const POLICY_MS = 100
const DEED_MS = 150
/** Of each lane of the load between two calls: about 200 calls a second. */
const LANE_PAUSE_MS = 50
/** A failed call tells what was done so long before it. */
const BEFORE_MS = 1500
const MAX_TOLD = 10
const DRAINED_MS = 20_000
t.setTimeout((SECONDS + 180) * 1000)

const lab = new Lab()
t.teardown(() => lab.close())
const random = seeded(SEED)
const diary = new Diary()
await lab.startControlPlane()
const SERVICES = { api: 'http', rpc: 'grpc', store: 'tcp' }
const [inspectorPort = 0, api = 0, rpc = 0, store = 0, ...inPorts] = await steadyPorts(4 * ENDPOINTS + 5)
const ports = { api, rpc, store }

async function startPlane(name: string): Promise<Plane> {
  const apps: Misbehaving[] = []
  for (let i = 0; i < ENDPOINTS / PLANES; i++)
    apps.push(await startMisbehaving(t, { name: `${name}.${i + 1}`, port: inPorts.shift() ?? 0, random }))
  const inbound = apps.flatMap(app =>
    Object.entries(SERVICES).map(([service, protocol]) => ({
      port: inPorts.shift(),
      servicePort: app.port,
      tags: { 'kuma.io/service': service, 'kuma.io/protocol': protocol },
    })),
  )
  const networking = { address: LOOPBACK, inbound }
  return { name, networking, apps, running: await lab.startDataPlane({ name, networking }) }
}

/**
 * With limits of one, what is still counted of requests, of calls that wait and of retries would refuse all calls; as it is,
 * one of two at a time is refused, and calls one after the other, of which some are made again, are not.
 */
async function nothingIsCounted(planes: readonly Plane[]): Promise<void> {
  const tell = (behaviour: Behaviour) =>
    Promise.all(planes.flatMap(({ apps }) => apps.map(app => app.tell(behaviour))))
  await apply(tightBreaker())
  await tell({ do: 'slow', headMs: 100, echo: true })
  await eventually(
    () => Promise.all([call(ports.api, '/'), call(ports.api, '/')]),
    answers =>
      answers
        .map(({ status }) => status)
        .sort()
        .join() === '200,503',
  )
  await tell({ do: 'ok' })
  const failing = planes.flatMap(({ apps }) => apps).slice(0, FAILING)
  for (const app of failing) {
    await app.tell({ do: 'status', status: 503 })
    app.forget()
  }
  // Each of two workers has its own turns: one of them comes to all endpoints.
  const row = 3 * ENDPOINTS
  // In the end, for the next call may come before the one before it has left another worker.
  await eventually(
    async () => {
      let answered = 0
      for (let i = 0; i < row; i++) if ((await call(ports.api, '/')).status === 200) answered++
      return answered
    },
    answered => answered === row,
  )
  if (failing.every(app => app.seen.requests === 0)) throw new Error('no call was made again')
}

/** With two workers, which tell each other about endpoints. */
async function startCaller(dataplane: {
  readonly name: string
  readonly networking: object
}): Promise<Running> {
  const args = await lab.dataPlaneArguments(dataplane)
  const web = lab.run([`--inspect=${LOOPBACK}:${inspectorPort}`, ...args, '--concurrency=2'])
  await web.said(/data plane is ready/)
  return web
}

/** Nobody is out who is well; it takes calls to find out. */
async function allAreBack(planes: readonly Plane[]): Promise<void> {
  for (const app of planes.flatMap(({ apps }) => apps)) await app.tell({ do: 'ok' })
  await eventually(
    async () => {
      await call(ports.api, '/')
      const { outbounds } = (await statusOf(lab.dir, 'web-1')).engine
      return outbounds.filter(({ port }) => port === ports.api).flatMap(({ endpoints }) => endpoints)
    },
    all => all.length === ENDPOINTS && all.every(({ healthy }) => healthy),
  )
}

async function apply({ path, body }: PolicyChange): Promise<void> {
  const answer = body === null ? await lab.api('DELETE', path) : await lab.api('PUT', path, body)
  if (answer.status > 201 && answer.status !== 404)
    throw new Error(`${path}: ${answer.status} ${answer.body}`)
}

/** One whose answer was cut after it had begun, by what was done to its endpoint, nobody could make again; TCP never. */
function isExcused({ kind, status, isCut, app, fromMs, toMs }: Called): boolean {
  if (kind === TCP) return isCut || status >= 500 || status === 0
  return isCut && app !== '' && diary.wasHarmed(app, fromMs, toMs)
}

function told({ kind, fromMs, toMs, status, app, reason, policy, fault }: Called): string {
  const what = `${kind}: ${fault} (status ${status}, app '${app}', reason '${reason}', policy '${policy}')`
  const when = `${(fromMs / 1000).toFixed(2)} s to ${(toMs / 1000).toFixed(2)} s`
  return [`${what} ${when}`, ...diary.between(fromMs - BEFORE_MS, toMs)].join('\n    ')
}

t.test('no call fails that a healthy endpoint could serve, and nothing stays', async t => {
  t.comment(`seed ${SEED} (CHAOS_SEED)`)
  const startedAtMs = diary.nowMs
  const planes = await Promise.all(Array.from({ length: PLANES }, (_, at) => startPlane(`api-${at + 1}`)))
  await behaveWell(planes)
  for (const change of neededPolicies(random)) await apply(change)
  const web = await startCaller({
    name: 'web-1',
    networking: {
      address: LOOPBACK,
      inbound: [{ port: inPorts.shift(), servicePort: 1, tags: { 'kuma.io/service': 'web' } }],
      outbound: Object.entries(ports).map(([service, port]) => ({
        port,
        tags: { 'kuma.io/service': service },
      })),
    },
  })
  await eventually(
    () => call(ports.api, '/'),
    ({ status }) => status === 200,
  )
  t.comment(`${PLANES} data planes ready after ${((diary.nowMs - startedAtMs) / 1000).toFixed(1)} s`)
  const pid = web.child.pid ?? 0
  const before = descriptorsOf(pid)
  const witness = watch(pid, socketOf(lab.dir, 'web-1'))

  let calls = 0
  const excused = new Map<string, number>()
  const failed: Called[] = []
  const slowestMs: number[] = []
  const load = new ChaosLoad(ports, diary, called => {
    calls++
    slowestMs.push(called.toMs - called.fromMs)
    if (called.fault === '') return
    if (isExcused(called)) excused.set(called.kind, (excused.get(called.kind) ?? 0) + 1)
    else failed.push(called)
  })
  load.start(LANE_PAUSE_MS)
  const deeds = new Deeds(lab, planes, diary, seeded(SEED + 1))
  const untilMs = diary.nowMs + SECONDS * 1000
  let changes = 0
  const policies = async (): Promise<void> => {
    const chance = seeded(SEED + 2)
    while (diary.nowMs < untilMs) {
      const change = nextPolicy(chance)
      diary.note(`${change.type} ${change.conf}`)
      await apply(change)
      changes++
      await pause(POLICY_MS)
    }
  }
  const memory: Collected[] = []
  const remember = async (share: number): Promise<void> => {
    await pause(SECONDS * share * 1000)
    memory.push(await collected(pid, inspectorPort))
  }
  const harm = async (): Promise<void> => {
    while (diary.nowMs < untilMs) {
      deeds.begin()
      await pause(DEED_MS)
    }
  }
  try {
    await Promise.all([policies(), harm(), remember(1 / 3).then(() => remember(2 / 3))])
  } finally {
    await deeds.end()
    await load.stop()
    await witness.stop()
  }

  for (const [deed, count] of deeds.count) t.comment(`${count} x ${deed}`)
  const asked = planes.flatMap(({ apps }) => apps).reduce((sum, app) => sum + app.seen.requests, 0)
  slowestMs.sort((one, other) => one - other)
  const quantile = (share: number) => (slowestMs[Math.floor(slowestMs.length * share)] ?? 0).toFixed(0)
  t.comment(`${calls} calls, ${asked} requests of applications, ${changes} changes of policies`)
  t.comment(`median ${quantile(0.5)} ms, 99 % ${quantile(0.99)} ms, slowest ${quantile(0.99999)} ms`)
  const cuts = [...excused].map(([kind, count]) => `${kind} ${count}`)
  t.comment(`cut after their answer had begun, or TCP: ${cuts.join(', ')}`)
  for (const one of failed.slice(0, MAX_TOLD)) t.comment(told(one))
  t.same(deeds.faults, [], 'all that was stopped came back')
  t.equal(failed.length, 0, `no call failed of ${calls}, seed ${SEED}`)
  t.ok(calls > SECONDS * 20, `${calls} calls in ${SECONDS} s`)
  const cutCount = [...excused.values()].reduce((sum, count) => sum + count, 0)
  t.ok(cutCount < calls / 20, `few were cut: ${cutCount}`)

  for (const app of planes.flatMap(({ apps }) => apps))
    await eventually(
      async () => app.seen.running,
      n => n === 0,
    )
  // A connection of TCP that hangs would be there until its idle time is over: nobody but the application ends it.
  for (const app of planes.flatMap(({ apps }) => apps)) await app.tell({ do: 'refuse' })
  t.comment(`ports: ${JSON.stringify(ports)}`)
  for (const name of ['web-1', ...planes.map(plane => plane.name)]) {
    await eventually(
      () => remains(lab.dir, name),
      all => all.length === 0,
    )
  }
  for (const { cluster, counters } of (await statusOf(lab.dir, 'web-1')).engine.outbounds)
    t.comment(`${cluster}: ${JSON.stringify(counters)}`)
  await nothingIsCounted(planes)
  t.pass('no call is counted any more')
  await allAreBack(planes)
  t.pass('all endpoints are healthy again')
  // Connections to data planes stay: of each worker, for each endpoint of each service, two at most.
  const kept = 4 * ENDPOINTS * Object.keys(SERVICES).length
  const after = await eventually(
    async () => descriptorsOf(pid),
    now => now <= before + kept,
  )
  t.comment(`${before} descriptors before, ${after} afterwards`)
  const { samples } = witness
  t.notOk(
    samples.some(({ answeredMs }) => answeredMs < 0 || answeredMs > DRAINED_MS),
    'it always answered',
  )
  for (const line of shown('web', samples)) t.comment(line)
  if (SECONDS < LONG_SECONDS) return
  const [first, last] = memory
  for (const what of ['liveMb', 'residentMb'] as const) {
    const [fromMb = 0, toMb = 0] = [first?.[what], last?.[what]]
    t.ok(isFlat(fromMb, toMb), `${what} is flat: ${fromMb.toFixed(0)}, then ${toMb.toFixed(0)}`)
  }
})
