/**
 * The part of applying a snapshot that can fail: everything that it refers to is looked up, roots are read, and new
 * listeners are bound. Either all of it is ready to be taken over, or nothing has changed.
 */
import { codeOf, messageOf } from '#base/errors.ts'
import { missingClusters } from '#contract/check-route.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { Violation } from '#contract/reader.ts'
import type { Sections, Snapshot } from '#contract/snapshot.ts'
import { patternFaults } from '../http/routing/patterns.ts'
import type { TcpListener } from '../listener/tcp-listener.ts'
import { type Roots, readRoots } from '../tls/credentials.ts'
import { type Changes, diffSections, type SectionChanges } from './diff.ts'
import type { Runtime } from './runtime.ts'

export interface Prepared {
  readonly changes: SectionChanges
  readonly roots: ReadonlyMap<string, Roots>
  /** New listening sockets by section key; whoever connects is held. */
  readonly sockets: ReadonlyMap<string, TcpListener>
}

type Section = InboundListener | OutboundListener

/** A listening socket for an address. Rejects with Node's error (EADDRINUSE, EADDRNOTAVAIL, EACCES). */
export type Bind = (address: string, port: number) => Promise<TcpListener>

/** Answers what is ready, or all violations, after undoing what was done. */
export async function prepare(
  snapshot: Snapshot,
  runtime: Runtime,
  bind: Bind,
): Promise<Prepared | readonly Violation[]> {
  const changes = diffSections(runtime.sections, snapshot)
  const checked = checkSnapshot(snapshot)
  if (!('roots' in checked)) return checked
  const violations: Violation[] = []
  const { roots } = checked

  const sockets = new Map<string, TcpListener>()
  const standing = standAside(snapshot, changes, runtime)
  for (const key of changes.listeners.added) {
    const section = snapshot.listeners.get(key)
    if (section === undefined) continue
    try {
      sockets.set(key, await bind(section.address, section.port))
    } catch (error) {
      violations.push({ path: `listener/${key}`, message: bindFailure(section, error) })
    }
  }
  if (violations.length === 0) return { changes, roots, sockets }
  for (const socket of sockets.values()) socket.close()
  for (const [key, listener] of standing) {
    const again = listener.listenAgain()
    await again.catch(error =>
      violations.push({ path: `listener/${key}`, message: `lost: ${messageOf(error)}` }),
    )
  }
  return violations
}

/** What can be said against a snapshot without a socket: roots that cannot be read, names that nothing bears. */
export function checkSnapshot(
  snapshot: Snapshot,
): { readonly roots: ReadonlyMap<string, Roots> } | readonly Violation[] {
  const violations: Violation[] = []
  const roots = readAllRoots(snapshot, violations)
  checkReferences(snapshot, violations)
  for (const [key, listener] of snapshot.listeners) {
    if (listener.direction === 'outbound') violations.push(...patternFaults(listener, `listener/${key}`))
  }
  return violations.length > 0 ? violations : { roots }
}

/**
 * Listeners that a snapshot removes and that may be in the way of one that it adds (127.0.0.1:80 and 0.0.0.0:80): they
 * have to stop listening first.
 */
export function inTheWay(
  { added, removed }: Changes,
  old: Sections | null,
  next: Sections,
): readonly string[] {
  const ports = new Set(added.map(key => next.listeners.get(key)?.port))
  return removed.filter(key => ports.has(old?.listeners.get(key)?.port))
}

/** Their connections live on. Answers those that stopped listening. */
function standAside(snapshot: Snapshot, changes: SectionChanges, runtime: Runtime): Map<string, TcpListener> {
  const standing = new Map<string, TcpListener>()
  for (const key of inTheWay(changes.listeners, runtime.sections, snapshot)) {
    const running = runtime.listeners.get(key)
    if (running === undefined) continue
    running.socket.stopListening()
    standing.set(key, running.socket)
  }
  return standing
}

function readAllRoots(snapshot: Snapshot, violations: Violation[]): ReadonlyMap<string, Roots> {
  const all = new Map<string, Roots>()
  for (const [name, trust] of snapshot.trust) {
    const roots = readRoots(trust)
    if (typeof roots !== 'string') all.set(name, roots)
    else violations.push({ path: `trust/${name}`, message: `${roots}; give certificates in PEM` })
  }
  return all
}

function checkReferences(snapshot: Snapshot, violations: Violation[]): void {
  const checkTrust = (path: string, trustDomain: string) => {
    if (snapshot.trust.has(trustDomain)) return
    violations.push({ path: `${path}.tls.trustDomain`, message: `no such trust section: ${trustDomain}` })
  }
  for (const [key, listener] of snapshot.listeners) {
    const path = `listener/${key}`
    if (listener.direction === 'inbound') {
      if (listener.tls !== null) checkTrust(path, listener.tls.trustDomain)
    } else violations.push(...missingClusters(listener, snapshot.clusters, path))
  }
  for (const [name, cluster] of snapshot.clusters) {
    if (cluster.tls !== null) checkTrust(`cluster/${name}`, cluster.tls.trustDomain)
  }
}

/** For people. `error`: of a `Bind`. */
export function bindFailure({ address, port }: Section, error: unknown): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return `port ${port} on ${address} is in use by another process; stop it or choose another port`
    case 'EADDRNOTAVAIL':
      return `${address} is not an address of this machine; use one that it has`
    case 'EACCES':
      return `port ${port} on ${address} needs a privilege (CAP_NET_BIND_SERVICE); choose a port above 1023`
    default:
      return `cannot listen on port ${port} of ${address}: ${messageOf(error)}`
  }
}
