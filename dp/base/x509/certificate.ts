/**
 * Keys, signing requests and certificates (RFC 5280, RFC 2986): PEM in, PEM out. Keys and signatures are made by
 * node:crypto, ECDSA P-256 with SHA-256, or with the RSA key of an operator's own CA; `asn1.ts` encodes around them.
 * Heavy for a data plane (some megabytes): load it when a certificate is needed.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair as generateKeyPairCallback,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { CodedError, messageOf } from '../errors.ts'
import {
  type Asn1,
  context,
  integer,
  isContext,
  objectId,
  parseDer,
  partsOf,
  sequence,
  setOf,
  time,
  utf8String,
} from './asn1.ts'
import {
  buildExtensions,
  type ExtensionOptions,
  type Extensions,
  type KeyUsage,
  type Names,
  readExtensions,
  readKeyUsage,
  readNames,
  readSaysCa,
  readSubjectKeyId,
} from './extensions.ts'
import { algorithmOf, keyIdOf, keyInfoOf, signedPem, verifySelfSigned } from './signed.ts'

/** Parts of a distinguished name in their order; empty: the certificate is named by its SANs only. */
export type DistinguishedName = readonly (readonly [part: 'CN' | 'O' | 'OU', value: string])[]

/** A certificate that may sign others, with its key, parsed once: keep it to sign many. */
export interface Issuer {
  readonly certificatePem: string
  readonly privateKey: KeyObject
  readonly notAfterMs: number
  readonly subject: Asn1
  readonly keyId: string
}

export interface CertificateOptions extends ExtensionOptions {
  /** Who signs; a private key alone makes a self-signed certificate for that key. */
  readonly signer: Issuer | KeyObject
  /** Of the subject; left out for a self-signed certificate. */
  readonly publicKey?: KeyObject
  readonly subject: DistinguishedName
  /** Epoch milliseconds, as for notAfterMs; certificates count in seconds, the fraction is cut. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

export interface Certificate extends Names {
  /** For people: `O=Kuma, OU=Mesh, CN=default`. */
  readonly subject: string
  readonly issuer: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** SHA-256 of the DER, 64 lower-case hexadecimal digits. */
  readonly fingerprintSha256: string
  /** basicConstraints says CA, and keyUsage does not forbid it to sign certificates. */
  readonly isCa: boolean
  /** basicConstraints says CA, whatever keyUsage says. */
  readonly saysCa: boolean
  /** Empty when the certificate does not restrict it. */
  readonly keyUsage: readonly KeyUsage[]
  readonly publicKey: KeyObject
}

/** Requests come from outside and a key of RSA 16384 fits easily. */
const MAX_CSR_CHARS = 65_536
const OID_OF_PART = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11' } as const
/** An ECDSA P-256 key pair, PKCS#8 and SPKI in PEM; made outside the event loop. */
export async function generateKeyPair(): Promise<{ privateKeyPem: string; publicKeyPem: string }> {
  const pair = await promisify(generateKeyPairCallback)('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { privateKeyPem: pair.privateKey, publicKeyPem: pair.publicKey }
}

/** PKCS#10 request in PEM with an empty subject and no attributes: the control plane decides the names. */
export function createCsr(privateKeyPem: string): string {
  const key = readPrivateKey(privateKeyPem)
  const info = sequence(integer('\x00'), sequence(), keyInfoOf(createPublicKey(key)), context(0, []))
  return signedPem('CERTIFICATE REQUEST', info, key)
}

/**
 * The public key of a PKCS#10 request whose signature shows that the sender holds the private key. Names in the
 * request are not looked at. Throws `x509.bad-csr`, or `x509.weak-key` for other keys than P-256 and RSA >= 2048.
 */
export function readCsr(pem: string): { publicKey: KeyObject } {
  try {
    if (pem.length > MAX_CSR_CHARS) throw new Error(`it is longer than ${MAX_CSR_CHARS} characters`)
    const body = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]+?)-----END CERTIFICATE REQUEST-----/.exec(
      pem,
    )?.[1]
    if (body === undefined) throw new Error('there is no CERTIFICATE REQUEST block in it')
    return { publicKey: verifySelfSigned(parseDer(Buffer.from(body, 'base64')), 2) }
  } catch (error) {
    if (error instanceof CodedError) throw error
    const message = `the signing request cannot be used: ${messageOf(error)}; send a PKCS#10 request in PEM`
    throw new CodedError('x509.bad-csr', message, { cause: error })
  }
}

/**
 * A certificate in PEM with a random positive serial of 128 bits, subject and authority key ids, and a SAN that is
 * critical when the subject is empty. Throws `x509.bad-name` for a name that a SAN cannot carry.
 */
export function createCertificate(options: CertificateOptions): string {
  const issuer = 'certificatePem' in options.signer ? options.signer : null
  const signingKey = 'certificatePem' in options.signer ? options.signer.privateKey : options.signer
  const keyInfo = keyInfoOf(options.publicKey ?? createPublicKey(signingKey))
  const subject = nameOf(options.subject)
  const keyId = keyIdOf(keyInfo)
  const extensions = buildExtensions(options, {
    subject: keyId,
    authority: issuer?.keyId ?? keyId,
    isSubjectEmpty: options.subject.length === 0,
  })
  const body = sequence(
    context(0, [integer('\x02')]),
    integer(randomSerial()),
    algorithmOf(signingKey),
    issuer?.subject ?? subject,
    sequence(time(options.notBeforeMs), time(options.notAfterMs)),
    subject,
    keyInfo,
    context(3, [extensions]),
  )
  return signedPem('CERTIFICATE', body, signingKey)
}

/** A CA certificate with its private key. Throws `x509.not-a-certificate`, `x509.bad-key`, `x509.key-mismatch`. */
export function readIssuer(certificatePem: string, privateKeyPem: string): Issuer {
  const certificate = readX509(certificatePem)
  const privateKey = readPrivateKey(privateKeyPem)
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CodedError(
      'x509.key-mismatch',
      'the private key does not belong to the certificate; give the key that the certificate was made for',
    )
  }
  const { subject, keyInfo, extensions } = fieldsOf(certificate)
  return {
    certificatePem,
    privateKey,
    notAfterMs: certificate.validToDate.getTime(),
    subject,
    keyId: readSubjectKeyId(extensions) ?? keyIdOf(keyInfo),
  }
}

/** Reads the first certificate of a PEM text. Throws `x509.not-a-certificate`. */
export function readCertificate(pem: string): Certificate {
  const certificate = readX509(pem)
  const { extensions } = fieldsOf(certificate)
  const keyUsage = readKeyUsage(extensions)
  return {
    ...readNames(extensions),
    subject: printed(certificate.subject),
    issuer: printed(certificate.issuer),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    fingerprintSha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    isCa: certificate.ca && (keyUsage.length === 0 || keyUsage.includes('keyCertSign')),
    saysCa: readSaysCa(extensions),
    keyUsage,
    publicKey: certificate.publicKey,
  }
}

/** The certificates of a PEM text in their order, other text dropped. Throws `x509.not-a-certificate` without any. */
export function splitChain(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)
  if (blocks === null) throw notACertificate(new Error('there is no CERTIFICATE block in it'))
  return blocks.map(block => `${block}\n`)
}

/** A private key in PEM (PKCS#8, PKCS#1 or SEC1, without a passphrase). Throws `x509.bad-key`. */
export function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    const message = `the private key cannot be read: ${messageOf(error)}; it has to be PEM without a passphrase`
    throw new CodedError('x509.bad-key', message, { cause: error })
  }
}

function readX509(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw notACertificate(error)
  }
}

function notACertificate(cause: unknown): CodedError {
  const message = `the certificate cannot be read: ${messageOf(cause)}; it has to be an X.509 certificate in PEM`
  return new CodedError('x509.not-a-certificate', message, { cause })
}

/** TBSCertificate: `[0]` version, serial, algorithm, issuer, validity, subject, key, then optional `[3]`. */
function fieldsOf(certificate: X509Certificate): { subject: Asn1; keyInfo: Asn1; extensions: Extensions } {
  try {
    const fields = partsOf(partsOf(parseDer(certificate.raw))[0])
    const base = fields[0] !== undefined && isContext(fields[0], 0) ? 1 : 0
    const list = fields.find(field => isContext(field, 3))
    return {
      subject: present(fields[base + 4]),
      keyInfo: present(fields[base + 5]),
      extensions: readExtensions(list === undefined ? undefined : partsOf(list)[0]),
    }
  } catch (error) {
    throw notACertificate(error)
  }
}

function nameOf(parts: DistinguishedName): Asn1 {
  return sequence(
    ...parts.map(([part, value]) => setOf(sequence(objectId(OID_OF_PART[part]), utf8String(value)))),
  )
}

/** The first byte is between 64 and 127: positive, and never shorter than the others. */
function randomSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('latin1')
}

/** Node prints one part a line; a certificate without a subject has undefined there. */
function printed(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ')
}

function present(value: Asn1 | undefined): Asn1 {
  if (value === undefined) throw new Error('a field is missing in its ASN.1')
  return value
}
