/** The past of resources over HTTP: who, when, what, the difference, and back again. */
import t from 'tap'
import { type Reply, type SendOptions, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const to = (method: string, path: string, options?: SendOptions): Promise<Reply> =>
  send(method, `${run.http}${path}`, options)
const POLICY = '/meshes/default/meshtrafficpermissions/p'
const SECRET = '/meshes/default/secrets/s'

const policy = (action: string, labels: object = {}) => ({
  type: 'MeshTrafficPermission',
  mesh: 'default',
  name: 'p',
  labels,
  spec: {
    targetRef: { kind: 'Mesh' },
    from: [{ targetRef: { kind: 'Mesh' }, default: { action } }],
  },
})
const secret = (data: string) => ({ type: 'Secret', mesh: 'default', name: 's', data })

/** Puts the bodies one after another; the revision of each. */
async function revisions(path: string, ...bodies: readonly object[]): Promise<readonly number[]> {
  const found: number[] = []
  for (const body of bodies) {
    const { headers } = await to('PUT', path, { body })
    found.push(Number(/-(\d+)"$/.exec(headers.etag ?? '')?.[1]))
  }
  return found
}

function items(reply: Reply): readonly Record<string, unknown>[] {
  return (reply.json as { items: readonly Record<string, unknown>[] }).items
}

t.test('lists who wrote what when, newest first, in pages, also after the deletion', async t => {
  const [first, second] = await revisions(POLICY, policy('Allow'), policy('Deny'))
  const listed = await to('GET', `${POLICY}/history`)
  t.match(listed, {
    status: 200,
    json: {
      total: 2,
      items: [
        { revision: second, version: `1-${second}`, action: 'updated', author: 'mesh-system:admin' },
        { revision: first, action: 'created', time: /^\d{4}-.*Z$/ },
      ],
      next: null,
    },
  })
  const page = await to('GET', `${POLICY}/history?size=1&offset=1`)
  t.same(
    items(page).map(one => one['revision']),
    [first],
  )
  await to('DELETE', POLICY)
  const after = await to('GET', `${POLICY}/history`)
  t.match(items(after)[0], { action: 'deleted', author: 'mesh-system:admin' })
  t.match(await to('GET', '/meshes/default/meshtrafficpermissions/never/history'), { status: 404 })
  t.match(await to('GET', '/meshes/default/dataplane-insights/x/history'), { status: 404 }, 'status has none')
})

t.test('what the control plane writes bears its own name', async t => {
  const [token] = (await run.store.list('Secret', 'default')).filter(({ name }) =>
    name.includes('signing-key'),
  )
  const listed = await to('GET', `/meshes/default/secrets/${token?.name}/history`)
  t.match(items(listed), [{ action: 'created', author: 'mesh-system:control-plane' }])
})

t.test('shows a revision as it was, and what differs', async t => {
  const [first, second] = await revisions(POLICY, policy('Allow', { team: 'a' }), policy('Deny'))
  const was = await to('GET', `${POLICY}/history/${first}`)
  t.match(was, { status: 200, headers: { etag: `"1-${first}"` }, json: policy('Allow', { team: 'a' }) })
  t.match((await to('GET', `${POLICY}/history/1-${first}`)).json, policy('Allow'), 'with its epoch too')
  const diff = await to('GET', `${POLICY}/history/${first}/diff`)
  t.same(diff.json, {
    from: first,
    to: second,
    changes: [
      { op: 'remove', path: '/labels/team', before: 'a' },
      { op: 'replace', path: '/spec/from/0/default/action', value: 'Deny', before: 'Allow' },
    ],
  })
  t.match((await to('GET', `${POLICY}/history/${second}/diff?to=${first}`)).json, { from: second, to: first })
  const text = await to('GET', `${POLICY}/history/${first}/diff`, { headers: { accept: 'text/plain' } })
  t.match(text.headers['content-type'], 'text/plain')
  t.match(text.text, /^--- MeshTrafficPermission p \(revision \d+\)\n\+\+\+ .*\n@@ .*\n/)
  t.match(text.text, /\n-.*action: Allow\n\+.*action: Deny\n/)
  const none = await to('GET', `${POLICY}/history/9999`)
  t.match(none, { status: 404, json: { detail: /^there is no revision 9999; known are \d/ } })
})

t.test('a rollback restores spec and labels byte for byte, and says so', async t => {
  const [first] = await revisions(POLICY, policy('Allow', { team: 'a' }), policy('Deny'))
  const stored = { type: 'MeshTrafficPermission', mesh: 'default', name: 'p' }
  const back = await to('POST', `${POLICY}/rollback?revision=${first}`)
  t.match(back, { status: 200, headers: { etag: /^"1-\d+"$/ } })
  const restored = await run.store.get(stored)
  const was = (await run.store.history(stored)).find(({ revision }) => revision === first)
  t.equal(JSON.stringify(restored?.spec), JSON.stringify(was?.resource?.spec))
  t.equal(JSON.stringify(restored?.labels), JSON.stringify(was?.resource?.labels))
  const [newest] = items(await to('GET', `${POLICY}/history`))
  t.match(newest, { action: 'restored', restoredFrom: first, author: 'mesh-system:admin' })
  await to('DELETE', POLICY)
  t.match(await to('POST', `${POLICY}/rollback?revision=${first}`), { status: 201 }, 'after the deletion too')
  t.match((await to('GET', POLICY)).json, policy('Allow', { team: 'a' }))
})

t.test('a rollback is a write like others', async t => {
  const [first] = await revisions(POLICY, policy('Allow'), policy('Deny'))
  const path = `${POLICY}/rollback?revision=${first}`
  const stale = await to('POST', path, { headers: { 'if-match': '"1-1"' } })
  t.match(stale, { status: 412 })
  const dry = await to('POST', `${path}&dryRun=true`)
  t.match(dry, { status: 200, json: { dryRun: true, outcome: 'updated', changes: [{ value: 'Allow' }] } })
  t.match((await to('GET', POLICY)).json, policy('Deny'), 'nothing was written')
  const stranger = await send('POST', `${run.https}${path}`, { headers: { 'x-forwarded-for': '10.0.0.1' } })
  t.equal(stranger.status, 403)
  t.match(await to('POST', `${POLICY}/rollback`), {
    status: 400,
    json: { invalid_parameters: [{ field: 'revision' }] },
  })
  t.match(await to('POST', `${POLICY}/rollback?revision=9999`), { status: 404 })
})

t.test('tells nothing of the values of secrets, and restores none', async t => {
  const [first] = await revisions(SECRET, secret('b25l'), secret('dHdv'))
  const texts = [
    await to('GET', `${SECRET}/history`),
    await to('GET', `${SECRET}/history/${first}`),
    await to('GET', `${SECRET}/history/${first}/diff`),
    await to('PUT', `${SECRET}?dryRun=true`, { body: secret('dGhyZWU=') }),
    await to('DELETE', `${SECRET}?dryRun=true`),
  ]
  for (const { status, text } of texts) {
    t.equal(status, 200)
    t.notMatch(text, /b25l|dHdv|dGhyZWU=/)
  }
  t.match(texts[0]?.json, { total: 2 })
  t.match(texts[3]?.json, { outcome: 'updated', changes: [{ op: 'replace', path: '/data' }] })
  t.match(await to('POST', `${SECRET}/rollback?revision=${first}`), {
    status: 400,
    json: { invalid_parameters: [{ reason: /not kept in the history/ }] },
  })
})
