/** How data planes are: connection and health as two things, wanted and applied, refusals, certificates. */
import t from 'tap'
import { newSubscription } from '../../../cp/push/subscription.ts'
import { send, startApi } from '../../support/api.ts'
import { startPush } from '../../support/push-fixture.ts'
import { aDataplane, aMesh, aPermission } from '../../support/resources.ts'

const push = await startPush(t)
const { insights, scheduler, sessions, settling, store } = push.context
const live = { insights, scheduler, sessions, settling, store, mesh: (name: string) => scheduler.mesh(name) }
const run = await startApi({
  folder: t.testdir(),
  store: push.store,
  live,
  insight: (mesh, name) => insights.spec(mesh, name),
})
t.teardown(() => run.close())
// the API's own has no mTLS
await push.put(aMesh())
await scheduler.caughtUp()
const status = async (name: string): Promise<Record<string, unknown>> =>
  (await send('GET', `${run.http}/meshes/default/dataplanes/${name}/_status`)).json as Record<string, unknown>
const version = () => `1-${push.store.revision()}`

t.test('a data plane that was never there', async t => {
  await push.put(aDataplane('db-1', { service: 'db', state: 'NotReady', port: 5432 }))
  t.same(await status('db-1'), {
    mesh: 'default',
    name: 'db-1',
    services: ['db'],
    connection: { state: 'never' },
    health: {
      ready: 0,
      notProbed: 0,
      total: 1,
      notReady: [{ port: 5432, service: 'db', reason: 'its Dataplane says NotReady' }],
    },
    snapshot: { isCurrent: false },
    unenforced: 0,
  })
})

t.test('one that runs what it should, one that refused, one that left', async t => {
  const web = await push.live(aDataplane('web-1', { service: 'web' }))
  const first = version()
  t.match(await status('web-1'), {
    connection: { state: 'online', since: /Z$/, address: '192.168.0.9', controlPlane: 'cp-1' },
    health: { ready: 0, notProbed: 1, total: 1, notReady: [] },
    snapshot: { wanted: first, applied: first, appliedTime: /Z$/, isCurrent: true },
    version: '0',
  })

  const mesh = { kind: 'Mesh' } as const
  await push.put(aPermission('p', mesh, [[mesh, 'Allow']]))
  const refused = await web.hears('snapshot')
  t.match(await status('web-1'), { snapshot: { wanted: version(), applied: first, isCurrent: false } })
  const violations = [{ path: 'listener', message: 'port taken' }]
  web.says({ type: 'refuse', version: refused.version, violations })
  t.match(await status('web-1'), {
    connection: { state: 'online' },
    snapshot: { applied: first, isCurrent: false, refusal: { version: version(), violations } },
  })

  web.drop()
  const gone = await status('web-1')
  t.match(gone, {
    connection: { state: 'lost', since: /Z$/ },
    snapshot: {
      applied: first,
      isCurrent: false,
      refusal: { violations: [{ message: 'listener: port taken' }] },
    },
  })
})

t.test('an inbound is ready only where its Dataplane tells so, and where it is in rotation', async t => {
  const tags = { 'kuma.io/service': 'told' }
  const inbound = [{ port: 8080, tags, health: { ready: true } }]
  const told = await push.live({
    ...aDataplane('told-1'),
    spec: { networking: { address: '192.168.0.1', inbound } },
  })
  t.match(await status('told-1'), { health: { ready: 1, notProbed: 0, total: 1, notReady: [] } })
  told.drop()
  t.match(await status('told-1'), { connection: { state: 'lost' }, health: { ready: 1 } }, 'callers have it')
  scheduler.setRotation('default', 'told-1', 'lost')
  t.match(await status('told-1'), { health: { ready: 0, notProbed: 0, total: 1, notReady: [] } })
  t.match(await status('web-1'), { health: { ready: 0, notProbed: 1, total: 1 } })
  await push.put(aDataplane('new-1', { service: 'new' }))
  t.match(await status('new-1'), { connection: { state: 'never' }, health: { ready: 0, notProbed: 0 } })
  await push.store.commit(
    ['told-1', 'new-1'].map(name => ({ op: 'delete', key: { type: 'Dataplane', mesh: 'default', name } })),
  )
})

t.test('who was connected before the control plane started is lost since that start', async t => {
  await push.put(aDataplane('old-1', { service: 'old' }))
  const of = { controlPlane: 'cp-0', dpVersion: '', address: '', appliedVersion: '' }
  insights.open('default', 'old-1', newSubscription(of, Date.now() - 86_400_000))
  const { connection } = (await status('old-1')) as { connection: { state: string; since: string } }
  t.equal(connection.state, 'lost')
  t.ok(Date.now() - Date.parse(connection.since) < 1_000 * process.uptime() + 1_000)
  await push.store.commit([{ op: 'delete', key: { type: 'Dataplane', mesh: 'default', name: 'old-1' } }])
})

t.test('the life that is left of a certificate', async t => {
  const state = insights.get('default', 'web-1')
  if (state === undefined) throw new Error('no insight')
  const hour = 3600_000
  state.certificate = {
    issuedAtMs: Date.now() - 3 * hour,
    notAfterMs: Date.now() + hour,
    regenerations: 1,
    backend: 'ca-1',
  }
  t.match(await status('web-1'), {
    certificate: { expires: /Z$/, issued: /Z$/, lifeLeftPercent: 25, backend: 'ca-1' },
  })
})

t.test('lists filter as Dataplanes do', async t => {
  for (const path of ['/dataplanes/_status', '/meshes/default/dataplanes/_status']) {
    const all = await send('GET', `${run.http}${path}`)
    t.match(all.json, { total: 2, items: [{ name: 'db-1' }, { name: 'web-1' }], next: null })
    const some = await send('GET', `${run.http}${path}?tag=kuma.io/service:db`)
    t.match(some.json, { total: 1, items: [{ name: 'db-1' }] })
  }
  t.equal((await send('GET', `${run.http}/meshes/default/dataplanes/none/_status`)).status, 404)
})

t.test(
  'what probes say of an inbound stands beside its connection, with the reason and since when',
  async t => {
    const tags = { 'kuma.io/service': 'probed' }
    const spec = {
      networking: { address: '192.168.0.7', inbound: [{ port: 8080, tags, serviceProbe: { tcp: {} } }] },
    }
    const daemon = await push.live({ ...aDataplane('probed-1'), spec }, { features: ['service-probes'] })
    const silent = { port: 8080, service: 'probed', reason: 'no probe of its application has succeeded yet' }
    t.match(await status('probed-1'), {
      connection: { state: 'online' },
      health: { ready: 0, notProbed: 0, total: 1, notReady: [silent] },
    })
    const says = (isReady: boolean, reason: string) =>
      daemon.says({
        type: 'readiness',
        inbounds: { '192.168.0.7:8080': { isReady, reason, sinceMs: 86_400_000 } },
      })
    says(false, 'nobody listens')
    const told = {
      port: 8080,
      service: 'probed',
      reason: 'nobody listens',
      since: '1970-01-02T00:00:00.000Z',
    }
    t.match(await status('probed-1'), {
      connection: { state: 'online' },
      health: { ready: 0, notReady: [told] },
    })
    const inbound = async () => {
      const { json } = await send('GET', `${run.http}/meshes/default/dataplanes/probed-1/_overview`)
      const { dataplane } = json as { dataplane: typeof spec & { networking: { inbound: object[] } } }
      return dataplane.networking.inbound[0]
    }
    const service = async () =>
      (await send('GET', `${run.http}/meshes/default/service-insights/probed`)).json as object
    t.match(await inbound(), { state: 'NotReady', health: { ready: false } })
    t.match(await service(), { status: 'offline' })
    says(true, '')
    t.match(await status('probed-1'), { health: { ready: 1, notProbed: 0, total: 1, notReady: [] } })
    t.match(await inbound(), { state: 'Ready', health: { ready: true } })
    t.match(await service(), { status: 'online' })
    daemon.drop()
    t.match(await status('probed-1'), { connection: { state: 'lost' }, health: { ready: 1, notReady: [] } })
  },
)
