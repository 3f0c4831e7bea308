/**
 * Unknown JSON → typed sections, or all violations with their paths. The one place where the data plane looks at
 * what the control plane sent; everything behind it trusts the types. Unknown members are ignored, so that a newer
 * control plane can add optional ones.
 */
import { readCluster } from './check-cluster.ts'
import { readListener } from './check-listener.ts'
import { missingClusters } from './check-route.ts'
import type { Cluster } from './cluster.ts'
import type { IdentityConfig, Trust } from './identity.ts'
import type { InboundListener, OutboundListener } from './listener.ts'
import type { Violation } from './reader.ts'
import { Reader } from './reader.ts'
import type { Sections } from './snapshot.ts'

export type CheckResult =
  | { readonly ok: true; readonly sections: Sections }
  | { readonly ok: false; readonly violations: readonly Violation[] }

/** `raw`: section values by name (see snapshot.ts for the names). */
export function checkSections(raw: Readonly<Record<string, unknown>>): CheckResult {
  const violations: Violation[] = []
  let identity: IdentityConfig | null = null
  const trust = new Map<string, Trust>()
  const listeners = new Map<string, InboundListener | OutboundListener>()
  const clusters = new Map<string, Cluster>()
  for (const [name, value] of Object.entries(raw)) {
    const reader = new Reader(value, name, violations)
    const key = name.slice(name.indexOf('/') + 1)
    if (name === 'identity') identity = readIdentity(reader)
    else if (name.startsWith('trust/')) trust.set(key, readTrust(reader))
    else if (name.startsWith('listener/')) listeners.set(key, readListener(reader))
    else if (name.startsWith('cluster/')) clusters.set(key, readCluster(reader))
    else violations.push({ path: name, message: 'unknown section: this data plane is too old to run it' })
  }
  for (const [key, listener] of listeners) checkReferences(key, listener, clusters, trust, violations)
  for (const [name, cluster] of clusters) {
    if (cluster.tls !== null && !trust.has(cluster.tls.trustDomain)) {
      violations.push({ path: `cluster/${name}.tls.trustDomain`, message: 'no such trust section' })
    }
  }
  return violations.length > 0
    ? { ok: false, violations }
    : { ok: true, sections: { identity, trust, listeners, clusters } }
}

function checkReferences(
  key: string,
  listener: InboundListener | OutboundListener,
  clusters: ReadonlyMap<string, Cluster>,
  trust: ReadonlyMap<string, Trust>,
  violations: Violation[],
): void {
  const path = `listener/${key}`
  if (listener.direction === 'outbound') {
    violations.push(...missingClusters(listener, clusters, path))
  }
  if (listener.direction === 'inbound' && listener.tls !== null && !trust.has(listener.tls.trustDomain)) {
    violations.push({ path: `${path}.tls.trustDomain`, message: 'no such trust section' })
  }
}

function readIdentity(reader: Reader): IdentityConfig {
  return {
    trustDomain: reader.text('trustDomain'),
    backend: reader.text('backend'),
    uris: reader.texts('uris'),
  }
}

function readTrust(reader: Reader): Trust {
  return { trustDomain: reader.text('trustDomain'), roots: reader.texts('roots') }
}
