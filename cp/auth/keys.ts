/**
 * The keys that sign tokens: RSA keys kept as secrets `PREFIX-SERIAL` (kuma-api 7.1). The newest serial signs, any
 * serial that is still there verifies: to rotate, store the next serial; to end old tokens, delete the old one.
 */
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { CodedError } from '#base/errors.ts'
import { readPrivateKey } from '#base/x509/certificate.ts'
import type { Resource, ResourceDraft } from '../kinds/kind.ts'
import { secretDraft, secretKey, secretText } from '../store/secrets.ts'
import type { Store } from '../store/store.ts'

/** Which keys: those of a mesh, or of the control plane when `mesh` is empty. */
export interface KeySet {
  readonly mesh: string
  readonly prefix: string
}

export interface SigningKey {
  /** Decimal serial; `0` for a secret without a serial. */
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export const USER_KEYS: KeySet = { mesh: '', prefix: 'user-token-signing-key' }
export const ZONE_KEYS: KeySet = { mesh: '', prefix: 'zone-token-signing-key' }
const RSA_BITS = 2048

export function dataplaneKeys(mesh: string): KeySet {
  return { mesh, prefix: `dataplane-token-signing-key-${mesh}` }
}

/** What a secret of this name signs, and its serial; null: it is no key. */
export function signingKeyOf({
  mesh,
  name,
}: Pick<ResourceDraft, 'mesh' | 'name'>): { readonly tokens: string; readonly kid: string } | null {
  const sets = mesh === '' ? { user: USER_KEYS, zone: ZONE_KEYS } : { 'data plane': dataplaneKeys(mesh) }
  for (const [tokens, set] of Object.entries(sets)) {
    const serial = serialOf(set, name)
    if (serial !== null) return { tokens, kid: String(serial) }
  }
  return null
}

/** A new key as the secret to be stored: PEM, PKCS#1. Takes a tenth of a second, outside the event loop. */
export async function newSigningKeyDraft(set: KeySet, serial = 1): Promise<ResourceDraft> {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return secretDraft(secretKey(set.mesh, nameOf(set, String(serial))), pair.privateKey)
}

export class SigningKeys {
  readonly #store: Store
  /** Parsed keys by mesh and name of their secret. */
  readonly #parsed = new Map<string, { readonly text: string; readonly key: SigningKey }>()

  constructor(store: Store) {
    this.#store = store
  }

  /** The first key of the set, to be stored; none when the set has a key. */
  async missing(set: KeySet): Promise<ResourceDraft[]> {
    return (await this.#newestSecret(set)) === null ? [await newSigningKeyDraft(set)] : []
  }

  /** The key that signs. Throws `auth.no-signing-key`, `auth.bad-signing-key`. */
  async newest(set: KeySet): Promise<SigningKey> {
    const secret = await this.#newestSecret(set)
    if (secret === null) throw noSuchKey(set, '1')
    return this.#parse(String(serialOf(set, secret.name)), secret)
  }

  /** The key that a token names, whatever is in `kid`. Throws `auth.no-signing-key`, `auth.bad-signing-key`. */
  async byKid(set: KeySet, kid: string): Promise<SigningKey> {
    if (!SERIAL.test(kid)) throw noSuchKey(set, kid)
    const key = secretKey(set.mesh, nameOf(set, kid))
    const secret = await this.#store.get(key)
    if (secret !== null) return this.#parse(kid, secret)
    this.#parsed.delete(`${key.mesh}/${key.name}`)
    throw noSuchKey(set, kid)
  }

  async #newestSecret(set: KeySet): Promise<Resource | null> {
    const secrets = await this.#store.list(secretKey(set.mesh, '').type, set.mesh)
    let newest: Resource | null = null
    let newestSerial = -1n
    for (const secret of secrets) {
      const serial = serialOf(set, secret.name)
      if (serial !== null && serial > newestSerial) {
        newest = secret
        newestSerial = serial
      }
    }
    return newest
  }

  #parse(kid: string, secret: Resource): SigningKey {
    const id = `${secret.mesh}/${secret.name}`
    const text = secretText(secret)
    const known = this.#parsed.get(id)
    if (known?.text === text) return known.key
    const key = { kid, ...rsaKeyOf(secret, text) }
    this.#parsed.set(id, { text, key })
    return key
  }
}

/** Decimal without leading zeros, so that a serial has one name. */
const SERIAL = /^(0|[1-9][0-9]{0,17})$/

function nameOf(set: KeySet, kid: string): string {
  return kid === '0' ? set.prefix : `${set.prefix}-${kid}`
}

/** Serials are compared as numbers; null: not a key of this set. */
function serialOf(set: KeySet, name: string): bigint | null {
  if (name === set.prefix) return 0n
  const serial = name.startsWith(`${set.prefix}-`) ? name.slice(set.prefix.length + 1) : ''
  return serial !== '0' && SERIAL.test(serial) ? BigInt(serial) : null
}

function rsaKeyOf(secret: Resource, pem: string): { privateKey: KeyObject; publicKey: KeyObject } {
  try {
    const privateKey = readPrivateKey(pem)
    const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0
    if (privateKey.asymmetricKeyType !== 'rsa' || bits < RSA_BITS) throw new Error('not RSA, or too short')
    return { privateKey, publicKey: createPublicKey(privateKey) }
  } catch (error) {
    throw new CodedError(
      'auth.bad-signing-key',
      `${secret.type} ${secret.name} holds no key that can sign tokens; ` +
        `store an RSA private key in PEM with at least ${RSA_BITS} bits`,
      { cause: error },
    )
  }
}

/** Kuma's sentence. */
function noSuchKey(set: KeySet, kid: string): CodedError {
  const name = JSON.stringify(nameOf(set, kid))
  const secret =
    set.mesh === ''
      ? `GlobalSecret of name ${name}`
      : `Secret of name ${name} in mesh ${JSON.stringify(set.mesh)}`
  return new CodedError(
    'auth.no-signing-key',
    `there is no signing key with KID ${kid}. ${secret} is not found. If signing key was rotated, regenerate the token`,
  )
}
