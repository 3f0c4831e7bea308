/** Who asks: loopback, token, client certificate, nobody. */
import t from 'tap'
import { authenticate } from '../../../cp/auth/authenticate.ts'
import { loopbackRefusal, type RequestFacts } from '../../../cp/auth/loopback.ts'
import { Tokens } from '../../../cp/auth/tokens.ts'
import { ADMIN_USER, ANONYMOUS } from '../../../cp/auth/user.ts'
import { partOf, putSecret, storeWithKeys } from '../../support/tokens.ts'

const store = await storeWithKeys('default')
const tokens = new Tokens(store)
const settings = { localhostIsAdmin: true }
const local: RequestFacts = {
  remoteAddress: '127.0.0.1',
  isTls: false,
  headers: { host: 'localhost:5681' },
  hasTrustedClientCertificate: false,
}
const remote: RequestFacts = { ...local, remoteAddress: '10.0.0.9', headers: { host: 'cp.example:5681' } }

function withHeaders(request: RequestFacts, headers: RequestFacts['headers']): RequestFacts {
  return { ...request, headers: { ...request.headers, ...headers } }
}

t.test('loopback is admin only when nobody else speaks through it', async t => {
  const admin: Record<string, RequestFacts> = {
    plain: local,
    IPv6: { ...local, remoteAddress: '::1', headers: { host: '[::1]:5681' } },
    'IPv4 in IPv6': { ...local, remoteAddress: '::ffff:127.0.0.1' },
    'no port': withHeaders(local, { host: '127.0.0.1' }),
    'upper case': withHeaders(local, { host: 'LOCALHOST:5681' }),
    'own origin': withHeaders(local, { origin: 'http://localhost:5681' }),
    'own origin over TLS': withHeaders({ ...local, isTls: true }, { origin: 'https://localhost:5681' }),
    'typed into the browser': withHeaders(local, { 'sec-fetch-site': 'none' }),
    'own page': withHeaders(local, { 'sec-fetch-site': 'same-origin' }),
    'a header that only looks alike': withHeaders(local, { 'x-forward': 'x', 'forwarded-by-me': 'x' }),
  }
  for (const [name, request] of Object.entries(admin)) t.equal(loopbackRefusal(request), null, name)

  const refused: Record<string, RequestFacts> = {
    'another machine': { ...local, remoteAddress: '10.0.0.9' },
    'another loopback address': { ...local, remoteAddress: '127.0.1.1' },
    'no address': { ...local, remoteAddress: undefined },
    'DNS rebinding': withHeaders(local, { host: 'evil.example:5681' }),
    'a name that begins alike': withHeaders(local, { host: 'localhost.evil.example' }),
    'no host': { ...local, headers: {} },
    'another origin': withHeaders(local, { origin: 'http://evil.example' }),
    'another port': withHeaders(local, { origin: 'http://localhost:3000' }),
    'another scheme': withHeaders(local, { origin: 'https://localhost:5681' }),
    'opaque origin': withHeaders(local, { origin: 'null' }),
    'cross-site': withHeaders(local, { 'sec-fetch-site': 'cross-site' }),
    'same-site': withHeaders(local, { 'sec-fetch-site': 'same-site' }),
  }
  for (const name of [
    ...['forwarded', 'via', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'],
    ...['x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded'],
  ]) {
    refused[name] = withHeaders(local, { [name]: 'x' })
  }
  refused['an empty forwarding header'] = withHeaders(local, { 'x-forwarded-for': '' })
  refused['a repeated one'] = withHeaders(local, { 'x-forwarded-for': ['a', 'b'] })
  for (const [name, request] of Object.entries(refused)) t.type(loopbackRefusal(request), 'string', name)
})

t.test('an admin by loopback is admin whatever token it sends, and is told what of that token', async t => {
  const good = await tokens.issueUserToken({ name: 'john', groups: [] }, 60_000)
  const expired = await tokens.issueUserToken({ name: 'john', groups: [] }, -60_000)
  const cases = [
    [good, /^not used \(it is of john\); callers on this machine are admin$/],
    [expired, /^not used, and is not valid: the token expired .*; callers on this machine are admin$/],
    ['nonsense', /^not used, and is not valid: the token /],
  ] as const
  for (const [token, remark] of cases) {
    const request = withHeaders(local, { authorization: `Bearer ${token}` })
    t.match(await authenticate(request, tokens, settings), { ok: true, user: ADMIN_USER, remark }, token)
  }
  t.same(await authenticate(local, tokens, settings), { ok: true, user: ADMIN_USER })
})

t.test('without localhostIsAdmin, loopback is like any other address', async t => {
  t.same(await authenticate(local, tokens, { localhostIsAdmin: false }), { ok: true, user: ANONYMOUS })
})

t.test('a token makes its user, in the group of the authenticated', async t => {
  const token = await tokens.issueUserToken({ name: 'john', groups: ['team-a'] }, 60_000)
  const request = withHeaders(remote, { authorization: `Bearer ${token}` })
  t.same(await authenticate(request, tokens, settings), {
    ok: true,
    user: { name: 'john', groups: ['team-a', 'mesh-system:authenticated'] },
  })
})

t.test('a token that is not valid is refused, never anonymous', async t => {
  const expired = await tokens.issueUserToken({ name: 'john', groups: [] }, -60_000)
  const revoked = await tokens.issueUserToken({ name: 'john', groups: [] }, 60_000)
  await putSecret(store, '', 'user-token-revocations', `a, ${partOf(revoked, 'claims')['jti']}`)
  for (const token of ['nonsense', '', expired, revoked]) {
    const request = withHeaders(remote, { authorization: `Bearer ${token}` })
    t.match(await authenticate(request, tokens, settings), { ok: false, reason: /^the token / }, token)
    const certified = { ...request, isTls: true, hasTrustedClientCertificate: true }
    t.match(await authenticate(certified, tokens, settings), { ok: false })
  }
})

t.test('other credentials are none', async t => {
  for (const authorization of [undefined, 'Basic abc', 'bearer x', 'Bearer', 'eyJ.x.y']) {
    const request = withHeaders(remote, { authorization })
    t.same(
      await authenticate(request, tokens, settings),
      { ok: true, user: ANONYMOUS },
      String(authorization),
    )
  }
})

t.test('a client certificate that the operator trusts is admin, over TLS only', async t => {
  const certified = { ...remote, isTls: true, hasTrustedClientCertificate: true }
  t.same(await authenticate(certified, tokens, settings), { ok: true, user: ADMIN_USER })
  t.same(await authenticate({ ...certified, isTls: false }, tokens, settings), { ok: true, user: ANONYMOUS })
})
