/** Writes that are only tried (`dryRun`), and writes that wait for data planes (`wait=applied`). */
import t from 'tap'
import { type Reply, type RunningApi, type SendOptions, send, startApi } from '../../support/api.ts'
import { type PushFixture, startPush } from '../../support/push-fixture.ts'
import { aDataplane } from '../../support/resources.ts'

type Test = import('tap').Test
type Put = (path: string, body?: unknown, options?: SendOptions) => Promise<Reply>

const PERMISSIONS = '/meshes/default/meshtrafficpermissions'
const permission = (name: string, action: string) => ({
  type: 'MeshTrafficPermission',
  mesh: 'default',
  name,
  spec: {
    targetRef: { kind: 'MeshService', name: 'web' },
    from: [{ targetRef: { kind: 'Mesh' }, default: { action } }],
  },
})

/** The API and sessions on one store; `mTLS` as it was before the API wrote its mesh without. */
async function both(t: Test): Promise<{ run: RunningApi; push: PushFixture; put: Put }> {
  const push = await startPush(t)
  const mesh = await push.store.get({ type: 'Mesh', mesh: '', name: 'default' })
  const { insights, scheduler, sessions, settling, store } = push.context
  const live = {
    insights,
    scheduler,
    sessions,
    settling,
    store,
    mesh: (name: string) => scheduler.mesh(name),
  }
  const run = await startApi({ folder: t.testdir(), store: push.store, live })
  if (mesh !== null) await push.put(mesh)
  await scheduler.idle()
  t.teardown(() => run.close())
  const put: Put = (path, body, options = {}) => send('PUT', `${run.http}${path}`, { ...options, body })
  return { run, push, put }
}

t.test('a dry run names the data planes and sections that would change, and writes nothing', async t => {
  const { run, push, put } = await both(t)
  const daemon = await push.live(aDataplane('web-1', { service: 'web' }))
  await push.put(aDataplane('web-2', { service: 'web' }), aDataplane('db-1', { service: 'db' }))
  const revision = push.store.revision()
  const dry = await put(`${PERMISSIONS}/p?dryRun=true`, permission('p', 'Allow'))
  const web = (name: string, isConnected: boolean) => ({
    mesh: 'default',
    name,
    isConnected,
    sections: { added: [], changed: [/^listener\//], removed: [] },
  })
  t.match(dry, {
    status: 200,
    json: {
      dryRun: true,
      outcome: 'created',
      changes: [{ op: 'add', path: '', value: { type: 'MeshTrafficPermission', name: 'p' } }],
      affected: { total: 2, dataplanes: [web('web-1', true), web('web-2', false)] },
    },
  })
  t.equal(push.store.revision(), revision)
  t.equal(daemon.frames.filter(({ type }) => type === 'snapshot').length, 1)

  await put(`${PERMISSIONS}/p`, permission('p', 'Allow'))
  const same = await put(`${PERMISSIONS}/p?dryRun=true`, permission('p', 'Allow'))
  t.match(same.json, { outcome: 'unchanged', changes: [], affected: { total: 0 } })
  const { etag } = (await send('GET', `${run.http}${PERMISSIONS}/p`)).headers
  t.ok(etag)
  t.match([dry.headers.etag, same.headers.etag], [undefined, etag], 'the version of what is stored')
  const other = await put(`${PERMISSIONS}/p?dryRun`, permission('p', 'Deny'))
  t.match(other.json, { outcome: 'updated', changes: [{ op: 'replace', before: 'Allow', value: 'Deny' }] })
  const brief = await put(`${PERMISSIONS}/p?dryRun&affected=false`, permission('p', 'Deny'))
  t.match(brief.json, { outcome: 'updated', affected: undefined }, 'who is in a hurry does not ask for whom')
  const gone = await send('DELETE', `${run.http}${PERMISSIONS}/p?dryRun=true`)
  t.match(gone, { status: 200, json: { outcome: 'deleted', affected: { total: 2 } } })
  t.equal((await send('GET', `${run.http}${PERMISSIONS}/p`)).status, 200)
})

t.test('a dry run refuses what the write would', async t => {
  const { run, put, push } = await both(t)
  const revision = push.store.revision()
  const path = `${PERMISSIONS}/p?dryRun=true`
  t.match(await put(path, permission('p', 'Perhaps')), { status: 400 })
  t.match(await put(path, permission('p', 'Allow'), { headers: { 'if-match': '"1-1"' } }), { status: 412 })
  t.match(await put('/meshes/none/dataplanes/a?dryRun=true', { type: 'Dataplane' }), { status: 404 })
  t.match(await send('DELETE', `${run.http}${path}`), { status: 404 })
  const wrong = await put(
    `${PERMISSIONS}/p?dryRun=yes&affected=no&wait=some&timeout=1d`,
    permission('p', 'Allow'),
  )
  t.match(wrong, {
    status: 400,
    json: {
      invalid_parameters: [
        { field: 'dryRun' },
        { field: 'affected' },
        { field: 'wait' },
        { field: 'timeout' },
      ],
    },
  })
  t.equal(push.store.revision(), revision, 'a wrong parameter writes nothing')
})

t.test('who deletes the Dataplane of a connected daemon is told that it comes back', async t => {
  const { run, push } = await both(t)
  await push.live(aDataplane('web-1', { service: 'web' }))
  await push.put(aDataplane('web-2', { service: 'web' }))
  const path = `${run.http}/meshes/default/dataplanes`
  const sentence =
    /^the data plane default\/web-1 is connected and registers it again .*; stop vmesh-dp there/
  t.match(await send('DELETE', `${path}/web-1?dryRun=true`), { json: { warnings: [sentence] } })
  t.match(await send('DELETE', `${path}/web-1`), {
    status: 200,
    json: { warnings: [sentence] },
    headers: { warning: /^299 - "the data plane default\/web-1 is connected/ },
  })
  const other = await send('DELETE', `${path}/web-2`)
  t.same([other.status, other.json, other.headers['warning']], [200, {}, undefined])
})

t.test('waits until those that changed have acknowledged', async t => {
  const { push, put } = await both(t)
  const web = await push.live(aDataplane('web-1', { service: 'web' }))
  await push.live(aDataplane('db-1', { service: 'db' }))
  const answer = put(`${PERMISSIONS}/p?wait=applied`, permission('p', 'Allow'))
  await web.acknowledges()
  const reply = await answer
  t.match(reply, {
    status: 201,
    json: {
      applied: {
        isComplete: true,
        total: 1,
        acknowledged: 1,
        pending: [],
      },
    },
  })
  const { version } = (reply.json as { applied: { version: string } }).applied
  t.equal(reply.headers.etag, `"${version}"`)
})

t.test(
  'one that has gone away has not applied it, until it is back; who is not touched never counts',
  async t => {
    const { run, push, put } = await both(t)
    const web = await push.live(aDataplane('web-1', { service: 'web' }))
    const db = await push.live(aDataplane('db-1', { service: 'db' }))
    // db-1 is at odds with something else
    const other = put('/meshes/default/meshtrafficpermissions/db', {
      ...permission('db', 'Allow'),
      spec: { ...permission('db', 'Allow').spec, targetRef: { kind: 'MeshService', name: 'db' } },
    })
    const { version: refused } = await db.hears('snapshot')
    db.says({ type: 'refuse', version: refused, violations: [{ path: 'listener', message: 'port taken' }] })
    await other
    web.drop()
    const away = await put(`${PERMISSIONS}/p?wait=applied&timeout=50ms`, permission('p', 'Allow'))
    t.match(away, {
      status: 202,
      json: {
        applied: {
          isComplete: false,
          total: 1,
          acknowledged: 0,
          pending: [{ mesh: 'default', name: 'web-1', state: 'offline', reason: /^not connected since 20/ }],
        },
      },
    })
    const { version } = (away.json as { applied: { version: string } }).applied
    const unchanged = await put(`${PERMISSIONS}/p?wait=applied&timeout=50ms`, permission('p', 'Allow'))
    t.match(unchanged, { status: 202, json: { applied: { version, pending: [{ name: 'web-1' }] } } })
    const later = send('GET', `${run.http}/meshes/default/_applied?version=${version}`)
    await push.live(aDataplane('web-1', { service: 'web' }), { incarnation: 2 })
    t.match(await later, { status: 200, json: { applied: { isComplete: true, total: 1, acknowledged: 1 } } })
  },
)

t.test('a refusal ends the wait, and is told', async t => {
  const { push, put } = await both(t)
  const web = await push.live(aDataplane('web-1', { service: 'web' }))
  const answer = put(`${PERMISSIONS}/p?wait=applied`, permission('p', 'Allow'))
  const { version } = await web.hears('snapshot')
  web.says({ type: 'refuse', version, violations: [{ path: 'listener', message: 'port taken' }] })
  t.match(await answer, {
    status: 202,
    json: {
      applied: { isComplete: false, pending: [{ state: 'refused', reason: 'listener: port taken' }] },
    },
  })
})

t.test('says who is late when the time is over; the write stands, and can be asked for again', async t => {
  const { run, push, put } = await both(t)
  const web = await push.live(aDataplane('web-1', { service: 'web' }))
  const late = await put(`${PERMISSIONS}/p?wait=applied&timeout=20ms`, permission('p', 'Allow'))
  t.match(late, { status: 202, json: { applied: { pending: [{ name: 'web-1', state: 'waiting' }] } } })
  t.equal((await send('GET', `${run.http}${PERMISSIONS}/p`)).status, 200)
  const { version } = (late.json as { applied: { version: string } }).applied
  const again = send('GET', `${run.http}/meshes/default/_applied?version=${version}`)
  await web.acknowledges()
  t.match(await again, {
    status: 200,
    json: { applied: { version, isComplete: true, total: 1, acknowledged: 1 } },
  })
  const wrong = await send('GET', `${run.http}/meshes/default/_applied?version=x`)
  t.match(wrong, { status: 400, json: { invalid_parameters: [{ field: 'version' }] } })
  const future = await send('GET', `${run.http}/meshes/default/_applied?version=1-9..1-999`)
  t.match(future.json, { invalid_parameters: [{ reason: /there is no 1-999 yet/ }] })
})

t.test('a client that goes away is waited for no longer', async t => {
  const { run, push, put } = await both(t)
  await push.live(aDataplane('web-1', { service: 'web' }))
  await put(`${PERMISSIONS}/p`, permission('p', 'Allow'))
  const { settling } = push.context
  const client = new AbortController()
  const answer = fetch(`${run.http}/meshes/default/_applied?version=1-${push.store.revision()}`, {
    signal: client.signal,
  })
  const until = async (count: number): Promise<void> => {
    while (settling.count !== count) await new Promise(resolve => setImmediate(resolve))
  }
  await until(1)
  client.abort()
  await t.rejects(answer)
  await until(0)
  t.equal(settling.count, 0)
})

t.test('waits for nobody where nothing changes', async t => {
  const { push, put } = await both(t)
  await push.live(aDataplane('db-1', { service: 'db' }))
  const reply = await put(`${PERMISSIONS}/p?wait=applied`, permission('p', 'Allow'))
  t.match(reply, { status: 201, json: { applied: { isComplete: true, total: 0, pending: [] } } })
  const secret = { type: 'GlobalSecret', name: 's', data: 'eA==' }
  t.match(await put('/global-secrets/s?wait=applied', secret), {
    status: 201,
    json: { applied: { total: 0 } },
  })
})

t.test('turning mTLS on tells all data planes of the mesh, and makes no CA', async t => {
  const { run, push, put } = await both(t)
  await put('/meshes/plain', { type: 'Mesh', name: 'plain' })
  await push.put({ ...aDataplane('a-1', { service: 'a' }), mesh: 'plain' })
  await push.put({ ...aDataplane('b-1', { service: 'b' }), mesh: 'plain' })
  const mtls = { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] }
  const secrets = (await push.store.list('Secret', 'plain')).length
  const dry = await put('/meshes/plain?dryRun=true', { type: 'Mesh', name: 'plain', mtls })
  t.match(dry.json, {
    affected: {
      total: 2,
      dataplanes: [
        { name: 'a-1', sections: { added: ['identity', /^trust\//] } },
        { name: 'b-1', sections: { added: ['identity', /^trust\//] } },
      ],
    },
  })
  t.equal((await push.store.list('Secret', 'plain')).length, secrets)
  t.notOk((await send('GET', `${run.http}/meshes/plain`)).text.includes('ca-1'))
})
