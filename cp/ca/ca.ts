/** Issues certificates to members of one mesh; one implementation per `mtls.backends[].type`. */

export interface CertificateAuthority {
  /** PEM roots that members of the mesh chain to. */
  roots(mesh: string, backend: string): Promise<readonly string[]>
  /**
   * Signs for the public key of `csrPem`, whatever else the request says. Throws `ca.bad-request` (not a valid
   * PKCS#10 or its signature is wrong), `ca.unavailable`.
   */
  issue(request: IssueRequest): Promise<IssuedCertificate>
}

export interface IssueRequest {
  readonly mesh: string
  readonly backend: string
  readonly csrPem: string
  /** URI SANs, in order. */
  readonly uris: readonly string[]
  readonly lifetimeMs: number
}

export interface IssuedCertificate {
  /** Leaf first. */
  readonly chainPem: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
}
