/**
 * What certificates of a mesh look like (kuma-semantics 4.2 and 4.5), except that keys are ECDSA P-256: the CA of a
 * mesh names itself, members have an empty subject and are known by their URIs.
 */
import type { KeyObject } from 'node:crypto'
import { createCertificate, generateKeyPair, type Issuer, readPrivateKey } from '#base/x509/certificate.ts'
import { meshUri } from '../kinds/spiffe.ts'
import { BACKDATE_MS } from './lifetime.ts'

/** A new self-signed CA for a mesh, PEM. */
export async function createMeshCa(
  mesh: string,
  validity: { readonly nowMs: number; readonly lifetimeMs: number },
): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const { privateKeyPem } = await generateKeyPair()
  const certificatePem = createCertificate({
    signer: readPrivateKey(privateKeyPem),
    subject: [
      ['O', 'Kuma'],
      ['OU', 'Mesh'],
      ['CN', mesh],
    ],
    uris: [meshUri(mesh)],
    notBeforeMs: validity.nowMs - BACKDATE_MS,
    notAfterMs: validity.nowMs + validity.lifetimeMs,
    ca: { pathLength: 0 },
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
  })
  return { certificatePem, privateKeyPem }
}

/** A leaf for a member; it ends no later than the CA. */
export function createMemberCertificate(options: {
  readonly issuer: Issuer
  readonly publicKey: KeyObject
  readonly uris: readonly string[]
  readonly nowMs: number
  readonly lifetimeMs: number
}): { pem: string; notBeforeMs: number; notAfterMs: number } {
  const { issuer, publicKey, uris, nowMs } = options
  const notBeforeMs = wholeSeconds(nowMs - BACKDATE_MS)
  const notAfterMs = wholeSeconds(Math.min(nowMs + options.lifetimeMs, issuer.notAfterMs))
  const pem = createCertificate({
    signer: issuer,
    publicKey,
    subject: [],
    uris,
    notBeforeMs,
    notAfterMs,
    keyUsage:
      publicKey.asymmetricKeyType === 'rsa'
        ? ['digitalSignature', 'keyEncipherment', 'keyAgreement']
        : ['digitalSignature', 'keyAgreement'],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
  })
  return { pem, notBeforeMs, notAfterMs }
}

function wholeSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1000) * 1000
}
