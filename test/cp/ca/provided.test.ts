/** The CA that an operator provides really signs, and follows its secrets; also as openssl sees it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readCertificate, splitChain } from '#base/x509/certificate.ts'
import { builtinCaSecrets } from '../../../cp/ca/builtin.ts'
import { isCaSecret, MeshAuthority } from '../../../cp/ca/mesh-authority.ts'
import type { ResourceDraft } from '../../../cp/kinds/kind.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import type { Store } from '../../../cp/store/store.ts'
import { makeCsr } from '../../support/certificates.ts'
import { openssl } from '../../support/openssl.ts'
import { caSecrets, makeOperatorCa, type OperatorCa, providedMesh } from '../../support/provided-ca.ts'
import { aMesh } from '../../support/resources.ts'

const DAY_MS = 24 * 3_600_000
const { csrPem } = await makeCsr()
const REQUEST = {
  mesh: 'default',
  backend: 'ca-1',
  csrPem,
  uris: ['spiffe://default/web'],
  lifetimeMs: DAY_MS,
}

async function put(store: Store, ...drafts: readonly ResourceDraft[]): Promise<void> {
  await store.commit(drafts.map(resource => ({ op: 'put', resource })))
}

async function storeWith(ca: OperatorCa): Promise<Store> {
  const store = createMemoryStore()
  await put(store, providedMesh(), ...caSecrets(ca))
  return store
}

function verifies(rootPem: string, chainPem: string, ...flags: readonly string[]): boolean {
  const [leaf = '', ...between] = splitChain(chainPem)
  const untrusted = between.length === 0 ? [] : ['-untrusted', 'between']
  return openssl(['verify', '-x509_strict', ...flags, '-CAfile', 'root', ...untrusted, 'leaf'], {
    root: rootPem,
    leaf,
    between: between.join(''),
  }).ok
}

t.test('signs with RSA and ECDSA keys what openssl verifies', async t => {
  for (const sort of ['rsa', 'P-256', 'P-384'] as const) {
    const ca = makeOperatorCa({ sort })
    const authority = new MeshAuthority(await storeWith(ca))
    const issued = await authority.issue(REQUEST)
    t.same(await authority.roots('default', 'ca-1'), [ca.chainPem], sort)
    t.ok(verifies(ca.chainPem, issued.chainPem), sort)
    t.same(readCertificate(issued.chainPem).uris, REQUEST.uris)
    t.notOk(verifies(makeOperatorCa({ sort }).chainPem, issued.chainPem), 'another CA does not verify it')
  }
})

t.test('a CA below another: members send it along and trust both', async t => {
  const root = makeOperatorCa({ sort: 'rsa', name: 'Root' })
  const ca = makeOperatorCa({ name: 'Issuing', below: root })
  const authority = new MeshAuthority(await storeWith(ca))
  const { chainPem } = await authority.issue(REQUEST)
  t.equal(splitChain(chainPem).length, 2, 'leaf and issuing CA, not the root')
  t.same(await authority.roots('default', 'ca-1'), splitChain(ca.chainPem))
  t.ok(verifies(root.chainPem, chainPem), 'by those who know the root only')
  const [issuing = ''] = splitChain(ca.chainPem)
  t.ok(verifies(issuing, chainPem, '-partial_chain'), 'by those who know the issuing CA only')
})

t.test('a certificate ends no later than its CA, and an expired CA signs nothing', async t => {
  const ca = makeOperatorCa({ lifetimeMs: 3_600_000 })
  const caEndsMs = readCertificate(ca.chainPem).notAfterMs
  const store = await storeWith(ca)
  t.equal((await new MeshAuthority(store).issue(REQUEST)).notAfterMs, caEndsMs)
  await t.rejects(new MeshAuthority(store, () => caEndsMs).issue(REQUEST), {
    code: 'ca.unavailable',
    message: /its CA certificate has expired; correct `conf.cert` and `conf.key`/,
  })
})

t.test('follows its secrets: signs with neither CA while only one half was changed', async t => {
  const [old, next] = [makeOperatorCa({ name: 'Old' }), makeOperatorCa({ sort: 'rsa', name: 'New' })]
  const store = await storeWith(old)
  const authority = new MeshAuthority(store)
  t.ok(verifies(old.chainPem, (await authority.issue(REQUEST)).chainPem))
  const [cert, key] = caSecrets(next)
  await put(store, cert)
  const mismatch = { code: 'ca.unavailable', message: /the private key does not belong to the certificate/ }
  await t.rejects(authority.issue(REQUEST), mismatch)
  await t.rejects(authority.roots('default', 'ca-1'), mismatch)
  await put(store, key)
  t.ok(verifies(next.chainPem, (await authority.issue(REQUEST)).chainPem))
  t.same(await authority.roots('default', 'ca-1'), [next.chainPem])
  await store.commit([{ op: 'delete', key: { type: 'Secret', mesh: 'default', name: 'ca-key' } }])
  await t.rejects(authority.issue(REQUEST), {
    message: /could not load data: Resource not found: type="Secret" name="ca-key" mesh="default"/,
  })
})

t.test('takes every source; a file counts from the next write of the Mesh on', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'vmesh-ca-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const [first, second] = [makeOperatorCa({ name: 'First' }), makeOperatorCa({ name: 'Second' })]
  const files = { cert: { file: join(folder, 'ca.pem') }, key: { file: join(folder, 'ca.key') } }
  const write = async (ca: OperatorCa): Promise<void> => {
    await writeFile(files.cert.file, ca.chainPem)
    await writeFile(files.key.file, ca.privateKeyPem)
  }
  await write(first)
  const store = createMemoryStore()
  await put(store, providedMesh(files))
  const authority = new MeshAuthority(store)
  t.same(await authority.roots('default', 'ca-1'), [first.chainPem])
  await write(second)
  t.ok(verifies(first.chainPem, (await authority.issue(REQUEST)).chainPem), 'what members trust signs')
  await put(store, { ...providedMesh(files), labels: { reread: 'yes' } })
  t.same(await authority.roots('default', 'ca-1'), [second.chainPem])
  t.ok(verifies(second.chainPem, (await authority.issue(REQUEST)).chainPem))

  const inline = Buffer.from(first.chainPem).toString('base64')
  await put(store, providedMesh({ cert: { inline }, key: { inlineString: first.privateKeyPem } }))
  t.ok(verifies(first.chainPem, (await authority.issue(REQUEST)).chainPem))
})

t.test('a mesh with a builtin CA still has it, and one without a CA says so', async t => {
  const store = createMemoryStore()
  await put(store, aMesh(), ...(await builtinCaSecrets('default', 'ca-1', undefined)))
  const authority = new MeshAuthority(store)
  const [root = ''] = await authority.roots('default', 'ca-1')
  t.ok(verifies(root, (await authority.issue(REQUEST)).chainPem))
  await t.rejects(authority.issue({ ...REQUEST, mesh: 'other' }), { code: 'ca.unavailable' })
  await put(store, providedMesh({}))
  await t.rejects(authority.roots('default', 'ca-1'), { message: /conf\.cert has to be defined/ })
})

t.test('knows the secrets that its trust hangs on', async t => {
  const secrets = (mesh: Parameters<typeof isCaSecret>[0]): string[] =>
    ['ca-cert', 'ca-key', 'default.ca-builtin-cert-ca-1', 'default.ca-builtin-key-ca-2', 'x'].filter(name =>
      isCaSecret(mesh, name),
    )
  t.same(secrets(providedMesh()), ['ca-cert', 'ca-key', 'default.ca-builtin-cert-ca-1'])
  t.same(secrets({ name: 'default', spec: {} }), [])
})
