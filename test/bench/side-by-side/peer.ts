/** What every proxy of the comparison is to those who measure it: ports that do the same work, and processes. */

/** What is carried. Hops are one proxy in front of the backend, paths are two of them with mutual TLS between. */
export type Way = 'http hop' | 'http2 hop' | 'tcp hop' | 'http path' | 'tcp path' | 'tls hop'

export interface Peer {
  readonly name: string
  /** A way that is not there is one that this proxy does not do. */
  readonly ports: Readonly<Partial<Record<Way, number>>>
  /** Who hops, who takes calls of applications on a path, who hands them to the backend. */
  readonly pids: Readonly<Record<Role, number>>
  /** Puts another configuration in place while calls run; resolves when it acts. */
  readonly reload?: () => Promise<void>
}

export type Role = 'hop' | 'client' | 'server'

/** Whose work a way is. */
export const ROLES: Readonly<Record<Way, readonly Role[]>> = {
  'http hop': ['hop'],
  'http2 hop': ['hop'],
  'tcp hop': ['hop'],
  'http path': ['client', 'server'],
  'tcp path': ['client', 'server'],
  'tls hop': ['server'],
}

/** Where the peers find each other and what they show each other. */
export interface Site {
  /** For files of this run. */
  readonly folder: string
  readonly backend: Backend
  /** PEM files: the identity of `client` and of `server`, key after certificate, and who signed both. */
  readonly identities: Readonly<Record<'client' | 'server', string>>
  readonly rootFile: string
}

/** nginx with answers of 100 B (`/`), 10 KB (`/10k`) and 64 MB (`/64m`). */
export interface Backend {
  readonly httpPort: number
  readonly http2Port: number
}

export const HOST = '127.0.0.1'
