/** Certificate authorities and identities for tests, made by dp/base/x509. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createCertificate, readIssuer } from '#base/x509.ts'
import type { Identity, Trust } from '#contract/identity.ts'

export interface TestCa {
  readonly trustDomain: string
  readonly certificatePem: string
  /** The section `trust/TRUST-DOMAIN`. */
  readonly trust: Trust
  /** An identity for `spiffe://TRUST-DOMAIN/SERVICE` and further URIs. Defaults: valid from an hour ago for an hour. */
  issue(service: string, options?: IssueOptions): Identity
}

export interface IssueOptions {
  readonly uris?: readonly string[]
  readonly notBeforeMs?: number
  readonly notAfterMs?: number
}

const HOUR_MS = 3_600_000

export function createTestCa(trustDomain: string): TestCa {
  const privateKeyPem = newKey()
  const key = createPrivateKey(privateKeyPem)
  const certificatePem = createCertificate({
    signer: key,
    subject: [['CN', `${trustDomain} ${Math.random()}`]],
    notBeforeMs: Date.now() - 24 * HOUR_MS,
    notAfterMs: Date.now() + 24 * HOUR_MS,
    uris: [`spiffe://${trustDomain}`],
    ca: {},
    keyUsage: ['keyCertSign', 'cRLSign'],
  })
  const issuer = readIssuer(certificatePem, privateKeyPem)
  return {
    trustDomain,
    certificatePem,
    trust: { trustDomain, roots: [certificatePem] },
    issue(service, options = {}) {
      const uris = [`spiffe://${trustDomain}/${service}`, ...(options.uris ?? [])]
      const notBeforeMs = options.notBeforeMs ?? Date.now() - HOUR_MS
      const notAfterMs = options.notAfterMs ?? Date.now() + HOUR_MS
      const leafKeyPem = newKey()
      const chainPem = createCertificate({
        signer: issuer,
        publicKey: createPublicKey(leafKeyPem),
        subject: [],
        notBeforeMs,
        notAfterMs,
        uris,
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['serverAuth', 'clientAuth'],
      })
      return {
        trustDomain,
        backend: 'ca-1',
        uris,
        chainPem,
        privateKeyPem: leafKeyPem,
        notBeforeMs,
        notAfterMs,
      }
    },
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return privateKey
}
