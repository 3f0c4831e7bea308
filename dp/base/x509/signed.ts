/**
 * What signing requests and certificates share: the frame `SEQUENCE { body, algorithm, signature }` (RFC 5280 §4.1,
 * RFC 2986 §4.2), the form of public keys, and which keys are good enough. Signatures are node:crypto's.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { CodedError } from '../errors.ts'
import {
  type Asn1,
  bitString,
  bitsOf,
  derOf,
  nothing,
  objectId,
  oidOf,
  parseDer,
  partsOf,
  sequence,
} from './asn1.ts'

const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const RSA_SHA256 = '1.2.840.113549.1.1.11'
/** Signatures that requests may bear. */
const DIGEST_OF_ALGORITHM: Readonly<Record<string, string>> = {
  [ECDSA_SHA256]: 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  [RSA_SHA256]: 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
}

/** The frame in PEM; where the body names its algorithm, it has to be `algorithmOf(key)`. */
export function signedPem(label: string, body: Asn1, key: KeyObject): string {
  const signature = sign('sha256', derOf(body), key)
  const frame = sequence(body, algorithmOf(key), bitString(signature.toString('latin1')))
  const lines =
    derOf(frame)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/**
 * Checks that the frame was signed with the key that its body holds as part `keyAt`, and answers that key.
 * Throws a plain error that says what is wrong, or `x509.weak-key`.
 */
export function verifySelfSigned(frame: Asn1, keyAt: number): KeyObject {
  const [body, algorithm, signature] = partsOf(frame)
  const keyInfo = partsOf(body)[keyAt]
  const digest = DIGEST_OF_ALGORITHM[oidOf(partsOf(algorithm)[0])]
  if (body === undefined || keyInfo === undefined) throw new Error('a field is missing in its ASN.1')
  if (digest === undefined) throw new Error('it is not signed by ECDSA or RSA with SHA-2')
  const key = createPublicKey({ key: derOf(keyInfo), format: 'der', type: 'spki' })
  assertStrong(key)
  if (!verify(digest, derOf(body), key, bitsOf(signature))) throw new Error('its signature is wrong')
  return key
}

/** Throws `x509.bad-key` for a key that is neither ECDSA on P-256 nor RSA. */
export function algorithmOf(key: KeyObject): Asn1 {
  if (key.asymmetricKeyType === 'rsa') return sequence(objectId(RSA_SHA256), nothing())
  if (key.asymmetricKeyType === 'ec') return sequence(objectId(ECDSA_SHA256))
  throw new CodedError('x509.bad-key', `a ${key.asymmetricKeyType} key cannot sign here; use ECDSA or RSA`)
}

/** SubjectPublicKeyInfo of a public key. */
export function keyInfoOf(key: KeyObject): Asn1 {
  return parseDer(key.export({ type: 'spki', format: 'der' }))
}

/** RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the key, as a binary string. */
export function keyIdOf(keyInfo: Asn1): string {
  const bits = bitsOf(partsOf(keyInfo)[1])
  return createHash('sha256').update(bits).digest().subarray(0, 20).toString('latin1')
}

function assertStrong(key: KeyObject): void {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return
  if (key.asymmetricKeyType === 'rsa' && modulusLength !== undefined && modulusLength >= 2048) return
  throw new CodedError(
    'x509.weak-key',
    'the key of the signing request is not accepted; make an ECDSA key on P-256, or RSA with at least 2048 bits',
  )
}
