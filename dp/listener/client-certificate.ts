/**
 * The `x-forwarded-client-cert` line that an application gets: who called, as Envoy and Kuma write it
 * (kuma-semantics.md 3.0): `By=` each name of ours, `Hash=` of the client's certificate, `URI=` each of its names.
 */
import type { Peer } from '../tls/peer.ts'

/** With its CRLF. */
export function clientCertificateField(own: Peer, client: Peer): string {
  const parts = [
    ...own.uris.map(uri => `By=${quoted(uri)}`),
    `Hash=${client.fingerprint}`,
    ...client.uris.map(uri => `URI=${quoted(uri)}`),
  ]
  return `x-forwarded-client-cert: ${parts.join(';')}\r\n`
}

/** Characters that would end a value or element are quoted; names hold visible ASCII only. */
function quoted(value: string): string {
  return /[,;="]/.test(value) ? `"${value.replaceAll(/["\\]/g, character => `\\${character}`)}"` : value
}
