/**
 * TLS of one data plane: its identity and the roots of each trust domain, and the contexts made of them. A context
 * is made once for what it holds and used for every connection; when identity or roots change it is replaced, and
 * with it all sessions and tickets, so that nothing is resumed that was verified against something else.
 */
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { ReasonCode } from '../errors.ts'
import type { Credentials, Roots } from './credentials.ts'
import type { Peer } from './peer.ts'
import { MeshServer } from './server.ts'

/** A session ticket with the peer that it stands for: Node does not show a resumed server's certificate. */
export interface Session {
  readonly ticket: Buffer
  readonly peer: Peer
}

/** For outgoing connections into one trust domain. */
export interface ClientContext {
  readonly context: SecureContext
  readonly credentials: Credentials
  /** By target; bounded. */
  readonly sessions: Map<string, Session>
}

/** One trust domain as this data plane sees it; the object stays while roots and identity change. */
export class TrustDomain {
  readonly name: string
  /** Changes when connections made before should not be used for new calls. */
  generation = 0
  /** How often a root was taken away. */
  narrowings = 0
  readonly #handshakeTimeoutMs: number
  #credentials: Credentials | null = null
  #roots: Roots | null = null
  #client: ClientContext | null = null
  /** By what they take. */
  readonly #servers = new Map<readonly string[], MeshServer>()

  /** `handshakeTimeoutMs`: of accepted connections. */
  constructor(name: string, handshakeTimeoutMs: number) {
    this.name = name
    this.#handshakeTimeoutMs = handshakeTimeoutMs
  }

  get roots(): Roots | null {
    return this.#roots
  }

  get credentials(): Credentials | null {
    return this.#credentials
  }

  /** What to connect with, or why that is not possible now. */
  client(): ClientContext | ReasonCode {
    const usable = this.#usable()
    if (typeof usable === 'string') return usable
    this.#client ??= {
      context: createSecureContext(contextOptions(usable.credentials, usable.roots)),
      credentials: usable.credentials,
      sessions: new Map(),
    }
    return this.#client
  }

  /** What to accept with, or why that is not possible now. `protocols`: one of the lists of alpn.ts. */
  server(protocols: readonly string[]): MeshServer | ReasonCode {
    const usable = this.#usable()
    if (typeof usable === 'string') return usable
    const known = this.#servers.get(protocols)
    if (known !== undefined) return known
    const { credentials, roots } = usable
    const context = contextOptions(credentials, roots)
    const server = new MeshServer(context, credentials, this.#handshakeTimeoutMs, protocols)
    this.#servers.set(protocols, server)
    return server
  }

  setCredentials(credentials: Credentials): void {
    this.#credentials = credentials
    this.#forget()
    this.generation++
  }

  /** True when a root that was trusted is not trusted any more. */
  setRoots(roots: Roots | null): boolean {
    const old = this.#roots
    // The same object as long as they are the same: whoever remembers it sees whether they have changed.
    if (isDeepStrictEqual(old?.pems, roots?.pems)) return false
    this.#roots = roots
    this.#forget()
    const kept = new Set(roots?.certificates.map(root => root.fingerprint256))
    const isNarrower = (old?.certificates ?? []).some(root => !kept.has(root.fingerprint256))
    if (isNarrower) {
      this.generation++
      this.narrowings++
    }
    return isNarrower
  }

  #usable(): { credentials: Credentials; roots: Roots } | ReasonCode {
    const credentials = this.#credentials
    if (credentials === null) return 'no-identity'
    if (Date.now() > credentials.notAfterMs) return 'certificate-expired'
    // Without roots nobody can be verified; sections are checked, so this is a domain on its way out.
    return this.#roots === null ? 'no-identity' : { credentials, roots: this.#roots }
  }

  #forget(): void {
    this.#client = null
    this.#servers.clear()
  }
}

export class MeshTls {
  readonly #domains = new Map<string, TrustDomain>()
  readonly #handshakeTimeoutMs: number
  #credentials: Credentials | null = null

  constructor(options: { readonly handshakeTimeoutMs: number }) {
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs
  }

  /** The same object for the same name, for ever. */
  domain(name: string): TrustDomain {
    const known = this.#domains.get(name)
    if (known !== undefined) return known
    const domain = new TrustDomain(name, this.#handshakeTimeoutMs)
    if (this.#credentials !== null) domain.setCredentials(this.#credentials)
    this.#domains.set(name, domain)
    return domain
  }

  /** New handshakes use it from now on. */
  setCredentials(credentials: Credentials): void {
    this.#credentials = credentials
    for (const domain of this.#domains.values()) domain.setCredentials(credentials)
  }

  /** Replaces the roots of all trust domains. Answers those where a root is not trusted any more. */
  setRoots(roots: ReadonlyMap<string, Roots>): TrustDomain[] {
    for (const name of roots.keys()) this.domain(name)
    return [...this.#domains.values()].filter(domain => domain.setRoots(roots.get(domain.name) ?? null))
  }
}

/** Key exchange is Node's default, which starts with the post-quantum hybrid: a few per cent of a handshake. */
function contextOptions(credentials: Credentials, roots: Roots): SecureContextOptions {
  return {
    cert: credentials.chainPem,
    key: credentials.privateKeyPem,
    ca: [...roots.pems],
    // An operator's CA may be an intermediate: what is in the bundle is trusted, whoever signed it.
    allowPartialTrustChain: true,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  }
}
