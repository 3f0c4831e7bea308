/** Who may do what over HTTP: this machine's admin, users with tokens, and everybody else. */
import t from 'tap'
import { Tokens } from '../../../cp/auth/tokens.ts'
import { type Reply, type RunningApi, type SendOptions, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const userToken = (name: string, groups: readonly string[] = []): Promise<string> =>
  run.tokens.issueUserToken({ name, groups }, 60_000)
const USER = bearer(await userToken('ann', ['team']))
const ADMIN = bearer(await userToken('root', ['mesh-system:admin']))

/** From this machine, but not under a loopback name: as a caller of another machine. */
function remote(
  method: string,
  path: string,
  { headers = {}, body }: SendOptions = {},
  to: RunningApi = run,
): Promise<Reply> {
  return send(method, `${to.https}${path}`, { headers: { host: 'cp.example.com:5682', ...headers }, body })
}

const MESH = { type: 'Mesh', name: 'm1' }
const SECRET = { type: 'Secret', mesh: 'default', name: 's', data: 'dGVzdA==' }
const ANONYMOUS = 'user "mesh-system:anonymous/mesh-system:unauthenticated"'
const ANN = 'user "ann/team,mesh-system:authenticated"'
const denied = (detail: string) => ({
  status: 403,
  json: { title: 'Access Denied', detail, details: detail },
})

t.test('callers of this machine are admin, over HTTP and HTTPS', async t => {
  for (const base of [run.http, run.https]) {
    t.match(await send('GET', `${base}/who-am-i`), {
      status: 200,
      json: { name: 'mesh-system:admin', groups: ['mesh-system:admin', 'mesh-system:authenticated'] },
    })
    t.notOk((await send('GET', `${base}/who-am-i`)).headers['x-vmesh-token'])
    const lie = await send('GET', `${base}/who-am-i`, { headers: bearer('nonsense') })
    t.match(lie.headers['x-vmesh-token'], /^not used, and is not valid: the token .*this machine are admin$/)
    t.match(lie, { status: 200, json: { name: 'mesh-system:admin' } }, 'whatever their token')
  }
})

t.test('a browser or a proxy on this machine is not', async t => {
  const cases = [
    [{ host: 'example.com' }, /the Host header "example\.com" is not a loopback name/],
    [{ 'x-forwarded-for': '10.0.0.1' }, /x-forwarded-for/],
    [{ forwarded: 'for=10.0.0.1' }, /forwarded/],
    [{ origin: 'https://evil.example' }, /Origin/],
    [{ 'sec-fetch-site': 'cross-site' }, /Sec-Fetch-Site/],
  ] as const
  for (const [headers, reason] of cases) {
    const reply = await send('PUT', `${run.http}/meshes/m1`, { body: MESH, headers })
    t.match(
      reply,
      { status: 403, json: { invalid_parameters: [{ field: 'Authorization', reason }] } },
      String(reason),
    )
  }
  t.equal(await run.store.get({ type: 'Mesh', mesh: '', name: 'm1' }), null)
})

t.test('callers without a token see the index and whether it is ready, nothing else', async t => {
  t.match(await remote('GET', '/'), { status: 200, json: { product: 'Kuma' } })
  t.match(
    await remote('GET', '/', { headers: bearer('nonsense') }),
    { status: 200 },
    'even with a wrong token',
  )
  t.match(await remote('GET', '/ready'), { status: 200 })
  t.match(await remote('GET', '/who-am-i'), {
    status: 200,
    json: { name: 'mesh-system:anonymous', groups: ['mesh-system:unauthenticated'] },
  })
  const cannot = (type: string): string => `${ANONYMOUS} cannot access the resource of type "${type}"`
  const cases: readonly (readonly [string, string, string])[] = [
    ['GET', '/meshes', cannot('Mesh')],
    ['GET', '/meshes/default', cannot('Mesh')],
    ['GET', '/meshes/none/dataplanes', cannot('Dataplane')],
    ['GET', '/dataplanes+insights', cannot('Dataplane')],
    ['GET', '/meshes/default/dataplane-insights', cannot('DataplaneInsight')],
    ['GET', '/meshes/default/secrets/none', cannot('Secret')],
    ['GET', '/global-secrets', cannot('GlobalSecret')],
    ['GET', '/_resources', cannot('ResourceType')],
    ['GET', '/config', `${ANONYMOUS} cannot access control plane metadata`],
    ['PUT', '/meshes/m1', cannot('Mesh')],
    ['DELETE', '/meshes/default', cannot('Mesh')],
    ['DELETE', '/meshes/default/secrets/none', cannot('Secret')],
    ['POST', '/tokens/dataplane', `${ANONYMOUS} cannot access generate dataplane token`],
    ['POST', '/tokens/user', 'action not allowed'],
  ]
  for (const [method, path, detail] of cases) {
    const body =
      method === 'PUT' || method === 'POST'
        ? { body: '{', headers: { 'content-type': 'application/json' } }
        : {}
    t.match(await remote(method, path, body), denied(detail), `${method} ${path}`)
  }
  const basic = await remote('GET', '/meshes', { headers: { authorization: 'Basic cm9vdDpyb290' } })
  t.equal(basic.status, 403, 'another scheme is no token')
})

t.test('a user reads and writes what is no secret', async t => {
  t.match(await remote('GET', '/who-am-i', { headers: USER }), {
    json: { name: 'ann', groups: ['team', 'mesh-system:authenticated'] },
  })
  t.equal((await remote('PUT', '/meshes/m1', { body: MESH, headers: USER })).status, 201)
  t.equal((await remote('GET', '/meshes/m1', { headers: USER })).status, 200)
  t.equal((await remote('GET', '/config', { headers: USER })).status, 200)
  t.equal((await remote('DELETE', '/meshes/m1', { headers: USER })).status, 200)
})

t.test("a user who is no admin gets no secret and no token, in Kuma's order", async t => {
  const cannot = `${ANN} cannot access the resource of type "Secret"`
  const cannotWrite = `${ANN} cannot access the resource`
  const path = '/meshes/default/secrets/s'
  t.match(await remote('GET', path, { headers: USER }), denied(cannot), 'also where there is none')
  t.match(await remote('GET', '/meshes/default/secrets', { headers: USER }), denied(cannot))
  t.match(await remote('PUT', path, { body: SECRET, headers: USER }), denied(cannotWrite))
  const wrong = await remote('PUT', path, { body: { ...SECRET, name: 'other' }, headers: USER })
  t.equal(wrong.status, 400, 'a body that does not fit its URL is told first')
  t.equal(
    (await remote('DELETE', path, { headers: USER })).status,
    404,
    'what is not there cannot be refused',
  )
  await send('PUT', `${run.http}${path}`, { body: SECRET })
  t.match(await remote('DELETE', path, { headers: USER }), denied(cannotWrite))
  const body = { name: 'x', mesh: 'default', validFor: '1h' }
  t.match(
    await remote('POST', '/tokens/dataplane', { body, headers: USER }),
    denied(`${ANN} cannot access generate dataplane token`),
  )
  t.equal(
    (await remote('POST', '/tokens/dataplane', { body: {}, headers: USER })).status,
    400,
    'a missing mesh is told first',
  )
  t.match(await remote('POST', '/tokens/user', { body: {}, headers: USER }), denied('action not allowed'))
  t.equal((await remote('GET', path, { headers: ADMIN })).status, 200)
  t.equal((await remote('POST', '/tokens/user', { body, headers: ADMIN })).status, 200)
})

t.test('a wrong token is told, with the reason and what to do', async t => {
  const expired = await new Tokens(run.store).issueUserToken({ name: 'ann', groups: [] }, -1000)
  const strange = await startApi({ folder: t.testdir() })
  t.teardown(() => strange.close())
  const foreign = await strange.tokens.issueUserToken({ name: 'ann', groups: [] }, 60_000)
  const cases = [
    [
      'nonsense',
      /^the token cannot be read: .*; get a new one from an admin \(vmeshctl generate user-token\)$/,
    ],
    [expired, /^the token expired at \d{4}-/],
    [foreign, /^the token is not signed by the key that it names/],
  ] as const
  for (const [token, reason] of cases) {
    const reply = await remote('GET', '/meshes', { headers: bearer(token) })
    t.match(reply, {
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      json: {
        status: 401,
        title: 'Invalid authentication data',
        detail: 'Unauthenticated',
        invalid_parameters: [{ field: 'Authorization', reason }],
      },
    })
  }
})

t.test('a revoked token is refused at once', async t => {
  const token = await userToken('eve')
  t.equal((await remote('GET', '/meshes', { headers: bearer(token) })).status, 200)
  const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const data = Buffer.from(`other, ${jti}`).toString('base64')
  const revocations = { type: 'GlobalSecret', name: 'user-token-revocations', data }
  await send('PUT', `${run.http}/global-secrets/user-token-revocations`, { body: revocations })
  t.equal((await remote('GET', '/meshes', { headers: bearer(token) })).status, 401)
})

t.test('anonymousRead opens what is no secret, for reading', async t => {
  const open = await startApi({
    folder: t.testdir(),
    settings: { 'apiServer.authn.anonymousRead': 'true', 'apiServer.authn.localhostIsAdmin': 'false' },
  })
  t.teardown(() => open.close())
  const ask = (method: string, path: string, options: SendOptions = {}) =>
    send(method, `${open.http}${path}`, options)
  t.equal((await ask('GET', '/meshes/default/dataplanes')).status, 200)
  t.equal((await ask('GET', '/_resources')).status, 200)
  t.equal((await ask('GET', '/meshes/default/secrets')).status, 403)
  t.match(await ask('PUT', '/meshes/m1', { body: MESH }), { status: 403 }, 'nobody is admin by loopback here')
})
