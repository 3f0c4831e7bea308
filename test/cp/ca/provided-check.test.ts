/** A Mesh whose provided CA could not sign for it is refused when it is written (kuma-api 4.4). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { pairViolations, providedCaViolations } from '../../../cp/ca/provided-check.ts'
import type { Violation } from '../../../cp/kinds/kind.ts'
import { mesh as meshKind } from '../../../cp/kinds/mesh/mesh.ts'
import { createGuardedStore } from '../../../cp/store/guarded-store.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import {
  caSecrets,
  makeKey,
  makeOperatorCa,
  type OperatorCa,
  providedMesh,
} from '../../support/provided-ca.ts'

const CONF = 'mtls.backends[0].conf'
const NO_CA = "basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)"
const NO_SIGN = "key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)"
const AGREES = "key usage extension 'keyAgreement' must NOT be set (see X509-SVID: 4.3. Key Usage)"

const faultsOf = (ca: OperatorCa): string[] =>
  texts(pairViolations({ certificatePem: ca.chainPem, privateKeyPem: ca.privateKeyPem }, CONF))

function texts(violations: readonly Violation[]): string[] {
  return violations.map(({ field, message }) => `${field}: ${message}`)
}

t.test("refuses with Kuma's messages", async t => {
  const root = makeOperatorCa({ name: 'Root' })
  const other = makeOperatorCa({ name: 'Other' })
  const cases: readonly (readonly [string, OperatorCa, readonly string[]])[] = [
    ['ECDSA', root, []],
    ['RSA', makeOperatorCa({ sort: 'rsa' }), []],
    ['below a root', makeOperatorCa({ below: root }), []],
    [
      'the key of another',
      { ...root, privateKeyPem: makeKey('P-256') },
      [`${CONF}.cert: not a valid TLS key pair: private key does not match public key`],
    ],
    ['no CA', makeOperatorCa({ isCa: false }), [`${CONF}.cert[0]: ${NO_CA}`]],
    ['cannot sign', makeOperatorCa({ keyUsage: ['cRLSign'] }), [`${CONF}.cert[0]: ${NO_SIGN}`]],
    [
      'agrees on keys',
      makeOperatorCa({ keyUsage: ['keyCertSign', 'keyAgreement'] }),
      [`${CONF}.cert[0]: ${AGREES}`],
    ],
    [
      'a bad one above',
      makeOperatorCa({ below: makeOperatorCa({ isCa: false, keyUsage: ['keyAgreement'] }) }),
      [`${CONF}.cert[1]: ${NO_CA}`, `${CONF}.cert[1]: ${NO_SIGN}`, `${CONF}.cert[1]: ${AGREES}`],
    ],
    [
      'a chain in disorder',
      { ...root, chainPem: root.chainPem + other.chainPem },
      [`${CONF}.cert[0]: must be signed by the certificate that follows it`],
    ],
    [
      'a short RSA key',
      makeOperatorCa({ sort: 'rsa-1024' }),
      [`${CONF}.key: an RSA key of 1024 bits is too weak; use at least 2048`],
    ],
  ]
  for (const [name, ca, expected] of cases) t.same(faultsOf(ca), expected, name)
  for (const broken of ['', 'x', '-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n']) {
    const [only, ...others] = faultsOf({ ...root, chainPem: broken })
    t.match(only, `${CONF}.cert: not a valid TLS key pair: `)
    t.same(others, [])
  }
  t.match(faultsOf({ ...root, privateKeyPem: 'x' })[0], 'the private key cannot be read')
})

t.test('says of each source why it cannot be read', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'vmesh-ca-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const big = join(folder, 'big')
  await writeFile(big, Buffer.alloc(1_048_577))
  const store = createMemoryStore()
  const check = async (cert: object, key: object): Promise<string[]> =>
    texts(await providedCaViolations(providedMesh({ cert, key }), store))
  t.same(await check({ secret: 'a' }, { secret: 'b' }), [
    `${CONF}.cert: could not load data: Resource not found: type="Secret" name="a" mesh="default"`,
    `${CONF}.key: could not load data: Resource not found: type="Secret" name="b" mesh="default"`,
  ])
  t.same(await check({ file: '/dev/zero' }, { file: big }), [
    `${CONF}.cert: could not load data: /dev/zero is not a plain file`,
    `${CONF}.key: could not load data: ${big} is larger than 1048576 bytes`,
  ])
  const [gone] = await check({ file: join(folder, 'gone') }, { inlineString: 'x' })
  t.match(gone, /conf\.cert: could not load data: ENOENT/)
})

t.test('is asked for every write of a Mesh, and left out where the Mesh says so', async t => {
  const store = createMemoryStore()
  const log = silentLogger()
  const guarded = createGuardedStore({ store, zone: 'z', hooks: [], checks: [providedCaViolations], log })
  const refused = await guarded.put(meshKind, providedMesh())
  t.match(refused, { ok: false, title: 'Failed to create a resource' })
  t.equal(await store.get(providedMesh()), null)
  const unchecked = providedMesh()
  const mtls = { ...unchecked.spec.mtls, skipValidation: true }
  t.match(await guarded.put(meshKind, { ...unchecked, spec: { mtls } }), { ok: true })
  t.match(await guarded.put(meshKind, providedMesh()), { ok: false, title: 'Failed to update a resource' })
  await store.commit(caSecrets(makeOperatorCa()).map(resource => ({ op: 'put', resource })))
  t.match(await guarded.put(meshKind, providedMesh()), { ok: true })
  t.match(await guarded.put(meshKind, { ...providedMesh(), spec: {} }), { ok: true })
})
