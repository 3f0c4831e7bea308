/**
 * `--ca-cert-sha256`: the control plane is known by the SHA-256 of its CA certificate (or of its own) instead of a CA
 * file. The chain that it sent must lead from a certificate with the right name to the pinned one.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { CodedError } from '#base/errors.ts'
import type { PinCheck } from '#base/websocket.ts'

/** `pin`: 64 hex digits, colons allowed. Throws `link.bad-pin`. */
export function pinCheck(pin: string, host: string): PinCheck {
  const wanted = pin.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(wanted)) {
    const help =
      'expected 64 hex digits, as `openssl x509 -noout -fingerprint -sha256 -in ca.crt` prints them'
    throw permanent('link.bad-pin', `--ca-cert-sha256: ${help}`)
  }
  return chain => faultOf(chain, wanted, host.replace(/^\[|\]$/g, ''))
}

function faultOf(chain: readonly X509Certificate[], wanted: string, host: string): CodedError | undefined {
  const leaf = chain[0]
  if (leaf === undefined) return transient('link.unreachable', 'the server sent no certificate')
  const hasName = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)
  if (hasName === undefined) {
    return permanent(
      'link.wrong-name',
      `its certificate does not name ${host}; start vmesh-cp with --tls-san=${host}`,
    )
  }
  const now = Date.now()
  for (const [i, certificate] of chain.entries()) {
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
      const clock = `by the clock of this machine (${new Date(now).toISOString()}); check the clocks of both`
      return transient('link.clock', `its certificate is expired or not valid yet ${clock}`)
    }
    if (certificate.fingerprint256.replaceAll(':', '').toLowerCase() === wanted) return undefined
    const issuer = chain[i + 1]
    if (issuer === undefined || !issuer.ca || !certificate.verify(issuer.publicKey)) break
  }
  const help = "give the fingerprint of the control plane's DATA/tls/ca.crt"
  return permanent('link.wrong-ca', `its CA is not the pinned one (--ca-cert-sha256); ${help}`)
}

function permanent(code: string, message: string): CodedError {
  return new CodedError(code, message, { details: { permanent: true } })
}

function transient(code: string, message: string): CodedError {
  return new CodedError(code, message)
}
