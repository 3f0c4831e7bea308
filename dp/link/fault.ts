/** Why the control plane cannot be reached or says no, in one sentence, and whether trying again can help. */
import { CodedError, codeOf, messageOf } from '#base/errors.ts'
import type { Violation } from '#contract/reader.ts'

export interface LinkFault {
  readonly code: string
  readonly message: string
  /** Trying again will not help until a person changes something. */
  readonly permanent: boolean
  readonly violations: readonly Violation[]
}

const WRONG_CA = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
])

/** What OpenSSL says of an answer that is no TLS record. */
const NO_TLS = /wrong version number|packet length too long|http request/i
const PORT_HELP = 'give the port for data planes (5678, dpServer.port) as --cp-address=https://HOST:5678'

export function faultOfConnection(error: unknown, address: URL): LinkFault {
  const code = codeOf(error)
  const cannot = `cannot connect to the control plane at ${address.origin}`
  const transient = (why: string): LinkFault => fault('link.unreachable', `${cannot}: ${why}`, false)
  const permanent = (kind: string, why: string): LinkFault => fault(kind, `${cannot}: ${why}`, true)
  // what a pin found
  if (error instanceof CodedError) return fault(code, `${cannot}: ${error.message}`, isPermanent(error))
  if (WRONG_CA.has(code)) {
    const help = "give the control plane's DATA/tls/ca.crt as --ca-cert-file, or its pin as --ca-cert-sha256"
    return permanent('link.wrong-ca', `its certificate is not signed by the CA given here (${code}); ${help}`)
  }
  if (NO_TLS.test(messageOf(error)))
    return permanent(
      'link.wrong-port',
      `it does not speak TLS there, as on the port of the HTTP API; ${PORT_HELP}`,
    )
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return permanent(
        'link.wrong-name',
        `its certificate does not name ${address.hostname}; start vmesh-cp with --tls-san=${address.hostname}`,
      )
    case 'CERT_NOT_YET_VALID':
    case 'CERT_HAS_EXPIRED':
      return transient(
        `its certificate is ${code === 'CERT_HAS_EXPIRED' ? 'expired' : 'not valid yet'} by the clock of this ` +
          `machine (${new Date().toISOString()}); check the clocks of both`,
      )
    case 'ECONNREFUSED':
      return transient('nothing listens there; is vmesh-cp running?')
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return transient(`the name ${address.hostname} cannot be resolved`)
    default:
      return transient(messageOf(error))
  }
}

/** Of an upgrade that was answered with another status. */
export function faultOfRefusal(status: number, reason: string, address: URL): LinkFault {
  const words = reason === '' ? `status ${status}` : reason
  if (status === 404) {
    const what = `${address.origin} is no port for data planes: it answers "${words}"`
    return fault('link.wrong-port', `${what}; ${PORT_HELP}`, true)
  }
  if (status === 401 || status === 403) {
    return fault('link.token', `the control plane refused the data plane token: ${words}`, true)
  }
  const isForeign = status === 426 || status === 400
  return fault('link.refused', `the control plane refused the connection: ${words}`, isForeign)
}

/** Something of this machine's own that only a person can mend. */
export function permanentFault(code: string, message: string): LinkFault {
  return fault(code, message, true)
}

function isPermanent(error: CodedError): boolean {
  return error.details['permanent'] === true
}

function fault(code: string, message: string, permanent: boolean): LinkFault {
  return { code, message, permanent, violations: [] }
}
