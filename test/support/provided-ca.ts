/** CAs as operators bring them: RSA or ECDSA, self-signed or below another, and Meshes that name them. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createCertificate, readIssuer, readPrivateKey } from '#base/x509/certificate.ts'
import type { DataSource } from '../../cp/kinds/data-source.ts'
import type { ResourceDraft } from '../../cp/kinds/kind.ts'
import type { MeshSpec } from '../../cp/kinds/mesh/mesh.ts'
import { secretDraft, secretKey } from '../../cp/store/secrets.ts'

export interface OperatorCa {
  /** The certificate itself first, then those above it. */
  readonly chainPem: string
  readonly privateKeyPem: string
}

export type KeySort = 'rsa' | 'rsa-1024' | 'P-256' | 'P-384' | 'ed25519'

const DAY_MS = 24 * 3_600_000

export function makeKey(sort: KeySort): string {
  const pem = { type: 'pkcs8', format: 'pem' } as const
  if (sort === 'rsa' || sort === 'rsa-1024') {
    const modulusLength = sort === 'rsa' ? 2048 : 1024
    return generateKeyPairSync('rsa', { modulusLength }).privateKey.export(pem).toString()
  }
  if (sort === 'ed25519') return generateKeyPairSync('ed25519').privateKey.export(pem).toString()
  return generateKeyPairSync('ec', { namedCurve: sort }).privateKey.export(pem).toString()
}

/** `keyUsage` and `isCa`: what an operator may get wrong. */
export function makeOperatorCa(
  options: {
    readonly sort?: KeySort
    readonly name?: string
    readonly below?: OperatorCa
    readonly isCa?: boolean
    readonly keyUsage?: readonly ('keyCertSign' | 'cRLSign' | 'keyAgreement')[]
    readonly nowMs?: number
    readonly lifetimeMs?: number
  } = {},
): OperatorCa {
  const { sort = 'P-256', name = 'Operator', below, isCa = true } = options
  const { keyUsage = ['keyCertSign', 'cRLSign'], nowMs = Date.now(), lifetimeMs = DAY_MS } = options
  const privateKeyPem = makeKey(sort)
  const key = readPrivateKey(privateKeyPem)
  const certificatePem = createCertificate({
    signer: below === undefined ? key : readIssuer(below.chainPem, below.privateKeyPem),
    publicKey: createPublicKey(key),
    subject: [['CN', name]],
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + lifetimeMs,
    ...(isCa ? { ca: {} } : {}),
    keyUsage,
  })
  return { chainPem: certificatePem + (below?.chainPem ?? ''), privateKeyPem }
}

/** The secrets `ca-cert` and `ca-key` of mesh `default`. */
export function caSecrets(ca: OperatorCa): readonly [cert: ResourceDraft, key: ResourceDraft] {
  return [
    secretDraft(secretKey('default', 'ca-cert'), ca.chainPem),
    secretDraft(secretKey('default', 'ca-key'), ca.privateKeyPem),
  ]
}

/** Mesh `default` whose CA is in those secrets, unless told. */
export function providedMesh(
  conf: { readonly cert?: DataSource; readonly key?: DataSource } = {
    cert: { secret: 'ca-cert' },
    key: { secret: 'ca-key' },
  },
): ResourceDraft<MeshSpec> {
  const backends = [{ name: 'ca-1', type: 'provided', conf }]
  const spec = { mtls: { enabledBackend: 'ca-1', backends } }
  return { type: 'Mesh', mesh: '', name: 'default', labels: {}, spec }
}
