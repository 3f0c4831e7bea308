/** Read, write and delete of every kind: statuses, error bodies, warnings, revisions. */
import t from 'tap'
import { type Reply, type SendOptions, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const to = (method: string, path: string, options?: SendOptions): Promise<Reply> =>
  send(method, `${run.http}${path}`, options)
const put = (path: string, body: unknown, headers: SendOptions['headers'] = {}): Promise<Reply> =>
  to('PUT', path, { body, headers })

const dataplane = (name: string, more: object = {}) => ({
  type: 'Dataplane',
  mesh: 'default',
  name,
  networking: { address: '10.0.0.1', inbound: [{ port: 80, tags: { 'kuma.io/service': 'web' } }] },
  ...more,
})
const permission = (name: string, spec: object) => ({
  type: 'MeshTrafficPermission',
  mesh: 'default',
  name,
  spec,
})
const ALLOW = {
  targetRef: { kind: 'Mesh' },
  from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }],
}

t.test('creates with 201, updates with 200, shows and deletes, for every kind that is written', async t => {
  const cases: readonly (readonly [string, object, object])[] = [
    ['/meshes/m1', { type: 'Mesh', name: 'm1' }, { type: 'Mesh', name: 'm1', kri: 'kri_m____m1_' }],
    [
      '/meshes/default/dataplanes/dp-1',
      dataplane('dp-1'),
      { mesh: 'default', kri: 'kri_dp_default_default__dp-1_' },
    ],
    [
      '/meshes/default/meshtrafficpermissions/p',
      permission('p', ALLOW),
      { kri: 'kri_mtp_default_default__p_', spec: ALLOW },
    ],
    [
      '/meshes/default/secrets/s',
      { type: 'Secret', mesh: 'default', name: 's', data: 'dGVzdA==' },
      { type: 'Secret', mesh: 'default', data: 'dGVzdA==' },
    ],
    [
      '/global-secrets/g',
      { type: 'GlobalSecret', name: 'g', data: 'dGVzdA==' },
      { type: 'GlobalSecret', name: 'g' },
    ],
    ['/globalsecrets/g2', { type: 'GlobalSecret', name: 'g2' }, { type: 'GlobalSecret', name: 'g2' }],
  ]
  for (const [path, body, shown] of cases) {
    t.match(
      await to('GET', path),
      { status: 404, json: { title: 'Could not retrieve a resource', detail: 'Not found' } },
      path,
    )
    t.equal((await put(path, body)).status, 201, `${path} is created`)
    const updated = await put(path, body)
    t.equal(updated.status, 200, `${path} is updated`)
    t.equal(updated.headers['content-type'], 'application/json')
    t.match(await to('GET', path), { status: 200, json: shown }, `${path} is shown`)
    t.match(await to('DELETE', path), { status: 200, text: '{}\n' }, `${path} is deleted`)
    t.match(await to('DELETE', path), {
      status: 404,
      json: { title: 'Could not delete a resource', detail: 'Not found' },
    })
  }
})

t.test('what GET answers can be PUT again without a remark', async t => {
  await put('/meshes/default/dataplanes/again', dataplane('again'))
  const path = '/meshes/default/dataplanes/again'
  const read = await to('GET', path)
  t.match(await put(path, read.json), { status: 200, text: '{}\n' })
  t.same((await to('GET', path)).json, read.json, 'and nothing changes by it')
})

t.test('answers every fault at once, in both forms that clients know', async t => {
  const body = dataplane('Other', { mesh: 'elsewhere', networking: { inbound: [{ port: 0 }] } })
  const reply = await put('/meshes/default/dataplanes/dp-2', body)
  t.match(reply, {
    status: 400,
    headers: { 'content-type': 'application/json' },
    json: {
      type: '/std-errors',
      status: 400,
      title: 'Could not process a resource',
      detail: 'Resource is not valid',
      details: 'Resource is not valid',
    },
  })
  const { invalid_parameters: parameters, causes } = reply.json as Record<
    string,
    { field: string; reason: string }[]
  >
  t.same(
    causes,
    parameters?.map(({ field, reason }) => ({ field, message: reason })),
  )
  t.match(
    parameters?.find(({ field }) => field === 'name'),
    { reason: 'name from the URL has to be the same as in body' },
  )
  t.match(
    parameters?.find(({ field }) => field === 'mesh'),
    { reason: 'mesh from the URL has to be the same as in body' },
  )
  t.ok(parameters?.some(({ field }) => field.startsWith('networking.')))
})

t.test('looks for the mesh of the path first, whatever the verb and the body', async t => {
  for (const [method, path] of [
    ['PUT', '/meshes/none/dataplanes/a'],
    ['GET', '/meshes/none/dataplanes/a'],
    ['DELETE', '/meshes/none/dataplanes/a'],
    ['GET', '/meshes/none/dataplanes'],
    ['GET', '/meshes/none/secrets'],
    ['GET', '/meshes/none/dataplanes/_overview'],
  ] as const) {
    const reply = await to(method, path, method === 'PUT' ? { body: '{' } : {})
    t.match(
      reply,
      { status: 404, json: { title: 'Failed to retrieve Mesh', detail: 'Not found' } },
      `${method} ${path}`,
    )
  }
})

t.test('names unknown fields and stores the rest', async t => {
  const reply = await put(
    '/meshes/default/dataplanes/dp-3',
    dataplane('dp-3', { netwroking: {}, labels: { team: 'a' } }),
  )
  t.match(reply, {
    status: 201,
    json: { warnings: ['unknown field netwroking is ignored; did you mean networking?'] },
  })
  t.equal(reply.headers['warning'], '299 - "unknown field netwroking is ignored; did you mean networking?"')
  t.match((await to('GET', '/meshes/default/dataplanes/dp-3')).json, {
    labels: { team: 'a' },
    netwroking: undefined,
  })
})

t.test('says once that something is deprecated or not enforced', async t => {
  const body = dataplane('dp-4', {
    probes: { port: 9000, endpoints: [{ inboundPort: 80, inboundPath: '/x', path: '/x' }] },
  })
  const { json } = await put('/meshes/default/dataplanes/dp-4', body)
  const { warnings } = json as { warnings: string[] }
  t.equal(warnings.filter(warning => /^probes is stored and not enforced yet: /.test(warning)).length, 1)
  t.equal(new Set(warnings).size, warnings.length)
  const old = permission('old', { ...ALLOW, targetRef: { kind: 'MeshSubset' } })
  const policy = await put('/meshes/default/meshtrafficpermissions/old', old)
  t.match(
    (policy.json as { warnings: string[] }).warnings.filter(warning =>
      warning.startsWith('MeshSubset value'),
    ),
    { length: 1 },
  )
})

t.test('does not store what would fail open, unless told to', async t => {
  const path = '/meshes/default/meshopas/ask'
  const body = {
    type: 'MeshOPA',
    mesh: 'default',
    name: 'ask',
    spec: { targetRef: { kind: 'Mesh' }, default: { appendPolicies: [{ inlineString: 'package x' }] } },
  }
  const reply = await put(path, body)
  t.match(reply, {
    status: 400,
    json: {
      title: 'Could not process a resource',
      invalid_parameters: [{ reason: /acceptUnenforced=true/ }],
    },
  })
  t.equal((await to('GET', path)).status, 404)
  t.equal((await put(`${path}?acceptUnenforced=false`, body)).status, 400)
  const accepted = await put(`${path}?acceptUnenforced=true`, body)
  t.match(accepted, { status: 201, json: { warnings: [/is stored and not enforced yet: /] } })
})

t.test('writes only over the revision that If-Match names', async t => {
  const path = '/meshes/default/dataplanes/dp-5'
  const none = { 'if-none-match': '*' }
  const created = await put(path, dataplane('dp-5'), none)
  t.equal(created.status, 201)
  t.match(await put(path, dataplane('dp-5'), none), {
    status: 412,
    json: { title: 'Precondition Failed', detail: /exists already/ },
  })
  const { etag = '' } = (await to('GET', path)).headers
  t.equal(created.headers.etag, etag)
  t.match(etag, /^"1-\d+"$/)
  const changed = dataplane('dp-5', { labels: { a: 'b' } })
  t.equal((await put(path, changed, { 'if-match': etag })).status, 200)
  t.match(await put(path, dataplane('dp-5'), { 'if-match': etag }), {
    status: 412,
    json: { detail: /read it again/ },
  })
  t.equal((await put(path, dataplane('dp-5'), { 'if-match': `"x", ${etag}` })).status, 412)
  t.equal((await to('DELETE', path, { headers: { 'if-match': etag } })).status, 412)
  t.equal((await to('DELETE', path, { headers: { 'if-match': '*' } })).status, 200)
  t.match(await put(path, dataplane('dp-5'), { 'if-match': '*' }), {
    status: 412,
    json: { detail: /does not exist/ },
  })
})

t.test('two writers that saw the same revision: one is told of the conflict', async t => {
  const path = '/meshes/default/dataplanes/dp-6'
  await put(path, dataplane('dp-6'))
  const { etag = '' } = (await to('GET', path)).headers
  const writers = Array.from({ length: 8 }, (_, i) =>
    put(path, dataplane('dp-6', { labels: { writer: `w${i}` } }), { 'if-match': etag }),
  )
  const statuses = (await Promise.all(writers)).map(({ status }) => status)
  t.equal(statuses.filter(status => status === 200).length, 1)
  t.same(
    statuses.filter(status => ![200, 409, 412].includes(status)),
    [],
  )
})

t.test('lets nobody write what the control plane writes itself', async t => {
  for (const method of ['PUT', 'DELETE']) {
    const reply = await to(method, '/meshes/default/dataplane-insights/x', { body: {} })
    t.match(reply, {
      status: 405,
      headers: { allow: 'GET' },
      json: { status: 405, title: 'Method not allowed', detail: /DataplaneInsight/ },
    })
  }
})

t.test('keeps a mesh with data planes and a secret in use', async t => {
  await put('/meshes/m2', {
    type: 'Mesh',
    name: 'm2',
    mtls: { enabledBackend: 'ca', backends: [{ name: 'ca', type: 'builtin' }] },
  })
  await put('/meshes/m2/dataplanes/a', { ...dataplane('a'), mesh: 'm2' })
  t.match(await to('DELETE', '/meshes/m2'), {
    status: 400,
    json: {
      title: 'Could not delete a resource',
      detail: 'Resource is not valid',
      invalid_parameters: [
        { field: 'mesh', reason: 'unable to delete mesh, there are still some dataplanes attached' },
      ],
    },
  })
  t.match(await to('DELETE', '/meshes/m2/secrets/m2.ca-builtin-cert-ca'), {
    status: 400,
    json: { invalid_parameters: [{ field: 'name', reason: /is currently in use in Mesh "m2"/ }] },
  })
  t.equal((await to('DELETE', '/meshes/m2/dataplanes/a')).status, 200)
  t.equal((await to('DELETE', '/meshes/m2')).status, 200)
  t.same(await run.store.list('Secret', 'm2'), [], 'its secrets went with it')
})

t.test('refuses base64 that is none', async t => {
  const reply = await put('/meshes/default/secrets/bad', {
    type: 'Secret',
    mesh: 'default',
    name: 'bad',
    data: '!',
  })
  t.match(reply, {
    status: 400,
    json: { title: 'Bad Request', detail: /^invalid Secret object: "illegal base64 data at input byte 0"$/ },
  })
})
