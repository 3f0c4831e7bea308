/**
 * The certificate that the control plane itself shows on its TLS ports. Made at the first start under DATA/tls by a
 * CA of its own, whose `ca.crt` data planes are given; made anew when the machine's names change or at half of its
 * life, while the CA stays. Or the operator's own pair. In: folder, names, time. Out: PEM for a TLS server.
 */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { CodedError, messageOf } from '#base/errors.ts'
import { makeFolder, PRIVATE_FILE, readFileIfThere, writeFileAtomic } from '#base/files.ts'
import {
  createCertificate,
  generateKeyPair,
  type Issuer,
  readCertificate,
  readIssuer,
  readPrivateKey,
  splitChain,
} from '#base/x509/certificate.ts'
import { BACKDATE_MS, DEFAULT_CA_LIFETIME_MS } from './lifetime.ts'
import type { ServerNames } from './server-names.ts'

export interface ServerCertificate {
  /** Leaf first; our own CA is in it too, so that a data plane that has only its pin finds it. */
  readonly chainPem: string
  readonly privateKeyPem: string
  /** null: the operator's own pair, whose CA we do not know. */
  readonly caPem: string | null
  readonly notAfterMs: number
  /** When to ask again; null: the operator renews it. */
  readonly renewAtMs: number | null
}

const SERVER_LIFETIME_MS = 365 * 24 * 3_600_000
const PUBLIC_FILE = 0o644
/** Its keys are private, its `ca.crt` is for everybody. */
const PUBLIC_FOLDER = 0o755

/**
 * The pair under `folder`, made where it is missing, old, or for other names. Throws `ca.server-ca` when the CA is
 * damaged or half gone (it is never replaced silently), and system errors of the disk.
 */
export async function ensureServerCertificate(
  folder: string,
  names: ServerNames,
  nowMs: number = Date.now(),
): Promise<ServerCertificate> {
  await makeFolder(folder, PUBLIC_FOLDER)
  const ca = await ensureServerCa(folder, nowMs)
  const kept = await keptPair(folder, ca, names, nowMs)
  if (kept !== null) return kept
  const { privateKeyPem } = await generateKeyPair()
  const leaf = createCertificate({
    signer: ca,
    publicKey: createPublicKey(privateKeyPem),
    subject: [
      ['O', 'vmesh'],
      ['CN', 'vmesh control plane'],
    ],
    ...names,
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: Math.min(nowMs + SERVER_LIFETIME_MS, ca.notAfterMs),
    keyUsage: ['digitalSignature', 'keyAgreement'],
    extendedKeyUsage: ['serverAuth'],
  })
  const chainPem = leaf + ca.certificatePem
  // the key first: a pair that does not match, after a crash between the two, is made anew
  await writeFileAtomic(join(folder, 'server.key'), privateKeyPem, { mode: PRIVATE_FILE })
  await writeFileAtomic(join(folder, 'server.crt'), chainPem, { mode: PUBLIC_FILE })
  return describe(chainPem, privateKeyPem, ca.certificatePem)
}

/**
 * The operator's own pair: `certPem` with the leaf first, then its intermediates. Throws `ca.server-pair` saying
 * which file is wrong: unreadable, of two different keys, expired or not valid yet.
 */
export function readOperatorPair(
  pair: {
    readonly certFile: string
    readonly certPem: string
    readonly keyFile: string
    readonly keyPem: string
  },
  nowMs: number = Date.now(),
): ServerCertificate {
  const { certFile, keyFile } = pair
  const chain = within(certFile, () => splitChain(pair.certPem))
  const leaf = within(certFile, () => chain.map(readCertificate))[0]
  const key = within(keyFile, () => readPrivateKey(pair.keyPem))
  if (leaf === undefined || !leaf.publicKey.equals(createPublicKey(key))) {
    throw pairFault(
      `the key in ${keyFile} is not that of the first certificate in ${certFile}; give the matching key`,
    )
  }
  if (leaf.notAfterMs <= nowMs) {
    throw pairFault(`the certificate in ${certFile} expired at ${iso(leaf.notAfterMs)}; renew it`)
  }
  if (leaf.notBeforeMs > nowMs) {
    throw pairFault(
      `the certificate in ${certFile} is not valid before ${iso(leaf.notBeforeMs)}; check it and this machine's clock`,
    )
  }
  return {
    chainPem: chain.join(''),
    privateKeyPem: pair.keyPem,
    caPem: null,
    notAfterMs: leaf.notAfterMs,
    renewAtMs: null,
  }
}

/** The value of a data plane's `--ca-cert-sha256`: SHA-256 of the certificate's DER, as `openssl x509` prints it too. */
export function pinOf(certPem: string): string {
  return readCertificate(certPem).fingerprintSha256
}

async function ensureServerCa(folder: string, nowMs: number): Promise<Issuer> {
  const [certFile, keyFile] = [join(folder, 'ca.crt'), join(folder, 'ca.key')]
  const [cert, key, server] = await Promise.all([
    readFileIfThere(certFile),
    readFileIfThere(keyFile),
    readFileIfThere(join(folder, 'server.crt')),
  ])
  // a key alone is what a crash in the middle of the first start leaves
  if (cert === null && server === null) return createServerCa(certFile, keyFile, nowMs)
  if (cert === null || key === null) {
    throw serverCaFault(cert === null ? certFile : keyFile, folder, 'is missing while other files are there')
  }
  const ca = readServerCa(cert.toString(), key.toString(), folder)
  if (ca.notAfterMs <= nowMs) throw serverCaFault(certFile, folder, `expired at ${iso(ca.notAfterMs)}`)
  return ca
}

async function createServerCa(certFile: string, keyFile: string, nowMs: number): Promise<Issuer> {
  const { privateKeyPem } = await generateKeyPair()
  const certificatePem = createCertificate({
    signer: readPrivateKey(privateKeyPem),
    subject: [
      ['O', 'vmesh'],
      ['CN', 'vmesh control plane CA'],
    ],
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + DEFAULT_CA_LIFETIME_MS,
    ca: { pathLength: 0 },
    keyUsage: ['keyCertSign', 'cRLSign'],
  })
  await writeFileAtomic(keyFile, privateKeyPem, { mode: PRIVATE_FILE })
  await writeFileAtomic(certFile, certificatePem, { mode: PUBLIC_FILE })
  return readIssuer(certificatePem, privateKeyPem)
}

function readServerCa(certPem: string, keyPem: string, folder: string): Issuer {
  try {
    return readIssuer(certPem, keyPem)
  } catch (error) {
    throw serverCaFault(
      join(folder, 'ca.crt and ca.key'),
      folder,
      `cannot be used: ${messageOf(error)}`,
      error,
    )
  }
}

/** null: to be made anew. */
async function keptPair(
  folder: string,
  ca: Issuer,
  names: ServerNames,
  nowMs: number,
): Promise<ServerCertificate | null> {
  const [cert, key] = await Promise.all([
    readFileIfThere(join(folder, 'server.crt')),
    readFileIfThere(join(folder, 'server.key')),
  ])
  if (cert === null || key === null) return null
  try {
    const leaf = new X509Certificate(cert)
    const { dnsNames, ips } = readCertificate(cert.toString())
    const isOurs =
      leaf.checkPrivateKey(readPrivateKey(key.toString())) &&
      leaf.verify(createPublicKey(ca.privateKey)) &&
      cert.toString().endsWith(ca.certificatePem) &&
      sameNames(dnsNames, names.dnsNames) &&
      sameNames(ips, names.ips)
    const kept = describe(cert.toString(), key.toString(), ca.certificatePem)
    return isOurs && kept.renewAtMs !== null && nowMs < kept.renewAtMs ? kept : null
  } catch {
    // unreadable: nothing but this pair is lost, and it can be made again
    return null
  }
}

function describe(chainPem: string, privateKeyPem: string, caPem: string): ServerCertificate {
  const { notBeforeMs, notAfterMs } = readCertificate(chainPem)
  return {
    chainPem,
    privateKeyPem,
    caPem,
    notAfterMs,
    renewAtMs: (notBeforeMs + BACKDATE_MS + notAfterMs) / 2,
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join(' ') === [...b].sort().join(' ')
}

function within<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw pairFault(`${file}: ${messageOf(error)}`, error)
  }
}

function pairFault(message: string, cause?: unknown): CodedError {
  return new CodedError('ca.server-pair', message, { cause })
}

function serverCaFault(what: string, folder: string, fault: string, cause?: unknown): CodedError {
  return new CodedError(
    'ca.server-ca',
    `${what} ${fault}; restore it from a backup, or delete ${folder} for a new CA ` +
      '(each data plane then needs the new ca.crt)',
    { cause, details: { folder } },
  )
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
