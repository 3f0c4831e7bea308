/**
 * The `builtin` backend: the CA of a mesh is made by the control plane and kept as two Secrets of the mesh, under
 * Kuma's names (kuma-semantics 4.5). Secrets that exist are used again, so switching mTLS off and on keeps the CA.
 */
import { CodedError, messageOf } from '#base/errors.ts'
import { type Issuer, readCsr, readIssuer, splitChain } from '#base/x509/certificate.ts'
import type { ResourceDraft, ResourceKey } from '../kinds/kind.ts'
import { readSecret, secretDraft, secretKey } from '../store/secrets.ts'
import type { Store } from '../store/store.ts'
import type { CertificateAuthority, IssuedCertificate, IssueRequest } from './ca.ts'
import { DEFAULT_CA_LIFETIME_MS, parseLifetime } from './lifetime.ts'
import { createMemberCertificate, createMeshCa } from './member-certificate.ts'

/** `conf` of the backend in the Mesh. `RSAbits` is not used: our CAs are ECDSA P-256. */
export interface BuiltinConf {
  readonly caCert?: { readonly expiration?: string | undefined } | undefined
}

/** Parsed once as long as the secrets say the same. */
interface Authority {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly issuer: Issuer
  readonly roots: readonly string[]
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

export class BuiltinAuthority implements CertificateAuthority {
  readonly #store: Store
  readonly #nowMs: () => number
  /** By mesh and backend: one entry each, so bounded by what is stored. */
  readonly #authorities = new Map<string, Authority>()

  constructor(store: Store, nowMs: () => number = Date.now) {
    this.#store = store
    this.#nowMs = nowMs
  }

  async roots(mesh: string, backend: string): Promise<readonly string[]> {
    return (await this.#authority(mesh, backend)).roots
  }

  async issue(request: IssueRequest): Promise<IssuedCertificate> {
    const { issuer } = await this.#authority(request.mesh, request.backend)
    const nowMs = this.#nowMs()
    if (issuer.notAfterMs <= nowMs) {
      throw unavailable(request.mesh, request.backend, 'its CA certificate has expired')
    }
    if (request.uris.length === 0) {
      throw new CodedError(
        'ca.bad-request',
        'a certificate needs a name: give the Dataplane the tag kuma.io/service',
      )
    }
    const publicKey = publicKeyOf(request.csrPem)
    const { pem, notBeforeMs, notAfterMs } = createMemberCertificate({ ...request, issuer, publicKey, nowMs })
    return { chainPem: pem, notBeforeMs, notAfterMs }
  }

  async #authority(mesh: string, backend: string): Promise<Authority> {
    const keys = builtinCaKeys(mesh, backend)
    const [certificatePem, privateKeyPem] = await Promise.all([
      readSecret(this.#store, keys.cert),
      readSecret(this.#store, keys.key),
    ])
    const id = `${mesh}/${backend}`
    if (certificatePem === null || privateKeyPem === null) {
      this.#authorities.delete(id)
      const gone = certificatePem === null ? keys.cert : keys.key
      throw unavailable(mesh, backend, `Secret ${gone.name} is missing`)
    }
    const known = this.#authorities.get(id)
    if (known?.certificatePem === certificatePem && known.privateKeyPem === privateKeyPem) return known
    try {
      const issuer = readIssuer(certificatePem, privateKeyPem)
      const authority = { certificatePem, privateKeyPem, issuer, roots: splitChain(certificatePem) }
      this.#authorities.set(id, authority)
      return authority
    } catch (error) {
      throw unavailable(mesh, backend, messageOf(error), error)
    }
  }
}

function publicKeyOf(csrPem: string) {
  try {
    return readCsr(csrPem).publicKey
  } catch (error) {
    throw new CodedError('ca.bad-request', messageOf(error), { cause: error })
  }
}

function unavailable(mesh: string, backend: string, reason: string, cause?: unknown): CodedError {
  return new CodedError(
    'ca.unavailable',
    `mesh ${mesh}: backend ${backend} cannot issue certificates: ${reason}; ` +
      'restore its two ca-builtin secrets, or delete both and write the Mesh again for a new CA',
    { cause, details: { mesh, backend } },
  )
}
