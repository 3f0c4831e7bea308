/** The data planes' port of a real control plane, spoken to by simulated data planes. */
import t from 'tap'
import { dataplane, eventually, Lab } from '../support/lab.ts'
import { SimulatedProxy } from '../support/simulated-proxy.ts'

const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane({ VMESH_DP_SERVER_LEASE: '1s', VMESH_DP_SERVER_PING_INTERVAL: '200ms' })
const anyToken = await lab.api('POST', '/tokens/dataplane', { mesh: 'default' })

function proxy(
  options: Partial<ConstructorParameters<typeof SimulatedProxy>[0]> & { name: string },
): SimulatedProxy {
  const { name } = options
  const value = dataplane({
    name,
    service: name.split('-')[0] ?? '',
    port: 8080,
    servicePort: 80,
    outbounds: { 10001: 'api' },
  })
  const definition = { type: 'Dataplane', mesh: 'default', ...value }
  const made = new SimulatedProxy({
    port: lab.ports.dp,
    ca: lab.ca,
    token: anyToken.body,
    dataplane: definition,
    ...options,
  })
  t.teardown(() => made.close())
  return made
}

const endpoints = (one: SimulatedProxy): number => {
  const cluster = one.sections.get('cluster/api') as { readonly endpoints: readonly object[] } | undefined
  return cluster?.endpoints.length ?? -1
}

t.test('nobody gets a frame without a valid token for its name', async t => {
  for (const [token, expected] of [
    ['', /^401 /],
    ['nonsense', /^401 /],
    [await lab.token({ name: 'somebody-else' }), /^403 .*somebody-else/],
  ] as const) {
    const stranger = proxy({ name: 'web-0', token })
    await t.rejects(stranger.connect())
    t.match(stranger.refusal, expected)
    t.equal(stranger.received, 0)
  }
  t.equal((await lab.api('GET', '/meshes/default/dataplanes/web-0')).status, 404, 'nothing was registered')
})

t.test('a token for tags that the Dataplane does not carry is refused', async t => {
  const { body } = await lab.api('POST', '/tokens/dataplane', {
    mesh: 'default',
    tags: { 'kuma.io/service': ['db'] },
  })
  const web = proxy({ name: 'web-0', token: body })
  await t.rejects(web.connect())
  t.match(web.refusal, /push\.token .*kuma\.io\/service/)
  t.equal((await lab.api('GET', '/meshes/default/dataplanes/web-0')).status, 404)
})

t.test('a Dataplane changed so that the token no longer fits: its session is cut', async t => {
  const { body } = await lab.api('POST', '/tokens/dataplane', {
    mesh: 'default',
    tags: { 'kuma.io/service': ['cut'] },
  })
  const cut = proxy({ name: 'cut-1', token: body })
  await cut.connect()
  const changed = dataplane({ name: 'cut-1', service: 'other', port: 8080, servicePort: 80 })
  await lab.put('/meshes/default/dataplanes/cut-1', { type: 'Dataplane', mesh: 'default', ...changed })
  await cut.closed()
  t.match(cut.refusal, /push\.token/)
})

t.test('registration and the first snapshot come in one exchange, and only what is its own', async t => {
  const web = proxy({ name: 'web-1' })
  await web.connect()
  t.equal(web.received, 1)
  t.same([...web.sections.keys()].sort(), [
    'cluster/api',
    'identity',
    'listener/127.0.0.1:10001',
    'listener/127.0.0.1:8080',
    'trust/default',
  ])
})

t.test('a new endpoint reaches its callers, a lost one leaves, a returning one comes back', async t => {
  const caller = proxy({ name: 'web-2' })
  await caller.connect()
  const apis = [1, 2, 3].map(i => proxy({ name: `api-${i}` }))
  for (const api of apis) await api.connect()
  t.equal(
    await eventually(
      async () => endpoints(caller),
      count => count === 3,
    ),
    3,
  )
  apis[0]?.close()
  t.equal(
    await eventually(
      async () => endpoints(caller),
      count => count === 2,
    ),
    2,
  )
  await proxy({ name: 'api-1', incarnation: 2 }).connect()
  t.equal(
    await eventually(
      async () => endpoints(caller),
      count => count === 3,
    ),
    3,
  )
})

t.test('who says goodbye leaves at once and its Dataplane with it', async t => {
  const caller = proxy({ name: 'web-3' })
  await caller.connect()
  const before = endpoints(caller)
  const leaver = proxy({ name: 'api-9' })
  await leaver.connect()
  await eventually(
    async () => endpoints(caller),
    count => count === before + 1,
  )
  leaver.send({ type: 'leave' })
  await eventually(
    async () => endpoints(caller),
    count => count === before,
  )
  leaver.close()
  const path = '/meshes/default/dataplanes/api-9'
  t.equal(
    (
      await eventually(
        () => lab.api('GET', path),
        answer => answer.status === 404,
      )
    ).status,
    404,
  )
})

t.test('the goodbye of a predecessor does not take away the registration of its successor', async t => {
  const first = proxy({ name: 'twin-1', incarnation: 1 })
  await first.connect()
  const second = proxy({ name: 'twin-1', incarnation: 2 })
  await second.connect()
  await first.closed()
  t.match(first.refusal, /push\.replaced/)
  t.equal((await lab.api('GET', '/meshes/default/dataplanes/twin-1')).status, 200)
})

t.test('a faulty Dataplane is refused with the paths of its faults', async t => {
  const faulty = proxy({
    name: 'web-4',
    dataplane: { type: 'Dataplane', mesh: 'default', name: 'web-4', networking: { inbound: [{ port: 0 }] } },
  })
  await t.rejects(faulty.connect())
  t.match(faulty.refusal, /push\.invalid-dataplane .*networking\.address.*networking\.inbound\[0\]\.port/)
})

t.test('without a file the Dataplane has to exist', async t => {
  const missing = proxy({ name: 'web-5', dataplane: null })
  await t.rejects(missing.connect())
  t.match(
    missing.refusal,
    /there is no Dataplane web-5 in mesh default; create it or start with --dataplane-file/,
  )
})

t.test('a refused snapshot is shown with its reason', async t => {
  const picky = proxy({ name: 'web-6', refuses: 'no room for it' })
  await picky.connect()
  const shown = await eventually(
    () => lab.api('GET', '/meshes/default/dataplanes+insights/web-6'),
    answer => /responsesRejected/.test(answer.body),
  )
  t.match(shown.body, /listener\/127\.0\.0\.1:8080: no room for it/)
})

t.test('a deleted Dataplane ends the session of its daemon', async t => {
  const gone = proxy({ name: 'web-7' })
  await gone.connect()
  await lab.api('DELETE', '/meshes/default/dataplanes/web-7')
  await gone.closed()
  t.match(gone.refusal, /push\.dataplane-deleted/)
})

t.test('a control plane that stops lets those go who said goodbye, and logs no fault', async t => {
  const leaving = proxy({ name: 'left-1' })
  await leaving.connect()
  leaving.send({ type: 'leave' })
  await lab.controlPlane?.stop('SIGTERM')
  t.notMatch(lab.controlPlane?.output, /"level":"error"|\.ts:\d+/)
  await lab.startControlPlane()
  t.equal((await lab.api('GET', '/meshes/default/dataplanes/left-1')).status, 404)
})
