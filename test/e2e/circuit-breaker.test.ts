/**
 * Circuit breakers as an operator uses them, with real processes: limits and detectors written, seen on the wire and in
 * what is told about endpoints, changed while calls run, taken away.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { echoApplication } from '../support/applications.ts'
import { type Answer, call, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const [toApi = 0, toStore = 0, toBroken = 0, nobody = 0, ...inPorts] = await freePorts(10)

/** Answers with its name, and a status that can be set; a call of /slow until `finish`. */
class Application {
  readonly server = createServer((request, response) => {
    const answer = () => response.writeHead(this.status).end(this.name)
    if (request.url === '/slow') this.held.push(answer)
    else answer()
  })
  readonly name: string
  status = 200
  readonly held: (() => void)[] = []

  constructor(name: string) {
    this.name = name
  }

  async start(): Promise<number> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    t.teardown(() => void this.server.close())
    return (this.server.address() as AddressInfo).port
  }
}

const [one, two] = [new Application('one'), new Application('two')]
const echo = await echoApplication()
t.teardown(() => void echo.server.close())
const inbound = (service: string, servicePort: number, protocol: string): object => ({
  port: inPorts.shift(),
  servicePort,
  tags: { 'kuma.io/service': service, 'kuma.io/protocol': protocol },
})
await lab.startDataPlane({
  name: 'services',
  networking: {
    address: '127.0.0.1',
    inbound: [
      inbound('api', await one.start(), 'http'),
      inbound('api', await two.start(), 'http'),
      inbound('store', echo.port, 'tcp'),
      inbound('broken', nobody, 'tcp'),
    ],
  },
})
const outbound = Object.entries({ api: toApi, store: toStore, broken: toBroken }).map(([service, port]) => ({
  port,
  tags: { 'kuma.io/service': service },
}))
await lab.startDataPlane({
  name: 'web-1',
  networking: { address: '127.0.0.1', inbound: [inbound('web', nobody, 'http')], outbound },
})

const PATH = '/meshes/default/meshcircuitbreakers/test'

function put(to: string, conf: object, list: 'to' | 'rules' = 'to'): Promise<void> {
  const web = { kind: 'MeshService', name: 'web' }
  const spec =
    list === 'to'
      ? { targetRef: web, to: [{ targetRef: { kind: 'MeshService', name: to }, default: conf }] }
      : { targetRef: { kind: 'MeshService', name: to }, rules: [{ default: conf }] }
  return lab.put(PATH, { type: 'MeshCircuitBreaker', mesh: 'default', name: 'test', spec })
}

async function remove(): Promise<void> {
  const answer = await lab.api('DELETE', PATH)
  if (answer.status !== 200) throw new Error(answer.body)
}

interface Told {
  readonly endpoints: { readonly total: number; readonly healthy: number }
  readonly targets: readonly { readonly marks?: readonly { cause: string; reason: string }[] }[]
}

/** What is told of the endpoints behind a port of web. */
async function told(port: number): Promise<Told> {
  const answer = await lab.api('GET', '/meshes/default/dataplanes/web-1/_outbounds')
  const { items } = JSON.parse(answer.body) as { readonly items: readonly (Told & { port: number })[] }
  const found = items.find(item => item.port === port)
  if (found === undefined) throw new Error(`no outbound ${port}: ${answer.body}`)
  return found
}

async function answers(count: number): Promise<readonly string[]> {
  const seen: string[] = []
  for (let round = 0; round < count; round++) {
    const { status, body } = await call(toApi, '/')
    seen.push(`${body} ${status}`)
  }
  return seen
}

/** Cut, or what comes back. */
function tcp(port: number): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('hello'))
    socket.on('data', bytes => {
      resolve(bytes.toString())
      socket.destroy()
    })
    socket.on('error', () => resolve('cut'))
    socket.on('close', () => resolve('cut'))
  })
}

await eventually(
  () => answers(2),
  seen => seen.toSorted().join() === 'one 200,two 200',
)
await eventually(
  () => tcp(toStore),
  text => text === 'hello',
)

t.test('an instance with bad answers is taken out, told about, and back when its time is over', async t => {
  two.status = 500
  const detection = (totalFailures: object) => ({
    outlierDetection: {
      interval: '500ms',
      baseEjectionTime: '2s',
      maxEjectionPercent: 50,
      detectors: { totalFailures },
    },
  })
  await put('api', detection({ consecutive: 3 }))
  const out = await eventually(
    async () => {
      await answers(2)
      return told(toApi)
    },
    ({ endpoints }) => endpoints.healthy === 1,
  )
  const marks = out.targets.flatMap(target => target.marks ?? [])
  t.match(marks, [{ cause: 'ejected', reason: '3 failures in a row (MeshCircuitBreaker/test)' }])
  t.same(new Set(await answers(6)), new Set(['one 200']))
  // What is known of endpoints outlives the change.
  await put('api', detection({ consecutive: 4 }))
  const stats = await lab.api('GET', '/meshes/default/dataplanes/web-1/stats')
  t.match(stats.body, /cluster\.api\.outlier_detection\.ejections_active: 1/)
  two.status = 200
  await eventually(
    () => told(toApi),
    ({ endpoints }) => endpoints.healthy === 2,
  )
  t.same((await answers(4)).toSorted(), ['one 200', 'one 200', 'two 200', 'two 200'])
  await remove()
})

t.test('all instances out: panic uses them all, unless its threshold is 0', async t => {
  for (const app of [one, two]) app.status = 500
  const outlierDetection = {
    baseEjectionTime: '60s',
    maxEjectionPercent: 100,
    detectors: { totalFailures: { consecutive: 1 } },
  }
  await put('api', { outlierDetection })
  await eventually(
    async () => {
      await answers(2)
      return told(toApi)
    },
    ({ endpoints }) => endpoints.healthy === 0,
  )
  t.same((await answers(4)).toSorted(), ['one 500', 'one 500', 'two 500', 'two 500'])
  await put('api', { outlierDetection: { ...outlierDetection, healthyPanicThreshold: 0 } })
  const refused = await eventually(
    () => call(toApi, '/'),
    ({ status }) => status === 503,
  )
  t.equal(refused.body, 'no healthy upstream')
  t.equal(refused.headers['x-vmesh-reason'], 'no-healthy-endpoint')
  for (const app of [one, two]) app.status = 200
  await remove()
  await eventually(
    () => call(toApi, '/'),
    ({ status }) => status === 200,
  )
  t.equal((await told(toApi)).endpoints.healthy, 2, 'without the policy nobody is out')
})

t.test('requests beyond the limit are refused at once, as Envoy does', async t => {
  const slow: Promise<Answer>[] = []
  for (const wanted of [1, 2]) {
    slow.push(call(toApi, '/slow'))
    await eventually(
      async () => one.held.length + two.held.length,
      held => held === wanted,
    )
  }
  await put('api', { connectionLimits: { maxRequests: 2 } })
  const refused = await eventually(
    () => call(toApi, '/'),
    ({ status }) => status === 503,
  )
  t.match(refused, {
    body: /reset reason: overflow$/,
    headers: {
      'x-envoy-overloaded': 'true',
      'x-vmesh-reason': 'overflow',
      'x-vmesh-policy': 'MeshCircuitBreaker/test',
    },
  })
  await put('api', { connectionLimits: { maxRequests: 3 } })
  await eventually(
    () => call(toApi, '/'),
    ({ status }) => status === 200,
  )
  for (const finish of [...one.held.splice(0), ...two.held.splice(0)]) finish()
  for (const { status } of await Promise.all(slow)) t.equal(status, 200)
  await remove()
})

t.test('TCP connections beyond the limit are cut', async t => {
  await put('store', { connectionLimits: { maxConnections: 1 } })
  const held = connect({ port: toStore, host: '127.0.0.1' })
  held.on('error', () => {})
  held.write('hold')
  await once(held, 'data')
  await eventually(
    () => tcp(toStore),
    text => text === 'cut',
  )
  held.destroy()
  t.equal(
    await eventually(
      () => tcp(toStore),
      text => text === 'hello',
    ),
    'hello',
  )
  await remove()
})

t.test('an application that refuses connections is taken out behind its inbound', async t => {
  const inboundStats = async (): Promise<string> =>
    (await lab.api('GET', '/meshes/default/dataplanes/services/stats')).body
  const isOut = /localhost_\d+\.outlier_detection\.ejections_active: 1/
  const rules = {
    outlierDetection: {
      interval: '500ms',
      baseEjectionTime: '1s',
      maxEjectionPercent: 100,
      healthyPanicThreshold: 0,
      splitExternalAndLocalErrors: true,
      detectors: { localOriginFailures: { consecutive: 2 } },
    },
  }
  await put('broken', rules, 'rules')
  await eventually(
    async () => {
      t.equal(await tcp(toBroken), 'cut')
      return inboundStats()
    },
    text => isOut.test(text),
  )
  await eventually(inboundStats, text => !isOut.test(text))
  await remove()
})
