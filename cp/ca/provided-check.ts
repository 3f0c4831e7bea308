/**
 * Whether the CA that a Mesh provides can sign for it: a pair that fits, certificates that may sign others (kuma-api
 * 4.4; X509-SVID 4.1, 4.3). Needs the store and files, so it runs when the Mesh is written, after its shape was found
 * right. Messages and paths are Kuma's.
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { messageOf } from '#base/errors.ts'
import { readCertificate, readPrivateKey, splitChain } from '#base/x509/certificate.ts'
import type { DataSource } from '../kinds/data-source.ts'
import { violation } from '../kinds/fields.ts'
import type { ResourceDraft, Violation } from '../kinds/kind.ts'
import type { MeshSpec } from '../kinds/mesh/mesh.ts'
import type { Store } from '../store/store.ts'
import { readDataSource } from './data-source.ts'
import type { CaMaterial } from './pem-authority.ts'

/** A check of the guarded store: faults of the `provided` backends of a Mesh; none of other types. */
export async function providedCaViolations(
  draft: ResourceDraft,
  store: Pick<Store, 'get'>,
): Promise<readonly Violation[]> {
  if (draft.type !== 'Mesh') return []
  const { mtls } = draft.spec as MeshSpec
  if (mtls?.skipValidation === true) return []
  const found: Violation[] = []
  for (const [i, backend] of (mtls?.backends ?? []).entries()) {
    if (backend.type !== 'provided') continue
    const path = `mtls.backends[${i}].conf`
    const [cert, key] = await Promise.all([
      textOf(store, draft.name, backend.conf?.cert),
      textOf(store, draft.name, backend.conf?.key),
    ])
    if (cert.fault !== null) found.push(violation(`${path}.cert`, cert.fault))
    if (key.fault !== null) found.push(violation(`${path}.key`, key.fault))
    if (cert.fault !== null || key.fault !== null) continue
    found.push(...pairViolations({ certificatePem: cert.text, privateKeyPem: key.text }, path))
  }
  return found
}

async function textOf(
  store: Pick<Store, 'get'>,
  mesh: string,
  source: DataSource | undefined,
): Promise<{ text: string; fault: string | null }> {
  try {
    return { text: source === undefined ? '' : await readDataSource(store, mesh, source), fault: null }
  } catch (error) {
    return { text: '', fault: messageOf(error) }
  }
}

/** @param path of `conf` */
export function pairViolations(material: CaMaterial, path: string): Violation[] {
  const pair = readPair(material)
  if ('fault' in pair) return [violation(`${path}.cert`, `not a valid TLS key pair: ${pair.fault}`)]
  const weak = weakness(pair.key)
  return [
    ...(weak === null ? [] : [violation(`${path}.key`, weak)]),
    ...pair.pems.flatMap((pem, i) => certificateViolations(pem, `${path}.cert[${i}]`)),
    ...orderViolations(pair.pems, `${path}.cert`),
  ]
}

function readPair({
  certificatePem,
  privateKeyPem,
}: CaMaterial): { pems: readonly string[]; key: KeyObject } | { fault: string } {
  try {
    const pems = splitChain(certificatePem)
    const [first] = pems.map(pem => new X509Certificate(pem))
    const key = readPrivateKey(privateKeyPem)
    const fits = first?.publicKey.equals(createPublicKey(key)) === true
    return fits ? { pems, key } : { fault: 'private key does not match public key' }
  } catch (error) {
    return { fault: messageOf(error) }
  }
}

/** TLS of our data planes takes no signature of a weaker one. */
function weakness(key: KeyObject): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'ec') return null
  if (type !== 'rsa') return `a ${type} key cannot sign here; use ECDSA or RSA`
  const bits = details?.modulusLength ?? 0
  return bits >= 2048 ? null : `an RSA key of ${bits} bits is too weak; use at least 2048`
}

function certificateViolations(pem: string, field: string): Violation[] {
  const { keyUsage, saysCa } = readCertificate(pem)
  const faults: string[] = []
  if (!saysCa) {
    faults.push("basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)")
  }
  if (!keyUsage.includes('keyCertSign')) {
    faults.push("key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)")
  }
  if (keyUsage.includes('keyAgreement')) {
    faults.push("key usage extension 'keyAgreement' must NOT be set (see X509-SVID: 4.3. Key Usage)")
  }
  return faults.map(message => violation(field, message))
}

/** Members send the chain as it is given. */
function orderViolations(pems: readonly string[], path: string): Violation[] {
  const chain = pems.map(pem => new X509Certificate(pem))
  return chain.flatMap((certificate, i) => {
    const above = chain[i + 1]
    const isSigned =
      above === undefined || (certificate.issuer === above.subject && certificate.verify(above.publicKey))
    return isSigned ? [] : [violation(`${path}[${i}]`, 'must be signed by the certificate that follows it')]
  })
}
