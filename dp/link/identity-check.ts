/** What can be said about a held identity without asking anybody: is it one, is it the wanted one, who issued it. */
import { X509Certificate } from 'node:crypto'
import type { Identity, IdentityConfig } from '#contract/identity.ts'

/** Of a value read from disk; whether key and certificate fit together is for TLS to say. */
export function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false
  const fields: Partial<Record<keyof Identity, unknown>> = value
  return (
    [fields.trustDomain, fields.backend, fields.chainPem, fields.privateKeyPem].every(
      text => typeof text === 'string' && text !== '',
    ) &&
    Array.isArray(fields.uris) &&
    fields.uris.every(uri => typeof uri === 'string') &&
    [fields.notBeforeMs, fields.notAfterMs].every(ms => typeof ms === 'number' && Number.isFinite(ms))
  )
}

export function hasNames(held: Identity, wanted: IdentityConfig): boolean {
  return (
    held.trustDomain === wanted.trustDomain &&
    held.backend === wanted.backend &&
    held.uris.length === wanted.uris.length &&
    held.uris.every((uri, i) => uri === wanted.uris[i])
  )
}

/**
 * False when none of `roots` (PEM) stands at the end of the chain: nobody who trusts only them accepts it, as after a
 * change of the mesh's CA. Roots that cannot be read are for others to refuse.
 */
export function isIssuedBelow(chainPem: string, roots: readonly string[]): boolean {
  try {
    const anchors = roots.flatMap(certificatesIn)
    const [leaf, ...intermediates] = certificatesIn(chainPem)
    let current = leaf
    while (current !== undefined) {
      const subject = current
      if (anchors.some(anchor => isIssuedBy(subject, anchor))) return true
      const at = intermediates.findIndex(certificate => isIssuedBy(subject, certificate))
      // each intermediate is used once
      current = at < 0 ? undefined : intermediates.splice(at, 1)[0]
    }
    return false
  } catch {
    return true
  }
}

function isIssuedBy(subject: X509Certificate, issuer: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey)
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  return blocks.map(block => new X509Certificate(block))
}
