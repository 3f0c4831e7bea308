/**
 * The part of applying a snapshot that can fail: everything that it refers to is looked up, roots are read, and new
 * listeners are bound. Either all of it is ready to be taken over, or nothing has changed.
 */
import { codeOf, messageOf } from '#base/errors.ts'
import type { InboundListener, OutboundListener } from '#contract/listener.ts'
import type { Violation } from '#contract/messages.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import { TcpListener } from '../listener/tcp-listener.ts'
import { type Roots, readRoots } from '../tls/credentials.ts'
import { diffSections, type SectionChanges } from './diff.ts'
import type { Runtime } from './runtime.ts'

export interface Prepared {
  readonly changes: SectionChanges
  readonly roots: ReadonlyMap<string, Roots>
  /** New listening sockets by section key; whoever connects is held. */
  readonly sockets: ReadonlyMap<string, TcpListener>
}

type Section = InboundListener | OutboundListener

/** Answers what is ready, or all violations, after undoing what was done. */
export async function prepare(
  snapshot: Snapshot,
  runtime: Runtime,
): Promise<Prepared | readonly Violation[]> {
  const violations: Violation[] = []
  const changes = diffSections(runtime.sections, snapshot)
  const roots = readAllRoots(snapshot, violations)
  checkReferences(snapshot, violations)
  if (violations.length > 0) return violations

  const sockets = new Map<string, TcpListener>()
  const standing = standAside(snapshot, changes, runtime)
  for (const key of changes.listeners.added) {
    const section = snapshot.listeners.get(key)
    if (section === undefined) continue
    try {
      sockets.set(key, await TcpListener.bind(section.address, section.port))
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

/**
 * A listener that this snapshot removes may be in the way of one that it adds (127.0.0.1:80 and 0.0.0.0:80): it stops
 * listening first, its connections live on. Answers those that did.
 */
function standAside(snapshot: Snapshot, changes: SectionChanges, runtime: Runtime): Map<string, TcpListener> {
  const ports = new Set(changes.listeners.added.map(key => snapshot.listeners.get(key)?.port))
  const standing = new Map<string, TcpListener>()
  for (const key of changes.listeners.removed) {
    const running = runtime.listeners.get(key)
    if (running === undefined || !ports.has(running.role.config.port)) continue
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
    } else if (!snapshot.clusters.has(listener.cluster)) {
      violations.push({ path: `${path}.cluster`, message: `no such cluster section: ${listener.cluster}` })
    }
  }
  for (const [name, cluster] of snapshot.clusters) {
    if (cluster.tls !== null) checkTrust(`cluster/${name}`, cluster.tls.trustDomain)
  }
}

function bindFailure({ address, port }: Section, error: unknown): string {
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
