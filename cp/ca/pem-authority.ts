/**
 * Signs with a CA that is kept as PEM, wherever it is kept: certificates, the signing one first, and its private key.
 * The base of the backends `builtin` and `provided`. Read anew for each call, parsed once as long as it is the same.
 */
import { CodedError, messageOf } from '#base/errors.ts'
import { type Issuer, readCertificate, readCsr, readIssuer, splitChain } from '#base/x509/certificate.ts'
import type { CertificateAuthority, IssuedCertificate, IssueRequest } from './ca.ts'
import { createMemberCertificate } from './member-certificate.ts'

export interface CaMaterial {
  /** The signing certificate first; those that it chains to may follow. */
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** Where the CA of a backend is kept. */
export interface CaSource {
  /** For the operator when the CA cannot be used: what to do. */
  readonly remedy: string
  /** Throws an error that says what is missing. */
  material(mesh: string, backend: string): Promise<CaMaterial>
}

interface Authority extends CaMaterial {
  readonly issuer: Issuer
  readonly roots: readonly string[]
  /** PEM, without a root: what members send along. */
  readonly intermediates: string
}

export class PemAuthority implements CertificateAuthority {
  readonly #source: CaSource
  readonly #nowMs: () => number
  /** By mesh and backend: one entry each, so bounded by what is stored. */
  readonly #authorities = new Map<string, Authority>()

  constructor(source: CaSource, nowMs: () => number = Date.now) {
    this.#source = source
    this.#nowMs = nowMs
  }

  async roots(mesh: string, backend: string): Promise<readonly string[]> {
    return (await this.#authority(mesh, backend)).roots
  }

  async issue(request: IssueRequest): Promise<IssuedCertificate> {
    const { mesh, backend } = request
    const { issuer, intermediates } = await this.#authority(mesh, backend)
    const nowMs = this.#nowMs()
    if (issuer.notAfterMs <= nowMs) throw this.#unavailable(mesh, backend, 'its CA certificate has expired')
    if (request.uris.length === 0) {
      throw new CodedError(
        'ca.bad-request',
        'a certificate needs a name: give the Dataplane the tag kuma.io/service',
      )
    }
    const publicKey = publicKeyOf(request.csrPem)
    const { pem, notBeforeMs, notAfterMs } = createMemberCertificate({ ...request, issuer, publicKey, nowMs })
    return { chainPem: pem + intermediates, notBeforeMs, notAfterMs }
  }

  async #authority(mesh: string, backend: string): Promise<Authority> {
    const id = `${mesh}/${backend}`
    try {
      const material = await this.#source.material(mesh, backend)
      const known = this.#authorities.get(id)
      if (
        known?.certificatePem === material.certificatePem &&
        known.privateKeyPem === material.privateKeyPem
      ) {
        return known
      }
      const authority = authorityOf(material)
      this.#authorities.set(id, authority)
      return authority
    } catch (error) {
      this.#authorities.delete(id)
      throw this.#unavailable(mesh, backend, messageOf(error), error)
    }
  }

  #unavailable(mesh: string, backend: string, reason: string, cause?: unknown): CodedError {
    return new CodedError(
      'ca.unavailable',
      `mesh ${mesh}: backend ${backend} cannot issue certificates: ${reason}; ${this.#source.remedy}`,
      { cause, details: { mesh, backend } },
    )
  }
}

function authorityOf(material: CaMaterial): Authority {
  const issuer = readIssuer(material.certificatePem, material.privateKeyPem)
  const roots = splitChain(material.certificatePem)
  const intermediates = roots.filter(pem => {
    const { subject, issuer: by } = readCertificate(pem)
    return subject !== by
  })
  return { ...material, issuer, roots, intermediates: intermediates.join('') }
}

function publicKeyOf(csrPem: string) {
  try {
    return readCsr(csrPem).publicKey
  } catch (error) {
    throw new CodedError('ca.bad-request', messageOf(error), { cause: error })
  }
}
