/** Roles over HTTPS with real tokens: what they open, what stays shut, and that no way of writing goes around them. */
import t from 'tap'
import { createFirstRoles } from '../../../cp/reconcile/first-roles.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { type Reply, type RunningApi, type SendOptions, send, startApi } from '../../support/api.ts'
import { kindNamed } from '../../support/bodies.ts'
import { docsExamples } from '../../support/kuma-docs.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** What a caller of another machine gets. */
type Caller = (method: string, path: string, body?: unknown) => Promise<Reply>

async function callerOf(
  run: RunningApi,
  name: string,
  groups: readonly string[] = [],
  base = run.https,
): Promise<Caller> {
  const token = await run.tokens.issueUserToken({ name, groups }, 600_000)
  const headers = { host: 'cp.example.com:5682', ...bearer(token) }
  return (method, path, body) => {
    const options: SendOptions = body === undefined ? { headers } : { headers, body }
    return send(method, `${base}${path}`, options)
  }
}

type Test = import('tap').Test

async function start(t: Test, settings: Record<string, string> = {}) {
  const run = await startApi({ folder: t.testdir(), settings })
  t.teardown(() => run.close())
  return { run, admin: await callerOf(run, 'root', ['mesh-system:admin']), ann: await callerOf(run, 'ann') }
}

const role = (name: string, ...rules: readonly object[]) => ({ type: 'AccessRole', name, rules })
const binding = (name: string, subjects: readonly object[], ...roles: readonly string[]) => ({
  type: 'AccessRoleBinding',
  name,
  subjects,
  roles,
})
const ANN = { type: 'User', name: 'ann' }
const ADMINS = { type: 'Group', name: 'mesh-system:admin' }
const permission = (service: string, name = 'web-to-backend') => ({
  type: 'MeshTrafficPermission',
  mesh: 'default',
  name,
  spec: {
    targetRef: { kind: 'MeshService', name: service },
    from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }],
  },
})
const PERMISSION = '/meshes/default/meshtrafficpermissions/web-to-backend'
const DENIED = {
  status: 403,
  json: { title: 'Access Denied', detail: 'user "ann/mesh-system:authenticated" cannot access the resource' },
}

async function put(caller: Caller, ...bodies: readonly { readonly type: string; readonly name: string }[]) {
  for (const body of bodies) {
    const path = body.type === 'AccessRole' ? 'access-roles' : 'access-role-bindings'
    const { status, text } = await caller('PUT', `/${path}/${body.name}`, body)
    if (status !== 201 && status !== 200) throw new Error(`${body.name}: ${text}`)
  }
}

t.test('a fresh store lets users write what is no secret, and gives nobody the way to more', async t => {
  const { ann } = await start(t)
  t.equal((await ann('PUT', '/meshes/m1', { type: 'Mesh', name: 'm1' })).status, 201)
  t.equal((await ann('DELETE', '/meshes/m1')).status, 200)
  t.equal((await ann('GET', '/config')).status, 200)
  t.match(await ann('GET', '/access-roles'), {
    status: 200,
    json: { items: [{ name: 'admin' }, { name: 'writer' }] },
  })
  const own = binding('mine', [ANN], 'admin')
  t.match(await ann('PUT', '/access-role-bindings/mine', own), {
    ...DENIED,
    json: {
      ...DENIED.json,
      invalid_parameters: [
        {
          field: 'access',
          reason:
            'this needs CREATE of AccessRoleBinding mine; you have the role writer; the role admin would do; ask an admin for an AccessRoleBinding',
        },
      ],
    },
  })
  const wide = role('writer', { types: ['AccessRole', 'Secret'], access: ['CREATE', 'UPDATE', 'DELETE'] })
  t.match(await ann('PUT', '/access-roles/writer', wide), DENIED)
  t.match(await ann('DELETE', '/access-role-bindings/default'), DENIED)
  const audit = { type: 'AccessAudit', name: 'a', rules: [{ accessAll: true }] }
  t.match(await ann('PUT', '/accessaudits/a', audit), DENIED)
})

t.test('what Kong Mesh documents: a binding for admins alone, and an owner of one service', async t => {
  const { admin, ann } = await start(t)
  await put(
    admin,
    binding('default', [ADMINS], 'admin'),
    role('backend-owner', {
      types: ['MeshTrafficPermission'],
      mesh: 'default',
      access: ['CREATE', 'UPDATE', 'DELETE'],
      when: [{ targetRef: { kind: 'MeshService', name: 'backend' } }],
    }),
  )
  t.match(await ann('PUT', PERMISSION, permission('backend')), DENIED, 'nobody writes by default any more')
  t.match(await ann('GET', '/config'), { status: 403, json: { title: 'Access Denied' } })
  t.equal((await ann('GET', '/meshes/default/dataplanes')).status, 200, 'and reads all the same')
  await put(admin, binding('backend-owners', [ANN], 'backend-owner'))
  t.equal((await ann('PUT', PERMISSION, permission('backend'))).status, 201)
  t.match(await ann('PUT', PERMISSION, permission('not-backend')), DENIED, 'no other target')
  t.match(await ann('PUT', '/meshes/m1', { type: 'Mesh', name: 'm1' }), DENIED, 'no other type')
  await admin('PUT', PERMISSION, permission('not-backend'))
  t.match(await ann('PUT', PERMISSION, permission('backend')), DENIED, 'takes nothing from others')
  t.match(await ann('DELETE', PERMISSION), DENIED)
  const history = (await ann('GET', `${PERMISSION}/history`)).json as { items: { revision: number }[] }
  const [now, first] = history.items
  t.match(await ann('POST', `${PERMISSION}/rollback?revision=${first?.revision}`), DENIED)
  for (const query of ['dryRun=true', `revision=${now?.revision}&dryRun=true`])
    t.match(await ann('POST', `${PERMISSION}/rollback?${query}&revision=${first?.revision}`), DENIED)
  t.match(await ann('PUT', `${PERMISSION}?dryRun=true`, permission('backend')), DENIED)
  t.match(await ann('DELETE', `${PERMISSION}?dryRun=true`), DENIED)
  await admin('POST', `${PERMISSION}/rollback?revision=${first?.revision}`)
  t.equal((await ann('DELETE', PERMISSION)).status, 200)
  t.match(
    await ann('POST', `${PERMISSION}/rollback?revision=${now?.revision}`),
    DENIED,
    'not by bringing back',
  )
  t.equal((await ann('POST', `${PERMISSION}/rollback?revision=${first?.revision}`)).status, 201)
})

t.test('secrets are for admins and for roles that name their type', async t => {
  const { admin, ann } = await start(t)
  const secret = { type: 'Secret', mesh: 'default', name: 's', data: 'dGVzdA==' }
  const path = '/meshes/default/secrets/s'
  t.equal((await admin('PUT', path, secret)).status, 201)
  for (const read of [path, '/secrets', '/global-secrets', `${path}/history`])
    t.equal((await ann('GET', read)).status, 403, read)
  await put(
    admin,
    role('keeper', { types: ['Secret'], mesh: 'default', names: ['s'], access: ['UPDATE'] }),
    binding('keepers', [ANN], 'keeper'),
  )
  t.match(await ann('GET', path), { status: 200, json: { data: 'dGVzdA==' } })
  t.equal((await ann('PUT', path, { ...secret, data: 'bmV3' })).status, 200)
  t.match(await ann('DELETE', path), DENIED)
  for (const read of ['/meshes/default/secrets', '/secrets', '/global-secrets/user-token-signing-key-1'])
    t.equal((await ann('GET', read)).status, 403, `not ${read}`)
})

t.test('tokens by role: for some tags, never for an admin', async t => {
  const { admin, ann } = await start(t)
  const service = (value: string) => ({ mesh: 'default', tags: { 'kuma.io/service': [value] } })
  t.equal((await ann('POST', '/tokens/dataplane', service('web'))).status, 403)
  const tags = [{ name: 'kuma.io/service', value: 'web' }]
  await put(
    admin,
    role('issuer', { access: ['GENERATE_DATAPLANE_TOKEN'], when: [{ dpToken: { tags } }] }),
    role('people', { access: ['GENERATE_USER_TOKEN'] }, { access: ['GENERATE_ZONE_TOKEN'] }),
    binding('issuers', [ANN], 'issuer', 'people'),
  )
  t.equal((await ann('POST', '/tokens/dataplane', service('web'))).status, 200)
  for (const body of [service('api'), { mesh: 'default' }, { mesh: 'default', name: 'web' }])
    t.equal((await ann('POST', '/tokens/dataplane', body)).status, 403, JSON.stringify(body))
  const user = { name: 'bob', groups: ['team'], validFor: '1h' }
  t.equal((await ann('POST', '/tokens/user', user)).status, 200)
  t.match(await ann('POST', '/tokens/user', { ...user, groups: ['mesh-system:admin'] }), {
    status: 403,
    json: { detail: 'action not allowed', invalid_parameters: [{ reason: /^only admins/ }] },
  })
  t.equal((await ann('POST', '/tokens/zone', { zone: 'z', scope: ['ingress'] })).status, 200)
  t.equal((await ann('POST', '/tokens/zone', { zone: 'z', scope: ['cp'] })).status, 403)
})

t.test('looks into data planes need their own right, in the mesh of the role', async t => {
  const { admin, ann } = await start(t)
  await put(
    admin,
    binding('default', [ADMINS], 'admin'),
    role('looker', { mesh: 'default', access: ['VIEW_STATS', 'VIEW_CONFIG_DUMP'] }),
    binding('lookers', [ANN], 'looker'),
  )
  await admin('PUT', '/meshes/m1', { type: 'Mesh', name: 'm1' })
  const at = (mesh: string, what: string) => ann('GET', `/meshes/${mesh}/dataplanes/none/${what}`)
  for (const what of ['stats', 'xds', '_config'])
    t.equal((await at('default', what)).status, 404, `${what} is looked for`)
  for (const what of ['stats', 'xds', '_config'])
    t.equal((await at('m1', what)).status, 403, `${what} of another mesh`)
  t.match(await at('default', 'clusters'), {
    status: 403,
    json: {
      detail: 'user "ann/mesh-system:authenticated" cannot access clusters',
      invalid_parameters: [
        { reason: /^this needs VIEW_CLUSTERS; you have the role looker; the role.* would do/ },
      ],
    },
  })
})

t.test('no kind and no way of writing is open to users without a role', async t => {
  const { run, admin } = await start(t)
  const ann = await callerOf(run, 'ann', [], run.http)
  await put(admin, binding('default', [ADMINS], 'admin'))
  const meshes = new Set(docsExamples().map(({ mesh }) => mesh))
  for (const name of meshes) if (name !== '') await admin('PUT', `/meshes/${name}`, { type: 'Mesh', name })
  const tried = new Set<string>()
  const before = run.store.revision()
  for (const { type, mesh, name, body, place } of docsExamples()) {
    const kind = kindNamed(type)
    if (kind.readOnly) continue
    tried.add(type)
    const path = `${kind.scope === 'Mesh' ? `/meshes/${mesh || 'default'}` : ''}/${kind.path}/${name}`
    const accepting = `${path}?acceptUnenforced=true`
    t.match(await ann('PUT', accepting, body), DENIED, `PUT ${place}`)
    t.match(await ann('PUT', `${accepting}&dryRun=true`, body), DENIED, `dry run of ${place}`)
  }
  t.ok(tried.size > 40, `${tried.size} kinds were tried`)
  t.equal(run.store.revision(), before, 'nothing was written')
})

t.test('the first roles are made once: what an operator deleted stays deleted', async t => {
  const { run, admin, ann } = await start(t)
  t.equal((await admin('DELETE', '/access-role-bindings/default')).status, 200)
  t.equal((await admin('DELETE', '/access-roles/writer')).status, 200)
  await createFirstRoles({ store: run.store, guarded: run.guarded, log: silentLogger() })
  t.equal((await admin('GET', '/access-role-bindings/default')).status, 404)
  t.match(await ann('PUT', '/meshes/m1', { type: 'Mesh', name: 'm1' }), DENIED)
})

t.test('access.type static lets users write again, whatever roles say', async t => {
  const { admin, ann } = await start(t, { 'access.type': 'static' })
  await put(admin, binding('default', [ADMINS], 'admin'))
  t.equal((await ann('PUT', '/meshes/m1', { type: 'Mesh', name: 'm1' })).status, 201)
  t.equal((await ann('PUT', '/access-role-bindings/default', binding('default', [ANN], 'admin'))).status, 403)
})
