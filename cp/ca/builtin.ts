/**
 * The `builtin` backend: the CA of a mesh is made by the control plane and kept as two Secrets of the mesh, under
 * Kuma's names (kuma-semantics 4.5). Secrets that exist are used again, so switching mTLS off and on keeps the CA.
 */
import { CodedError } from '#base/errors.ts'
import type { ResourceDraft, ResourceKey } from '../kinds/kind.ts'
import { readSecret, secretDraft, secretKey } from '../store/secrets.ts'
import type { Store } from '../store/store.ts'
import { DEFAULT_CA_LIFETIME_MS, parseLifetime } from './lifetime.ts'
import { createMeshCa } from './member-certificate.ts'
import { type CaMaterial, PemAuthority } from './pem-authority.ts'

/** `conf` of the backend in the Mesh. `RSAbits` is not used: our CAs are ECDSA P-256. */
export interface BuiltinConf {
  readonly caCert?: { readonly expiration?: string | undefined } | undefined
}

/** The keys of the two secrets of a backend. */
export function builtinCaKeys(mesh: string, backend: string): { cert: ResourceKey; key: ResourceKey } {
  return {
    cert: secretKey(mesh, `${mesh}.ca-builtin-cert-${backend}`),
    key: secretKey(mesh, `${mesh}.ca-builtin-key-${backend}`),
  }
}

/** A new CA as the two secrets to be stored; `expiration` 10 years unless the conf says otherwise. */
export async function builtinCaSecrets(
  mesh: string,
  backend: string,
  conf: BuiltinConf | undefined,
  nowMs: number = Date.now(),
): Promise<ResourceDraft[]> {
  const lifetimeMs = parseLifetime(conf?.caCert?.expiration) ?? DEFAULT_CA_LIFETIME_MS
  const { certificatePem, privateKeyPem } = await createMeshCa(mesh, { nowMs, lifetimeMs })
  const keys = builtinCaKeys(mesh, backend)
  return [secretDraft(keys.cert, certificatePem), secretDraft(keys.key, privateKeyPem)]
}

/**
 * The secrets that have to be stored together with a Mesh of this backend: none when it has its CA already. Throws
 * `ca.incomplete` when one of the two exists: a new CA would cut off everybody who trusts the old one.
 */
export async function missingBuiltinCaSecrets(
  store: Store,
  mesh: string,
  backend: string,
  conf: BuiltinConf | undefined,
): Promise<ResourceDraft[]> {
  const keys = builtinCaKeys(mesh, backend)
  const [cert, key] = await Promise.all([store.get(keys.cert), store.get(keys.key)])
  if (cert === null && key === null) return builtinCaSecrets(mesh, backend, conf)
  if (cert !== null && key !== null) return []
  const [there, gone] = cert === null ? [keys.key, keys.cert] : [keys.cert, keys.key]
  throw new CodedError(
    'ca.incomplete',
    `mesh ${mesh}: Secret ${gone.name} is missing while ${there.name} is there; ` +
      'restore it, or delete the other one too to get a new CA',
    { details: { mesh, backend } },
  )
}

export class BuiltinAuthority extends PemAuthority {
  constructor(store: Store, nowMs: () => number = Date.now) {
    super(
      {
        remedy: 'restore its two ca-builtin secrets, or delete both and write the Mesh again for a new CA',
        material: (mesh, backend) => readMaterial(store, mesh, backend),
      },
      nowMs,
    )
  }
}

async function readMaterial(store: Store, mesh: string, backend: string): Promise<CaMaterial> {
  const keys = builtinCaKeys(mesh, backend)
  const [certificatePem, privateKeyPem] = await Promise.all([
    readSecret(store, keys.cert),
    readSecret(store, keys.key),
  ])
  if (certificatePem !== null && privateKeyPem !== null) return { certificatePem, privateKeyPem }
  throw new Error(`Secret ${(certificatePem === null ? keys.cert : keys.key).name} is missing`)
}
