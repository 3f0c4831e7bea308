/** Tokens signed without a control plane: RS256 JWTs with Kuma's claims (kuma-api 7.1), and their keys in files. */
import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { messageOf } from '#base/errors.ts'
import { misconfigured } from '../../errors.ts'

/** As the control plane does: clocks differ. */
const BACKDATE_S = 5
const MIN_RSA_BITS = 2048

/** @param key.kid the serial by which the control plane knows it. Throws `cli.misconfigured`. */
export async function signToken(
  claims: Readonly<Record<string, unknown>>,
  key: { readonly path: string; readonly kid: string },
  validForMs: number,
  nowMs: number,
): Promise<string> {
  const privateKey = await readSigningKey(key.path)
  const begin = Math.floor(nowMs / 1000) - BACKDATE_S
  const exp = Math.floor((nowMs + validForMs) / 1000)
  const payload = { ...claims, exp, nbf: begin, iat: begin, jti: randomUUID() }
  const signed = [{ alg: 'RS256', kid: key.kid, typ: 'JWT' }, payload]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`
}

/** A private RSA key in PEM. Throws `cli.misconfigured`, with kumactl's sentence for what is no PEM. */
export async function readSigningKey(path: string): Promise<KeyObject> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw misconfigured(`--signing-key-path ${path} cannot be read: ${messageOf(error)}`, error)
  })
  if (!text.includes('-----BEGIN')) {
    throw misconfigured(
      'provided file is not a PEM-encoded signing key; decode it with base64 -d, or make one with generate signing-key --format pem',
    )
  }
  const key = keyOf(text, path)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS) return key
  throw misconfigured(
    `${path} holds no RSA key of at least ${MIN_RSA_BITS} bits; tokens are signed with RS256`,
  )
}

function keyOf(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw misconfigured(`${path} holds no private key that can be read: ${messageOf(error)}`, error)
  }
}
