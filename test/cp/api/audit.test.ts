/** The audit log over HTTP: what AccessAudits ask for is in the file, with the user, without a secret. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { codeOf } from '../../../dp/base/errors.ts'
import { type Reply, type RunningApi, send, startApi } from '../../support/api.ts'
import { partOf } from '../../support/tokens.ts'

type Test = import('tap').Test
type Line = Readonly<Record<string, unknown>>

async function start(t: Test) {
  const folder = t.testdir()
  const run = await startApi({ folder })
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await run.close()
    isOpen = false
  }
  t.teardown(close)
  /** Ends the API; what was written until then. */
  const lines = async (): Promise<readonly Line[]> => {
    await close()
    try {
      const text = await readFile(join(folder, 'audit', 'audit.log'), 'utf8')
      return text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }
  return { run, lines, to: asUser(run, await run.tokens.issueUserToken(ANN, 600_000)) }
}

const ANN = { name: 'ann', groups: ['mesh-system:admin'] }
const USER = { name: 'ann', groups: ['mesh-system:admin', 'mesh-system:authenticated'] }

function asUser(run: RunningApi, token: string) {
  return (method: string, path: string, body?: unknown): Promise<Reply> => {
    const headers = { host: 'cp.example.com', authorization: `Bearer ${token}` }
    return send(method, `${run.http}${path}`, { headers, ...(body === undefined ? {} : { body }) })
  }
}

const audit = (name: string, ...rules: readonly object[]) => ({ type: 'AccessAudit', name, rules })
const mesh = (name: string, spec: object = {}) => ({ type: 'Mesh', name, ...spec })
const secret = (data: string) => ({ type: 'Secret', mesh: 'default', name: 's', data })

t.test('nothing is written while no AccessAudit asks for it', async t => {
  const { to, lines } = await start(t)
  await to('PUT', '/meshes/m1', mesh('m1'))
  t.same(await lines(), [])
})

t.test('changes are lines with date, action, resource and user', async t => {
  const { to, lines } = await start(t)
  await to('PUT', '/accessaudits/all', audit('all', { accessAll: true }))
  await to('PUT', '/meshes/m1', mesh('m1'))
  await to('PUT', '/meshes/m1', mesh('m1', { routing: { localityAwareLoadBalancing: true } }))
  await to('PUT', '/meshes/m1', mesh('m1', { routing: { localityAwareLoadBalancing: true } }))
  await to('PUT', '/meshes/m1?dryRun=true', mesh('m1'))
  await to('PUT', '/meshes/m1', { wrong: true })
  await to('PUT', '/meshes/default/secrets/s', secret('aHVudGVyMg=='))
  await to('DELETE', '/meshes/m1')
  await to('DELETE', '/accessaudits/all')
  await to('PUT', '/meshes/m2', mesh('m2'))
  const all = await lines()
  t.match(all[0], { date: /^\d{4}-\d\d-\d\dT.*Z$/, action: 'CREATE', user: USER })
  t.same(
    all.map(({ action, resource }) => ({ action, ...(resource as object) })),
    [
      { action: 'CREATE', name: 'all', mesh: '', type: 'AccessAudit' },
      { action: 'CREATE', name: 'm1', mesh: '', type: 'Mesh' },
      // what a mesh brings along
      { action: 'CREATE', name: 'dataplane-token-signing-key-m1-1', mesh: 'm1', type: 'Secret' },
      { action: 'UPDATE', name: 'm1', mesh: '', type: 'Mesh' },
      { action: 'CREATE', name: 's', mesh: 'default', type: 'Secret' },
      { action: 'DELETE', name: 'm1', mesh: '', type: 'Mesh' },
      { action: 'DELETE', name: 'dataplane-token-signing-key-m1-1', mesh: 'm1', type: 'Secret' },
      { action: 'DELETE', name: 'all', mesh: '', type: 'AccessAudit' },
    ],
    'no dry run, no refusal, nothing that changed nothing; the end of the audit is in it',
  )
  t.notMatch(JSON.stringify(all), /hunter2|aHVudGVyMg/)
})

t.test('tokens are lines with id, end and claims, never the token', async t => {
  const { to, lines } = await start(t)
  await to('PUT', '/accessaudits/all', audit('all', { accessAll: true }))
  const tags = { 'kuma.io/service': ['web'] }
  const made = [
    await to('POST', '/tokens/dataplane', { mesh: 'default', tags }),
    await to('POST', '/tokens/user', { name: 'bob', groups: ['team'], validFor: '1h' }),
    await to('POST', '/tokens/zone', { zone: 'z', scope: ['ingress'] }),
  ]
  await to('POST', '/tokens/user', { name: '' })
  const [, dataplane, user, zone, ...more] = await lines()
  t.same(more, [], 'one that was not made is not told')
  const idOf = (at: number): unknown => partOf(made[at]?.text ?? '', 'claims')['jti']
  t.match(dataplane, {
    action: 'GENERATE_DATAPLANE_TOKEN',
    token: { id: idOf(0), expiresAt: /Z$/, claims: { mesh: 'default', tags } },
    user: USER,
  })
  t.match(user, {
    action: 'GENERATE_USER_TOKEN',
    token: { id: idOf(1), claims: { name: 'bob', groups: ['team'] } },
  })
  t.match(zone, {
    action: 'GENERATE_ZONE_TOKEN',
    token: { id: idOf(2), claims: { zone: 'z', scope: ['ingress'] } },
  })
  for (const { text } of made) t.notOk(JSON.stringify([dataplane, user, zone]).includes(text))
})

t.test('rules choose by type, mesh and access', async t => {
  const { to, lines } = await start(t)
  const rules = [
    { types: ['Secret'], mesh: 'default', access: ['CREATE'] },
    { types: ['Mesh'], mesh: 'm1', access: ['CREATE', 'DELETE'] },
    { mesh: 'default', access: ['GENERATE_DATAPLANE_TOKEN'] },
    { access: ['VIEW_CONTROL_PLANE_METADATA'] },
  ]
  await to('PUT', '/accessaudits/some', audit('some', ...rules))
  await to('PUT', '/meshes/default/secrets/s', secret('YQ=='))
  await to('PUT', '/meshes/default/secrets/s', secret('Yg=='))
  await to('PUT', '/meshes/m1', mesh('m1'))
  await to('PUT', '/meshes/m2', mesh('m2'))
  await to('POST', '/tokens/dataplane', { mesh: 'm1' })
  await to('POST', '/tokens/dataplane', { mesh: 'default' })
  await to('POST', '/tokens/user', { name: 'bob', validFor: '1h' })
  await to('GET', '/config')
  t.match(
    (await lines()).map(({ action, resource }) => ({ action, resource })),
    [
      { action: 'CREATE', resource: { name: 's', type: 'Secret' } },
      { action: 'CREATE', resource: { name: 'm1', type: 'Mesh' } },
      { action: 'GENERATE_DATAPLANE_TOKEN' },
      { action: 'VIEW_CONTROL_PLANE_METADATA' },
    ],
  )
})

t.test('a look into a data plane names it', async t => {
  const folder = t.testdir()
  const statistics = async () => ({ inbounds: [], outbounds: [] })
  const run = await startApi({ folder, questions: { statistics } as never })
  const networking = { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': 'web' } }] }
  const dataplane = { type: 'Dataplane', mesh: 'default', name: 'd', networking }
  await send('PUT', `${run.http}/meshes/default/dataplanes/d`, { body: dataplane })
  await send('PUT', `${run.http}/accessaudits/all`, { body: audit('all', { access: ['VIEW_STATS'] }) })
  t.equal((await send('GET', `${run.http}/meshes/default/dataplanes/d/stats`)).status, 200)
  t.equal((await send('GET', `${run.http}/meshes/default/dataplanes/none/stats`)).status, 404)
  await run.close()
  const text = await readFile(join(folder, 'audit', 'audit.log'), 'utf8')
  const { date, ...line } = JSON.parse(text)
  t.match(date, /^\d{4}/)
  t.same(line, {
    action: 'VIEW_STATS',
    resource: { name: 'd', mesh: 'default', type: 'Dataplane' },
    user: { name: 'mesh-system:admin', groups: ['mesh-system:admin', 'mesh-system:authenticated'] },
  })
})

t.test('a log that cannot be written fails no request, and is counted', async t => {
  const folder = t.testdir()
  const run = await startApi({ folder, settings: { 'access.audit.file.path': '/dev/full/audit.log' } })
  t.teardown(() => run.close())
  await send('PUT', `${run.http}/accessaudits/all`, { body: audit('all', { accessAll: true }) })
  t.equal((await send('PUT', `${run.http}/meshes/m1`, { body: mesh('m1') })).status, 201)
  const { text } = await send('GET', `${run.diagnostics}/metrics`)
  t.match(text, /^vmesh_audit_lines_written_total 0$/m)
  t.match(text, /^vmesh_audit_lines_waiting 3$/m)
  t.match(text, /^vmesh_audit_lines_dropped_total 0$/m)
})
