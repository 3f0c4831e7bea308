/**
 * What one data plane needs for TLS, read and checked: its own identity (chain, key, names, end of life) and the
 * roots of a trust domain. Bad PEM is found here, before anything uses it.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { CodedError, messageOf } from '#base/errors.ts'
import type { Identity, Trust } from '#contract/identity.ts'
import { type Peer, peerOf } from './peer.ts'

/** An identity that was found usable. */
export interface Credentials {
  readonly chainPem: string
  readonly privateKeyPem: string
  /** What our own certificate says. */
  readonly own: Peer
  readonly notAfterMs: number
}

/** Roots of one trust domain. */
export interface Roots {
  readonly trustDomain: string
  readonly pems: readonly string[]
  readonly certificates: readonly X509Certificate[]
}

/** Throws `tls.bad-identity` when chain and key cannot be used together. */
export function readIdentity(identity: Identity): Credentials {
  try {
    const leaf = new X509Certificate(identity.chainPem)
    if (!leaf.checkPrivateKey(createPrivateKey(identity.privateKeyPem))) {
      throw new Error('the private key does not belong to the certificate')
    }
    createSecureContext({ cert: identity.chainPem, key: identity.privateKeyPem })
    const own = peerOf(leaf)
    return {
      chainPem: identity.chainPem,
      privateKeyPem: identity.privateKeyPem,
      own,
      notAfterMs: Math.min(own.notAfterMs, identity.notAfterMs),
    }
  } catch (cause) {
    const message = `the identity of trust domain ${identity.trustDomain} cannot be used: ${messageOf(cause)}`
    throw new CodedError('tls.bad-identity', `${message}; ask the control plane for a new one`, { cause })
  }
}

/** Answers what is wrong as text; a list of roots must not be empty. */
export function readRoots(trust: Trust): Roots | string {
  const certificates: X509Certificate[] = []
  const pems: string[] = []
  for (const [index, text] of trust.roots.entries()) {
    // One text may hold several certificates.
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
    if (blocks.length === 0) return `roots[${index}] holds no certificate in PEM`
    for (const block of blocks) {
      try {
        certificates.push(new X509Certificate(block))
        pems.push(`${block}\n`)
      } catch (error) {
        return `roots[${index}] cannot be read: ${messageOf(error)}`
      }
    }
  }
  if (certificates.length === 0) return 'there are no roots: nobody could be trusted'
  try {
    createSecureContext({ ca: pems })
  } catch (error) {
    return `the roots cannot be used together: ${messageOf(error)}`
  }
  return { trustDomain: trust.trustDomain, pems, certificates }
}
