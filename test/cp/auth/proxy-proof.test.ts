/** Which data planes get past the upgrade request, and with what answer the others leave. */
import t from 'tap'
import { proveProxy } from '../../../cp/auth/proxy-proof.ts'
import { Tokens } from '../../../cp/auth/tokens.ts'
import type { ResourceDraft } from '../../../cp/kinds/kind.ts'
import { dataplaneToken, partOf, putSecret, storeWithKeys } from '../../support/tokens.ts'

const store = await storeWithKeys('default', 'other')
const tokens = new Tokens(store)

function dataplane(service: string, name = 'web-1'): ResourceDraft {
  const inbound = [{ port: 80, tags: { 'kuma.io/service': service } }]
  const spec = { networking: { address: '10.0.0.1', inbound } }
  return { type: 'Dataplane', mesh: 'default', name, labels: {}, spec }
}

function prove(token: string | undefined, name = 'web-1', mesh = 'default') {
  const authorization = token === undefined ? undefined : `Bearer ${token}`
  return proveProxy(tokens, store, { authorization, mesh, name })
}

t.test('a token for the name, the mesh and the tags is let in', async t => {
  const claims = { mesh: 'default', name: 'web-1', tags: { 'kuma.io/service': ['web'] } }
  const result = await prove(await dataplaneToken(tokens, claims))
  if (!result.ok) throw new Error(result.reason)
  t.match(result.proof.claims, claims)
  t.equal(result.proof.fits(dataplane('web')), null)
})

t.test('401 with a reason and a remedy for what is no valid token', async t => {
  const revoked = await dataplaneToken(tokens, { mesh: 'default' })
  await putSecret(
    store,
    'default',
    'dataplane-token-revocations-default',
    `x, ${partOf(revoked, 'claims')['jti']}`,
  )
  const cases: readonly (readonly [string | undefined, RegExp])[] = [
    [undefined, /bears no token/],
    ['', /bears no token/],
    ['a b', /bears no token/],
    ['nonsense', /the token cannot be read/],
    [await dataplaneToken(tokens, { mesh: 'default' }, -60_000), /the token expired at/],
    [revoked, /the token was revoked/],
    [
      await dataplaneToken(tokens, { mesh: 'other' }),
      /not signed by the key that it names \(it says that it is for mesh "other"\)/,
    ],
    [await tokens.issueUserToken({ name: 'x', groups: [] }, 60_000), /not signed by the key/],
  ]
  for (const [token, reason] of cases) {
    const result = await prove(token)
    t.match(result, { ok: false, status: 401, reason })
    t.match(result, {
      reason: /; get one with: vmeshctl generate dataplane-token --mesh default --name web-1$/,
    })
  }
  t.match(await proveProxy(tokens, store, { authorization: 'Basic abc', mesh: 'default', name: 'web-1' }), {
    status: 401,
  })
  const good = await dataplaneToken(tokens, { mesh: 'default' })
  t.match(await prove(good, 'web-1', 'unknown'), {
    status: 401,
    reason: /there is no signing key with KID 1/,
  })
})

t.test('403 for a valid token of another name', async t => {
  const token = await dataplaneToken(tokens, { mesh: 'default', name: 'web-2' })
  t.match(await prove(token), {
    status: 403,
    reason: /^proxy name from requestor: web-1 is different than in token: web-2;/,
  })
})

t.test('403 when the stored Dataplane does not fit, before it can be replaced', async t => {
  await store.commit([{ op: 'put', resource: dataplane('database', 'db-1') }])
  const token = await dataplaneToken(tokens, { mesh: 'default', tags: { 'kuma.io/service': ['web'] } })
  t.match(await prove(token, 'db-1'), {
    status: 403,
    reason: /dataplane contains tag "kuma.io\/service" with value "database" which is not allowed/,
  })
  t.match(await prove(token, 'web-1'), { ok: true })
})

t.test('the proof refuses a Dataplane that was changed so that the token no longer fits', async t => {
  const token = await dataplaneToken(tokens, { mesh: 'default', tags: { 'kuma.io/service': ['web'] } })
  const result = await prove(token)
  if (!result.ok) throw new Error(result.reason)
  const { proof } = result
  t.equal(proof.fits(dataplane('web')), null)
  t.match(proof.fits(dataplane('admin')), /with value "admin" which is not allowed/)
  const gateway = { networking: { address: '10.0.0.1', gateway: { tags: { 'kuma.io/service': 'web' } } } }
  t.equal(proof.fits({ ...dataplane('web'), spec: gateway }), null)
  t.match(proof.fits({ ...dataplane('web'), spec: { networking: {} } }), /has no tag "kuma.io\/service"/)
  t.match(proof.fits({ ...dataplane('web'), mesh: 'other' }), /proxy mesh/)
})
