/** The builtin CA of a mesh: kept as secrets, and what it signs, also as openssl sees it. */
import { createPublicKey, X509Certificate } from 'node:crypto'
import t from 'tap'
import { readCertificate } from '#base/x509/certificate.ts'
import {
  BuiltinAuthority,
  builtinCaKeys,
  builtinCaSecrets,
  missingBuiltinCaSecrets,
} from '../../../cp/ca/builtin.ts'
import type { ResourceDraft } from '../../../cp/kinds/kind.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { secretText } from '../../../cp/store/secrets.ts'
import type { Store } from '../../../cp/store/store.ts'
import { makeCsr } from '../../support/certificates.ts'
import { openssl } from '../../support/openssl.ts'

const DAY_MS = 24 * 3_600_000
const URIS = ['spiffe://default/web', 'kuma://kuma.io/service/web']

async function commit(store: Store, drafts: readonly ResourceDraft[]): Promise<void> {
  await store.commit(drafts.map(resource => ({ op: 'put', resource, expectedRevision: 0 })))
}

async function storeWithCa(mesh = 'default'): Promise<Store> {
  const store = createMemoryStore()
  await commit(store, await builtinCaSecrets(mesh, 'ca-1', undefined))
  return store
}

t.test('keeps the CA under the names that Kuma keeps it under', async t => {
  const store = await storeWithCa()
  const cert = await store.get({ type: 'Secret', mesh: 'default', name: 'default.ca-builtin-cert-ca-1' })
  const key = await store.get({ type: 'Secret', mesh: 'default', name: 'default.ca-builtin-key-ca-1' })
  if (cert === null || key === null) throw new Error('secrets are missing')
  const text = openssl(['x509', '-noout', '-text', '-in', 'ca'], { ca: secretText(cert) }).text
  t.match(text, /Subject: O = Kuma, OU = Mesh, CN = default/)
  t.match(text, /URI:spiffe:\/\/default\n/)
  t.match(text, /CA:TRUE/)
  t.match(secretText(key), /PRIVATE KEY/)
  const lifeMs = readCertificate(secretText(cert)).notAfterMs - Date.now()
  t.ok(Math.abs(lifeMs - 3650 * DAY_MS) < DAY_MS, 'ten years')
})

t.test('takes the life of the CA from the conf', async t => {
  const [cert] = await builtinCaSecrets('m', 'b', { caCert: { expiration: '3d' } }, Date.UTC(2030, 0, 1))
  if (cert === undefined) throw new Error('no secret')
  const pem = Buffer.from(JSON.parse(JSON.stringify(cert.spec)).data, 'base64').toString()
  t.equal(readCertificate(pem).notAfterMs, Date.UTC(2030, 0, 4))
})

t.test('uses the secrets again when mTLS is switched on again', async t => {
  const store = createMemoryStore()
  const first = await missingBuiltinCaSecrets(store, 'default', 'ca-1', undefined)
  t.equal(first.length, 2)
  await commit(store, first)
  t.same(await missingBuiltinCaSecrets(store, 'default', 'ca-1', undefined), [])
})

t.test('makes no new CA while half of the old one is there', async t => {
  const store = await storeWithCa()
  await store.commit([{ op: 'delete', key: builtinCaKeys('default', 'ca-1').key }])
  await t.rejects(missingBuiltinCaSecrets(store, 'default', 'ca-1', undefined), {
    code: 'ca.incomplete',
    message: /default\.ca-builtin-key-ca-1 is missing/,
  })
})

t.test('issues what openssl verifies, for the key of the request', async t => {
  const store = await storeWithCa()
  const nowMs = Date.now()
  const ca = new BuiltinAuthority(store, () => nowMs)
  const { csrPem, privateKeyPem } = await makeCsr()
  const request = { mesh: 'default', backend: 'ca-1', csrPem, uris: URIS, lifetimeMs: 7 * DAY_MS }
  const issued = await ca.issue(request)
  const [root = ''] = await ca.roots('default', 'ca-1')
  const verified = openssl(['verify', '-x509_strict', '-CAfile', 'root', 'leaf'], {
    root,
    leaf: issued.chainPem,
  })
  t.ok(verified.ok, verified.text)
  const leaf = readCertificate(issued.chainPem)
  t.same(leaf.uris, URIS)
  t.ok(leaf.publicKey.equals(createPublicKey(privateKeyPem)))
  t.equal(leaf.notBeforeMs, Math.floor((nowMs - 600_000) / 1000) * 1000, 'backdated by ten minutes')
  t.equal(leaf.notAfterMs, Math.floor((nowMs + 7 * DAY_MS) / 1000) * 1000)
  t.equal(issued.notBeforeMs, leaf.notBeforeMs)
  t.equal(issued.notAfterMs, leaf.notAfterMs)
  const text = openssl(['x509', '-noout', '-text', '-in', 'leaf'], { leaf: issued.chainPem }).text
  t.match(text, /Issuer: O = Kuma, OU = Mesh, CN = default/)
  t.match(text, /Subject: *\n/)
  t.match(text, /Subject Alternative Name: critical/)
  t.match(text, /Basic Constraints: critical\s+CA:FALSE/)
  t.match(text, /ecdsa-with-SHA256/)
})

t.test('takes no name from the request', async t => {
  const ca = new BuiltinAuthority(await storeWithCa())
  const made = openssl([
    ...['req', '-new', '-nodes', '-keyout', '-', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ...['-subj', '/CN=admin', '-addext', 'subjectAltName=URI:spiffe://default/admin'],
    ...['-addext', 'basicConstraints=CA:TRUE'],
  ])
  const csrPem = made.text
  const issued = await ca.issue({ mesh: 'default', backend: 'ca-1', csrPem, uris: URIS, lifetimeMs: DAY_MS })
  const leaf = readCertificate(issued.chainPem)
  t.same(leaf.uris, URIS)
  t.equal(leaf.subject, '')
  t.equal(leaf.isCa, false)
  t.notMatch(openssl(['x509', '-noout', '-text', '-in', 'c'], { c: issued.chainPem }).text, /admin/)
})

t.test('members of one mesh do not verify with the CA of another', async t => {
  const store = await storeWithCa('a')
  await commit(store, await builtinCaSecrets('b', 'ca-1', undefined))
  const ca = new BuiltinAuthority(store)
  const { csrPem } = await makeCsr()
  const request = { mesh: 'a', backend: 'ca-1', csrPem, uris: ['spiffe://a/web'], lifetimeMs: DAY_MS }
  const leaf = (await ca.issue(request)).chainPem
  const [own = ''] = await ca.roots('a', 'ca-1')
  const [foreign = ''] = await ca.roots('b', 'ca-1')
  t.ok(openssl(['verify', '-CAfile', 'r', 'l'], { r: own, l: leaf }).ok)
  t.notOk(openssl(['verify', '-CAfile', 'r', 'l'], { r: foreign, l: leaf }).ok)
})

t.test('a certificate ends no later than its CA, and an expired CA issues none', async t => {
  const startMs = Date.UTC(2030, 0, 1)
  const store = createMemoryStore()
  await commit(store, await builtinCaSecrets('m', 'b', { caCert: { expiration: '1d' } }, startMs))
  let nowMs = startMs
  const ca = new BuiltinAuthority(store, () => nowMs)
  const { csrPem } = await makeCsr()
  const request = { mesh: 'm', backend: 'b', csrPem, uris: ['spiffe://m/s'], lifetimeMs: 7 * DAY_MS }
  t.equal((await ca.issue(request)).notAfterMs, startMs + DAY_MS)
  nowMs = startMs + DAY_MS
  await t.rejects(ca.issue(request), { code: 'ca.unavailable', message: /expired/ })
})

t.test('says what is missing or wrong instead of issuing', async t => {
  const store = await storeWithCa()
  const ca = new BuiltinAuthority(store)
  const { csrPem } = await makeCsr()
  const request = { mesh: 'default', backend: 'ca-1', csrPem, uris: URIS, lifetimeMs: DAY_MS }
  await t.rejects(ca.issue({ ...request, csrPem: 'nonsense' }), { code: 'ca.bad-request' })
  await t.rejects(ca.issue({ ...request, uris: [] }), { code: 'ca.bad-request', message: /kuma.io\/service/ })
  await t.rejects(ca.issue({ ...request, mesh: 'other' }), {
    code: 'ca.unavailable',
    message: /other\.ca-builtin-cert-ca-1 is missing/,
  })
  await t.rejects(ca.roots('default', 'ca-2'), { code: 'ca.unavailable' })
  const [cert] = await builtinCaSecrets('default', 'ca-1', undefined)
  if (cert === undefined) throw new Error('no secret')
  await store.commit([{ op: 'put', resource: cert }])
  await t.rejects(ca.issue(request), { code: 'ca.unavailable', message: /does not belong/ })
})

t.test('signs with the new CA as soon as its secrets are replaced', async t => {
  const store = await storeWithCa()
  const ca = new BuiltinAuthority(store)
  const { csrPem } = await makeCsr()
  const request = { mesh: 'default', backend: 'ca-1', csrPem, uris: URIS, lifetimeMs: DAY_MS }
  const before = await ca.roots('default', 'ca-1')
  t.equal(await ca.roots('default', 'ca-1'), before, 'the same array while nothing changed')
  const drafts = await builtinCaSecrets('default', 'ca-1', undefined)
  await store.commit(drafts.map(resource => ({ op: 'put', resource })))
  const [root = ''] = await ca.roots('default', 'ca-1')
  t.not(root, before[0])
  const leaf = new X509Certificate((await ca.issue(request)).chainPem)
  t.ok(leaf.verify(new X509Certificate(root).publicKey))
})
