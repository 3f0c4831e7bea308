/** Errors of sockets and TLS while a connection is made → reason codes, and whether the endpoint is to blame. */
import { codeOf } from '#base/errors.ts'
import type { ReasonCode } from '../errors.ts'

const REASON_OF_CODE: Readonly<Record<string, ReasonCode>> = {
  ECONNREFUSED: 'connection-refused',
  ETIMEDOUT: 'connect-timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'name-not-resolved',
  EAI_AGAIN: 'name-not-resolved',
  EAI_FAIL: 'name-not-resolved',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'untrusted-peer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'untrusted-peer',
  UNABLE_TO_GET_ISSUER_CERT: 'untrusted-peer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted-peer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'untrusted-peer',
  SELF_SIGNED_CERT_IN_CHAIN: 'untrusted-peer',
  CERT_SIGNATURE_FAILURE: 'untrusted-peer',
  INVALID_PURPOSE: 'untrusted-peer',
  INVALID_CA: 'untrusted-peer',
}

/** `isTls`: the connection was on its way to a TLS handshake. */
export function reasonOf(error: unknown, isTls: boolean): ReasonCode {
  return REASON_OF_CODE[codeOf(error)] ?? (isTls ? 'handshake-failed' : 'unreachable')
}

/** Reasons that lie with this data plane: another endpoint would fail in the same way. */
export function isOwnFault(reason: ReasonCode): boolean {
  return reason === 'no-identity'
}
