/** Tokens: what is in them, which are refused, rotation and revocation. */
import { createHmac, createPublicKey, createSign, generateKeyPairSync, verify } from 'node:crypto'
import t from 'tap'
import { dataplaneKeys, newSigningKeyDraft, SigningKeys, USER_KEYS } from '../../../cp/auth/keys.ts'
import { parseRevocations } from '../../../cp/auth/revocations.ts'
import { Tokens } from '../../../cp/auth/tokens.ts'
import { readSecret, secretKey } from '../../../cp/store/secrets.ts'
import type { Store } from '../../../cp/store/store.ts'
import { openssl } from '../../support/openssl.ts'
import { dataplaneToken, deleteSecret, partOf, putSecret, storeWithKeys } from '../../support/tokens.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2030, 0, 1)
const BAD = { code: 'auth.bad-token' }

const shared = await storeWithKeys('default', 'other')
const tokens = new Tokens(shared, () => NOW_MS)

async function keyText(store: Store, mesh: string, name: string): Promise<string> {
  const text = await readSecret(store, secretKey(mesh, name))
  if (text === null) throw new Error(`no secret ${name}`)
  return text
}

t.test('a data-plane token holds what Kuma puts in', async t => {
  const token = await dataplaneToken(tokens, { name: 'a', mesh: 'default' }, HOUR_MS)
  t.same(partOf(token, 'header'), { alg: 'RS256', kid: '1', typ: 'JWT' })
  const { jti, ...claims } = partOf(token, 'claims')
  const nowS = NOW_MS / 1000
  t.same(claims, {
    Name: 'a',
    Mesh: 'default',
    Tags: {},
    Type: '',
    Workload: '',
    exp: nowS + 3600,
    nbf: nowS - 5,
    iat: nowS - 5,
  })
  t.match(jti, /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
  const tenYears = partOf(await dataplaneToken(tokens, { mesh: 'default' }), 'claims')
  t.equal(tenYears['exp'], nowS + 87_600 * 3600)
})

t.test('anybody with the public key can verify the signature', async t => {
  const token = await dataplaneToken(tokens, { mesh: 'default' })
  const pem = await keyText(shared, 'default', 'dataplane-token-signing-key-default-1')
  t.match(pem, /^-----BEGIN RSA PRIVATE KEY-----/)
  t.match(openssl(['rsa', '-in', 'k', '-noout', '-text'], { k: pem }).text, /2048 bit/)
  const [header, claims, signature = ''] = token.split('.')
  const signed = Buffer.from(`${header}.${claims}`)
  t.ok(verify('sha256', signed, createPublicKey(pem), Buffer.from(signature, 'base64url')))
})

t.test('reads back what it issued', async t => {
  const claims = {
    name: 'web-1',
    mesh: 'default',
    tags: { 'kuma.io/service': ['web', 'api'] },
    type: 'dataplane',
    workload: 'w',
  }
  const token = await tokens.issueDataplaneToken(claims)
  t.same(await tokens.verifyDataplaneToken(token, 'default'), claims)
  const user = { name: 'john', groups: ['team-a'] }
  t.same(await tokens.verifyUserToken(await tokens.issueUserToken(user, HOUR_MS)), user)
  const alone = await tokens.issueUserToken({ name: 'john', groups: [] }, HOUR_MS)
  t.equal(partOf(alone, 'claims')['Groups'], null, 'as Kuma writes it')
  t.same(await tokens.verifyUserToken(alone), { name: 'john', groups: [] })
})

t.test('refuses a token from the second it expires, and one that has not begun', async t => {
  const token = await dataplaneToken(tokens, { mesh: 'default' }, HOUR_MS)
  const at = (nowMs: number) => new Tokens(shared, () => nowMs).verifyDataplaneToken(token, 'default')
  await t.resolves(at(NOW_MS + HOUR_MS - 1000))
  await t.rejects(at(NOW_MS + HOUR_MS), { ...BAD, message: 'the token expired at 2030-01-01T01:00:00.000Z' })
  await t.resolves(at(NOW_MS - 5000))
  await t.rejects(at(NOW_MS - 6000), {
    ...BAD,
    message: 'the token is not valid before 2029-12-31T23:59:55.000Z',
  })
  const past = await dataplaneToken(tokens, { mesh: 'default' }, -HOUR_MS)
  await t.rejects(tokens.verifyDataplaneToken(past, 'default'), { ...BAD, message: /expired/ })
})

t.test('refuses tokens that somebody else made', async t => {
  const good = await dataplaneToken(tokens, { name: 'a', mesh: 'default' })
  const [header = '', claims = '', signature = ''] = good.split('.')
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const publicPem = createPublicKey(await keyText(shared, 'default', 'dataplane-token-signing-key-default-1'))
    .export({ type: 'spki', format: 'pem' })
    .toString()
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const none = `${encode({ alg: 'none', kid: '1' })}.${claims}.`
  const hmacHead = `${encode({ alg: 'HS256', kid: '1' })}.${claims}`
  const rs512Head = `${encode({ alg: 'RS512', kid: '1' })}.${claims}`
  const changed = encode({ ...partOf(good, 'claims'), Name: 'b' })
  const cases: Record<string, string> = {
    'another key': `${header}.${claims}.${createSign('sha256').update(`${header}.${claims}`).sign(foreign, 'base64url')}`,
    'changed claims': `${header}.${changed}.${signature}`,
    'no signature': none,
    'an HMAC with the public key': `${hmacHead}.${createHmac('sha256', publicPem).update(hmacHead).digest('base64url')}`,
    'another algorithm': `${rs512Head}.${createSign('sha512')
      .update(rs512Head)
      .sign(await keyText(shared, 'default', 'dataplane-token-signing-key-default-1'), 'base64url')}`,
    'not a JWT': 'hello',
    'an empty token': '',
  }
  for (const [name, token] of Object.entries(cases))
    await t.rejects(tokens.verifyDataplaneToken(token, 'default'), BAD, name)
})

t.test('a key of one mesh, or of users, makes no token of another', async t => {
  const other = await dataplaneToken(tokens, { mesh: 'other' })
  await t.rejects(tokens.verifyDataplaneToken(other, 'default'), { ...BAD, message: /not signed by the key/ })
  const user = await tokens.issueUserToken({ name: 'a', groups: ['mesh-system:admin'] }, HOUR_MS)
  await t.rejects(tokens.verifyDataplaneToken(user, 'default'), BAD)
  await t.rejects(tokens.verifyUserToken(other), BAD)
})

t.test('names the missing signing key as Kuma does', async t => {
  await t.rejects(dataplaneToken(tokens, { mesh: 'nope' }), {
    code: 'auth.no-signing-key',
    message:
      'there is no signing key with KID 1. Secret of name "dataplane-token-signing-key-nope-1" in mesh "nope" is ' +
      'not found. If signing key was rotated, regenerate the token',
  })
  await t.rejects(new SigningKeys(shared).byKid(USER_KEYS, '7'), {
    message: /KID 7. GlobalSecret of name "user-token-signing-key-7" is not found/,
  })
  for (const kid of ['../x', '01', '', '1 ', '-1', '99999999999999999999'])
    await t.rejects(new SigningKeys(shared).byKid(USER_KEYS, kid), { code: 'auth.no-signing-key' }, kid)
})

t.test('signs with the newest key, by number, and verifies with any that is there', async t => {
  const store = await storeWithKeys('default')
  const own = new Tokens(store)
  const first = await dataplaneToken(own, { mesh: 'default' })
  for (const serial of [9, 10]) {
    const resource = await newSigningKeyDraft(dataplaneKeys('default'), serial)
    await store.commit([{ op: 'put', resource }])
  }
  const second = await dataplaneToken(own, { mesh: 'default' })
  t.equal(partOf(second, 'header')['kid'], '10')
  await t.resolves(own.verifyDataplaneToken(first, 'default'))
  await t.resolves(own.verifyDataplaneToken(second, 'default'))
  await deleteSecret(store, 'default', 'dataplane-token-signing-key-default-1')
  await t.rejects(own.verifyDataplaneToken(first, 'default'), { code: 'auth.no-signing-key' })
  await t.resolves(own.verifyDataplaneToken(second, 'default'))
})

t.test('a replaced key ends the tokens of the old one at once', async t => {
  const store = await storeWithKeys('default')
  const own = new Tokens(store)
  const token = await dataplaneToken(own, { mesh: 'default' })
  await own.verifyDataplaneToken(token, 'default')
  await store.commit([{ op: 'put', resource: await newSigningKeyDraft(dataplaneKeys('default')) }])
  await t.rejects(own.verifyDataplaneToken(token, 'default'), BAD)
  await putSecret(store, 'default', 'dataplane-token-signing-key-default-1', 'no key')
  await t.rejects(dataplaneToken(own, { mesh: 'default' }), { code: 'auth.bad-signing-key' })
})

t.test('makes the first key of a mesh only where it has none', async t => {
  const keys = new SigningKeys(shared)
  t.same(await keys.missing(dataplaneKeys('default')), [])
  const [draft, ...more] = await keys.missing(dataplaneKeys('fresh'))
  t.equal(more.length, 0)
  t.match(draft, { type: 'Secret', mesh: 'fresh', name: 'dataplane-token-signing-key-fresh-1' })
})

t.test('revoked tokens are refused, also with spaces in the list', async t => {
  const store = await storeWithKeys('default')
  const own = new Tokens(store)
  const [first, second, third] = await Promise.all(
    [1, 2, 3].map(() => dataplaneToken(own, { mesh: 'default' })),
  )
  if (first === undefined || second === undefined || third === undefined) throw new Error('no tokens')
  const ids = [first, second].map(token => String(partOf(token, 'claims')['jti']))
  await putSecret(store, 'default', 'dataplane-token-revocations-default', `${ids.join(', ')}\n`)
  for (const token of [first, second])
    await t.rejects(own.verifyDataplaneToken(token, 'default'), { ...BAD, message: /was revoked/ })
  await t.resolves(own.verifyDataplaneToken(third, 'default'))
  await deleteSecret(store, 'default', 'dataplane-token-revocations-default')
  await t.resolves(own.verifyDataplaneToken(first, 'default'))

  const user = await own.issueUserToken({ name: 'a', groups: [] }, HOUR_MS)
  await putSecret(store, '', 'user-token-revocations', `x , ${String(partOf(user, 'claims')['jti'])} `)
  await t.rejects(own.verifyUserToken(user), { ...BAD, message: /was revoked/ })
})

t.test('reads lists of revoked ids', async t => {
  t.same([...parseRevocations(' a, b\n,\tc ,,\r\n')], ['a', 'b', 'c'])
  t.same([...parseRevocations('')], [])
})
