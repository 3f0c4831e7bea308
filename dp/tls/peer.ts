/**
 * Who is at the other end of a TLS connection, and whether that is somebody who may be: the checks that follow the
 * handshake, of new and of resumed sessions (TLS itself knows only whether a chain ends at one of our roots).
 */
import type { X509Certificate } from 'node:crypto'
import type { ReasonCode } from '../errors.ts'
import { readUris } from './subject-names.ts'

/** What a verified certificate said. */
export interface Peer {
  /** URI names in the order of the certificate. */
  readonly uris: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** SHA-256 of the certificate, lower-case hexadecimal. */
  readonly fingerprint: string
  /** Of a client: the server name that it asked for; ''. */
  readonly sni: string
  /** The leaf, to look at its issuer again when a root is taken away. */
  readonly certificate: X509Certificate
}

export function peerOf(certificate: X509Certificate, sni = ''): Peer {
  return {
    sni,
    uris: readUris(certificate.raw),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    certificate,
  }
}

/** A client has to be a member of the trust domain. Answers why it is not, or ''. */
export function refuseClient(peer: Peer, trustDomain: string, nowMs: number): ReasonCode | '' {
  if (nowMs > peer.notAfterMs) return 'certificate-expired'
  const prefix = `spiffe://${trustDomain}/`
  return peer.uris.some(uri => uri.startsWith(prefix) && uri.length > prefix.length)
    ? ''
    : 'permission-denied'
}

/** A server has to hold one of the names that the cluster allows. Answers why it does not, or ''. */
export function refuseServer(peer: Peer, serverIds: readonly string[], nowMs: number): ReasonCode | '' {
  if (nowMs > peer.notAfterMs) return 'certificate-expired'
  return peer.uris.some(uri => serverIds.includes(uri)) ? '' : 'wrong-server-identity'
}

/** True when one of the roots has signed the leaf itself; chains with intermediates cannot be seen from here. */
export function isIssuedByOneOf(peer: Peer, roots: readonly X509Certificate[]): boolean {
  return roots.some(root => peer.certificate.checkIssued(root) && peer.certificate.verify(root.publicKey))
}
