/**
 * Signs and verifies tokens: JWTs with RS256 and the serial of the signing key as `kid` (kuma-api 7.1). Nothing else
 * than RS256 is accepted and the clock gets no leeway. The only import of jose.
 */
import type { KeyObject } from 'node:crypto'
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { CodedError, messageOf } from '#base/errors.ts'

export type Claims = Readonly<Record<string, unknown>>

/** `kid`: decimal serial of the key. */
export async function signJwt(
  claims: Claims,
  key: { readonly kid: string; readonly privateKey: KeyObject },
): Promise<string> {
  const header = { alg: 'RS256', kid: key.kid, typ: 'JWT' }
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key.privateKey)
}

/**
 * The claims of a token that is signed, begun and not expired. `keyOf` gets the `kid` as the token says it, which
 * nobody verified; what it throws is thrown on. Throws `auth.bad-token` with a reason for people.
 */
export async function verifyJwt(
  token: string,
  keyOf: (kid: string) => Promise<KeyObject>,
  nowMs: number,
): Promise<Claims> {
  try {
    const { payload } = await jwtVerify(token, header => keyOf(header.kid ?? '0'), {
      algorithms: ['RS256'],
      currentDate: new Date(nowMs),
      clockTolerance: 0,
      requiredClaims: ['exp'],
    })
    return payload
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw badToken(reasonOf(error), error)
  }
}

/** What a token says about itself, for a message only: nothing was verified. Empty when it cannot be read. */
export function unverifiedClaims(token: string): Claims {
  try {
    return decodeJwt(token)
  } catch {
    return {}
  }
}

/** A token that is refused; `reason` continues "the token …". */
export function badToken(reason: string, cause?: unknown): CodedError {
  return new CodedError('auth.bad-token', `the token ${reason}`, { cause })
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return `expired at ${momentOf(error.payload, 'exp')}`
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf' && error.reason === 'check_failed'
      ? `is not valid before ${momentOf(error.payload, 'nbf')}`
      : `has a wrong claim: ${messageOf(error)}`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'is not signed by the key that it names'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'is not signed with RS256'
  return `cannot be read: ${messageOf(error)}`
}

function momentOf(payload: JWTPayload, claim: 'exp' | 'nbf'): string {
  const seconds = payload[claim]
  return seconds === undefined ? 'an unknown time' : new Date(seconds * 1000).toISOString()
}
