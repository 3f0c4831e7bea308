/**
 * Who a data plane is. The snapshot says which identity it should hold (`IdentityConfig`) and whom it trusts
 * (`Trust`); the certificate itself is asked for with a signing request and never part of a snapshot.
 */

/** Section `identity`: what the certificate of this data plane has to say. */
export interface IdentityConfig {
  readonly trustDomain: string
  /** Name of the issuing backend in the Mesh; a change makes the data plane ask for a new certificate. */
  readonly backend: string
  /** URI SANs that the control plane will put in, sorted: `spiffe://…` first, then `kuma://…`. */
  readonly uris: readonly string[]
}

/** Section `trust/TRUST-DOMAIN`: the roots that certificates of this domain chain to. */
export interface Trust {
  readonly trustDomain: string
  readonly roots: readonly string[]
}

/** A held identity: made in the data plane, kept on its disk (0600), given to the engine. */
export interface Identity {
  readonly trustDomain: string
  readonly backend: string
  readonly uris: readonly string[]
  /** Leaf first, PEM. */
  readonly chainPem: string
  /** PKCS#8 PEM; never leaves the VM. */
  readonly privateKeyPem: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
}
