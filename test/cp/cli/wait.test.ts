/** `vmeshctl wait`: until a data plane or a write is as it should be, or why it is not. */
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi()
t.teardown(() => api.close())
/** By path; a function answers anew each time. */
const answers = new Map<string, unknown>()
t.beforeEach(() => {
  answers.clear()
  api.asked.length = 0
  for (const path of api.stored.keys()) if (path !== '/meshes/default') api.stored.delete(path)
  api.override = ({ url }) => {
    const found = answers.get(new URL(url, api.url).pathname)
    const body = typeof found === 'function' ? found() : found
    if (body === null)
      return { status: 404, body: { title: 'Could not retrieve a resource', detail: 'Not found' } }
    return body === undefined ? undefined : { status: 200, body, headers: { etag: '"1-7"' } }
  }
})
const run = (argv: readonly string[], world: object = {}) =>
  runVmeshctl([...argv, '--address', api.url], { home: '/nowhere', ...world })

t.test('wait ends when it is so', async t => {
  let looks = 0
  const status = (state: string, isCurrent: boolean, ready: number) => ({
    connection: { state },
    snapshot: { isCurrent, wanted: '1-2' },
    health: { ready, total: 1 },
  })
  answers.set('/meshes/default/dataplanes/web-1/_status', () =>
    looks++ === 0 ? status('offline', false, 0) : status('online', true, 1),
  )
  for (const state of ['online', 'applied', 'ready']) {
    looks = 0
    const ran = await run(['wait', `--for=${state}`, 'dataplane', 'web-1'])
    t.same(ran, { code: 0, out: `dataplane default/web-1 is ${state}\n`, err: '' })
    t.ok(looks >= 2, 'it looked again')
  }
  t.match(await run(['wait', '--for=deleted', 'dataplane', 'web-1']), { code: 0, out: /is deleted/ })
})

const refusing = (version: string) => ({
  isCurrent: false,
  wanted: '1-2',
  refusal: { version, violations: [{ path: 'listener/a', message: 'port in use' }] },
})

t.test('wait says why it is not so, with a code of its own', async t => {
  const offline = {
    connection: { state: 'offline' },
    snapshot: { isCurrent: false, wanted: '1-2' },
    health: { ready: 1, total: 2 },
  }
  const cases: readonly (readonly [string, object | null, RegExp])[] = [
    ['online', null, /there is no such data plane yet/],
    ['online', {}, /it was never connected/],
    ['ready', offline, /its connection is offline/],
    ['applied', offline, /its connection is offline, and it has version none/],
    ['applied', { ...offline, connection: { state: 'online' } }, /it has version none and is to have 1-2/],
    [
      'ready',
      { ...offline, connection: { state: 'online' }, snapshot: { isCurrent: true } },
      /1 of 2 inbounds are not ready/,
    ],
  ]
  for (const [state, body, err] of cases) {
    answers.clear()
    answers.set('/meshes/default/dataplanes/web-1/_status', body)
    let nowMs = 0
    // the clock runs out at the second look at it
    const world = { nowMs: () => (nowMs += 1_000) }
    t.match(await run(['wait', `--for=${state}`, 'dp', 'web-1', '--timeout=1s'], world), {
      code: 75,
      out: '',
      err,
    })
  }
  const late = { ...offline, connection: { state: 'online' }, snapshot: refusing('1-1') }
  answers.set('/meshes/default/dataplanes/web-1/_status', late)
  let nowMs = 0
  t.match(
    await run(['wait', '--for=ready', 'dp', 'web-1', '--timeout=1s'], { nowMs: () => (nowMs += 1_000) }),
    { code: 75, err: /after 1s: it has version none and is to have 1-2/ },
    'what was refused is on its way in another form',
  )
  answers.set('/meshes/default/dataplanes/web-1/_status', { ...late, snapshot: refusing('1-2') })
  for (const state of ['ready', 'applied']) {
    t.same(await run(['wait', `--for=${state}`, 'dp', 'web-1']), {
      code: 1,
      out: '',
      err: `dataplane default/web-1 is not ${state}: it refuses version 1-2: listener/a: port in use\n`,
    })
  }
  t.match(await run(['wait', '--for=online', 'mesh', 'default']), {
    code: 64,
    err: /only data planes are online/,
  })
})

t.test('wait for a write asks the control plane by its version', async t => {
  answers.set('/meshes/default/meshtimeouts/mt', { type: 'MeshTimeout', name: 'mt' })
  answers.set('/meshes/default/_applied', {
    applied: { isComplete: true, total: 2, acknowledged: 2, pending: [] },
  })
  t.match(await run(['wait', '--for=applied', 'meshtimeout', 'mt']), {
    code: 0,
    out: 'meshtimeout default/mt is applied: 2 of 2 data planes have applied it\n',
  })
  t.match(api.asked.at(-1)?.url, '/meshes/default/_applied?version=1-7&timeout=')
  const pending = [{ mesh: 'default', name: 'web-1', state: 'offline' }]
  answers.set('/meshes/default/_applied', {
    applied: { isComplete: false, total: 2, acknowledged: 1, pending },
  })
  t.match(await run(['wait', '--for=applied', 'mesh', 'default', '--timeout=1s']), {
    code: 1,
    err: /does not tell versions/,
  })
  t.match(await run(['wait', '--for=applied', 'mt', 'mt', '--timeout=1s']), {
    code: 75,
    err: 'meshtimeout default/mt: 1 of 2 data planes have applied it\n  default/web-1: offline\n',
  })
  let nowMs = 0
  const slow = { nowMs: () => (nowMs += 500) }
  t.match(
    await run(['wait', '--for=applied', 'mt', 'mt', '--timeout=2s'], slow),
    { code: 75, err: /^waiting for\n {2}default\/web-1: offline\nmeshtimeout default\/mt: 1 of 2/ },
    'whom it waits for is said while it waits',
  )
  const refused = { mesh: 'default', name: 'web-2', state: 'refused', reason: 'port in use' }
  answers.set('/meshes/default/_applied', {
    applied: { isComplete: false, total: 2, acknowledged: 0, pending: [refused, ...pending] },
  })
  t.same(
    await run(['wait', '--for=applied', 'mt', 'mt', '--timeout=1h']),
    {
      code: 1,
      out: '',
      err: 'meshtimeout default/mt: 0 of 2 data planes have applied it\n  default/web-2: refused: port in use\n  default/web-1: offline\n',
    },
    'one that refuses it ends the wait at once',
  )
  answers.set('/meshes/default/_applied', {
    applied: { isComplete: true, total: 0, acknowledged: 0, pending: [] },
  })
  t.match(await run(['wait', '--for=applied', 'mt', 'mt']), {
    code: 0,
    out: 'meshtimeout default/mt is applied: no data plane is affected\n',
  })
  t.match(await run(['wait', '--for=applied', 'zone', 'z']), { code: 64, err: /a zone is in no mesh/ })
})
