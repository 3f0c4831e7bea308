/** Mesh CAs and identities for tests, made as the control plane makes them but without a control plane. */
import { createPublicKey } from 'node:crypto'
import { createCsr, generateKeyPair, type Issuer, readCsr, readIssuer } from '#base/x509/certificate.ts'
import type { Identity } from '#contract/identity.ts'
import { DEFAULT_LIFETIME_MS } from '../../cp/ca/lifetime.ts'
import { createMemberCertificate, createMeshCa } from '../../cp/ca/member-certificate.ts'
import { identityUris } from '../../cp/kinds/spiffe.ts'

export interface TestCa {
  readonly mesh: string
  readonly rootPem: string
  readonly privateKeyPem: string
  readonly issuer: Issuer
}

/** `lifetimeMs`: of the CA from `nowMs` on; 10 days unless given. */
export async function makeMeshCa(
  mesh = 'default',
  validity: { readonly nowMs?: number; readonly lifetimeMs?: number } = {},
): Promise<TestCa> {
  const { certificatePem, privateKeyPem } = await createMeshCa(mesh, {
    nowMs: validity.nowMs ?? Date.now(),
    lifetimeMs: validity.lifetimeMs ?? 10 * 24 * 3_600_000,
  })
  const issuer = readIssuer(certificatePem, privateKeyPem)
  return { mesh, rootPem: certificatePem, privateKeyPem, issuer }
}

/**
 * An identity of a service of the CA's mesh, as a data plane holds it. `uris` replaces the names that `service` and
 * `tags` would give. An expired one: `nowMs` in the past.
 */
export async function makeIdentity(
  ca: TestCa,
  options: {
    readonly service?: string
    readonly tags?: Readonly<Record<string, string>>
    readonly uris?: readonly string[]
    readonly backend?: string
    readonly nowMs?: number
    readonly lifetimeMs?: number
  } = {},
): Promise<Identity> {
  const { privateKeyPem } = await generateKeyPair()
  const tags = { 'kuma.io/service': options.service ?? 'web', ...options.tags }
  const uris = options.uris ?? identityUris(ca.mesh, [tags])
  const { pem, notBeforeMs, notAfterMs } = createMemberCertificate({
    issuer: ca.issuer,
    publicKey: createPublicKey(privateKeyPem),
    uris,
    nowMs: options.nowMs ?? Date.now(),
    lifetimeMs: options.lifetimeMs ?? DEFAULT_LIFETIME_MS,
  })
  const { backend = 'ca-1' } = options
  return { trustDomain: ca.mesh, backend, uris, chainPem: pem, privateKeyPem, notBeforeMs, notAfterMs }
}

/** A signing request with its key, as a data plane sends it. */
export async function makeCsr(): Promise<{ csrPem: string; privateKeyPem: string }> {
  const { privateKeyPem } = await generateKeyPair()
  const csrPem = createCsr(privateKeyPem)
  readCsr(csrPem)
  return { csrPem, privateKeyPem }
}
