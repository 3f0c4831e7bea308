/**
 * Policies of routing and balancing as an operator uses them, with real processes: written, seen on the wire, changed while
 * calls run, taken away.
 */
import { connect } from 'node:net'
import t from 'tap'
import { echoApplication, httpApplication } from '../support/applications.ts'
import { type Answer, call, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const [toApi = 0, toStore = 0, toLegacy = 0, ...inPorts] = await freePorts(12)
const apps = await Promise.all(['v1', 'v2', 'other', 'old', 'new'].map(name => httpApplication(name)))
for (const { server } of apps) t.teardown(() => void server.close())
const [v1, v2, other, old, young] = apps.map(({ port }) => port)
const echo = await echoApplication()
t.teardown(() => void echo.server.close())

function inbound(servicePort: number | undefined, tags: Readonly<Record<string, string>>): object {
  return { port: inPorts.shift(), servicePort, tags: { 'kuma.io/protocol': 'http', ...tags } }
}

const plane = (name: string, inbound: readonly object[], outbound: readonly object[] = []) =>
  lab.startDataPlane({ name, networking: { address: '127.0.0.1', inbound, outbound } })
await plane('services', [
  inbound(v1, { 'kuma.io/service': 'api', version: 'v1', rack: 'a' }),
  inbound(v2, { 'kuma.io/service': 'api', version: 'v2', rack: 'b' }),
  inbound(other, { 'kuma.io/service': 'other' }),
  inbound(old, { 'kuma.io/service': 'legacy', version: 'old' }),
  inbound(young, { 'kuma.io/service': 'legacy', version: 'new' }),
  inbound(v1, { 'kuma.io/service': 'store', 'kuma.io/protocol': 'tcp' }),
  inbound(echo.port, { 'kuma.io/service': 'store-new', 'kuma.io/protocol': 'tcp' }),
])
const outbound = Object.entries({ api: toApi, store: toStore, legacy: toLegacy }).map(([service, port]) => ({
  port,
  tags: { 'kuma.io/service': service },
}))
await plane('web-1', [inbound(other, { 'kuma.io/service': 'web', rack: 'a' })], outbound)

type Spec = Readonly<Record<string, unknown>>
const paths: Readonly<Record<string, string>> = {
  MeshHTTPRoute: 'meshhttproutes',
  MeshTCPRoute: 'meshtcproutes',
  MeshLoadBalancingStrategy: 'meshloadbalancingstrategies',
}

/** A policy for the calls of `web` to `service`. */
function put(type: string, service: string, item: Spec): Promise<void> {
  return lab.put(`/meshes/default/${paths[type]}/test`, {
    type,
    mesh: 'default',
    name: 'test',
    spec: {
      targetRef: { kind: 'MeshService', name: 'web' },
      to: [{ targetRef: { kind: 'MeshService', name: service }, ...item }],
    },
  })
}

async function remove(type: string): Promise<void> {
  const answer = await lab.api('DELETE', `/meshes/default/${paths[type]}/test`)
  if (answer.status !== 200) throw new Error(answer.body)
}

/** Asks until the answer is as wanted. */
function sees(
  port: number,
  path: string,
  isWanted: (answer: Answer) => boolean,
  headers = {},
): Promise<Answer> {
  return eventually(() => call(port, path, { headers }), isWanted)
}

/** Who answers so many calls. */
async function whoAnswers(port: number, count: number, headers = {}): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let round = 0; round < count; round++) {
    const name = (await call(port, '/', { headers })).body.split(' ')[0] ?? ''
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** Once a call is answered as wanted, all are. */
const from = (name: string) => (answer: Answer) => answer.body.startsWith(`${name} `)
const subset = (version: string, weight: number) => ({
  kind: 'MeshServiceSubset',
  name: 'api',
  tags: { version },
  weight,
})
await sees(toApi, '/', from('v1'))
await sees(toLegacy, '/', from('old'))

t.test('MeshHTTPRoute: matches, headers, rewrites, redirects, shares', async t => {
  const rules = (canary: string) => [
    {
      matches: [
        { path: { type: 'PathPrefix', value: '/canary' }, headers: [{ name: 'x-beta', value: '1' }] },
      ],
      default: { backendRefs: [subset(canary, 100)] },
    },
    {
      matches: [{ path: { type: 'PathPrefix', value: '/other' } }],
      default: {
        backendRefs: [{ kind: 'MeshService', name: 'other' }],
        filters: [
          {
            type: 'URLRewrite',
            urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
          },
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: { add: [{ name: 'x-by', value: 'route' }] },
          },
        ],
      },
    },
    {
      matches: [{ path: { type: 'Exact', value: '/moved' } }],
      default: {
        filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'new.local', statusCode: 307 } }],
      },
    },
  ]
  await put('MeshHTTPRoute', 'api', { rules: rules('v2') })
  const beta = { 'x-beta': '1' }
  await sees(toApi, '/moved', ({ status }) => status === 307)
  for (let round = 0; round < 4; round++)
    t.match((await call(toApi, '/canary/x', { headers: beta })).body, /^v2 GET \/canary\/x/)
  const rewritten = await call(toApi, '/other/a?b=c')
  t.match(rewritten.body, /^other GET \/a\?b=c /)
  t.equal(rewritten.headers['x-by'], 'route')
  const moved = await call(toApi, '/moved')
  t.equal(moved.headers['location'], 'http://new.local/moved')
  t.equal(moved.headers['x-vmesh-policy'], 'MeshHTTPRoute/test')
  t.strictSame(Object.keys(await whoAnswers(toApi, 8)).sort(), ['v1', 'v2'], 'what no rule matches')

  await put('MeshHTTPRoute', 'api', { rules: rules('v1') })
  await sees(toApi, '/canary', from('v1'), beta)
  for (let round = 0; round < 4; round++)
    t.match((await call(toApi, '/canary', { headers: beta })).body, /^v1 /)

  const split = [
    {
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      default: { backendRefs: [subset('v1', 80), subset('v2', 20)] },
    },
  ]
  await put('MeshHTTPRoute', 'api', { rules: split })
  await sees(toApi, '/moved', ({ status }) => status === 200)
  const { v2: share = 0 } = await whoAnswers(toApi, 500)
  // five standard deviations
  t.ok(Math.abs(share - 100) < 45, `${share} of 500`)
  await remove('MeshHTTPRoute')
})

t.test('MeshTCPRoute: connections go where it says, and back when it goes', async t => {
  const speak = (text: string) =>
    new Promise<string>(resolve => {
      const socket = connect({ port: toStore, host: '127.0.0.1' }, () => socket.write(text))
      socket.once('data', data => {
        resolve(data.toString())
        socket.destroy()
      })
      socket.once('error', () => resolve('error'))
      socket.once('close', () => resolve('closed'))
    })
  const hello = 'GET /hello HTTP/1.1\r\nHost: b\r\n\r\n'
  await eventually(
    () => speak(hello),
    heard => heard.includes('v1 GET /hello'),
  )
  await put('MeshTCPRoute', 'store', {
    rules: [{ default: { backendRefs: [{ kind: 'MeshService', name: 'store-new' }] } }],
  })
  await eventually(
    () => speak(hello),
    heard => heard === hello,
  )
  for (let round = 0; round < 4; round++) t.equal(await speak('echo'), 'echo')
  await remove('MeshTCPRoute')
  await eventually(
    () => speak(hello),
    heard => heard.includes('v1 GET /hello'),
  )
})

t.test('MeshLoadBalancingStrategy: by hash, and near before far', async t => {
  const hashed = (type: 'RingHash' | 'Maglev') => ({
    default: {
      loadBalancer: { type },
      hashPolicies: [{ type: 'Header', header: { name: 'x-user' } }],
    },
  })
  for (const type of ['RingHash', 'Maglev'] as const) {
    await put('MeshLoadBalancingStrategy', 'api', hashed(type))
    const homes = new Set<string>()
    for (let user = 0; user < 12; user++) {
      const headers = { 'x-user': `user-${user}` }
      const home = await eventually(
        () => whoAnswers(toApi, 4, headers),
        counts => Object.keys(counts).length === 1,
      )
      homes.add(Object.keys(home)[0] ?? '')
    }
    t.equal(homes.size, 2, `${type}: users are spread`)
  }
  await put('MeshLoadBalancingStrategy', 'api', {
    default: { localityAwareness: { localZone: { affinityTags: [{ key: 'rack', weight: 9000 }] } } },
  })
  await eventually(
    () => whoAnswers(toApi, 20),
    counts => (counts['v1'] ?? 0) === 20,
  )
  await remove('MeshLoadBalancingStrategy')
  await eventually(
    () => whoAnswers(toApi, 10),
    counts => counts['v1'] === 5 && counts['v2'] === 5,
  )
})

t.test('TrafficRoute: legacy routes by path and split, as long as no MeshHTTPRoute is there', async t => {
  const destination = (version: string) => ({ 'kuma.io/service': 'legacy', version })
  const route = (version: string) =>
    lab.put('/meshes/default/traffic-routes/test', {
      type: 'TrafficRoute',
      mesh: 'default',
      name: 'test',
      sources: [{ match: { 'kuma.io/service': 'web' } }],
      destinations: [{ match: { 'kuma.io/service': 'legacy' } }],
      conf: {
        http: [
          {
            match: { path: { prefix: '/next' } },
            modify: { path: { rewritePrefix: '/now' } },
            destination: destination('new'),
          },
        ],
        split: [{ weight: 100, destination: destination(version) }],
      },
    })
  await route('old')
  await sees(toLegacy, '/next/a', ({ body }) => /^new GET \/now\/a/.test(body))
  t.strictSame(await whoAnswers(toLegacy, 6), { old: 6 })
  await route('new')
  await sees(toLegacy, '/', from('new'))
  t.strictSame(await whoAnswers(toLegacy, 6), { new: 6 })
  const removed = await lab.api('DELETE', '/meshes/default/traffic-routes/test')
  t.equal(removed.status, 200)
  await eventually(
    () => whoAnswers(toLegacy, 6),
    counts => counts['old'] === 3 && counts['new'] === 3,
  )
})
