/**
 * Precedence of policies (Kuma 2.14, semantics 2.2 and 2.4): later in the order overrides earlier. Creation and
 * modification times play no role.
 */
import type { Resource } from '../kinds/kind.ts'
import { displayName } from '../kinds/meta.ts'
import type { TargetRef } from '../kinds/target-ref.ts'
import { topLevelRef } from './select.ts'

const KINDS: readonly string[] = [
  'Mesh',
  'Dataplane',
  'MeshSubset',
  'MeshGateway',
  'MeshService',
  'MeshExternalService',
  'MeshMultiZoneService',
  'MeshServiceSubset',
  'MeshHTTPRoute',
]

const ROLES: readonly string[] = ['system', 'producer', 'consumer', 'workload-owner']

/** Lowest precedence first. */
export function inPrecedence(policies: readonly Resource[]): readonly Resource[] {
  return [...policies].sort(comparePrecedence)
}

/** Negative when `a` is overridden by `b`. Of two equals the one whose name sorts first wins. */
export function comparePrecedence(a: Resource, b: Resource): number {
  return compareReach(a, b) || compareNames(a, b)
}

/** By everything but the name: 0 where only the name decides. */
export function compareReach(a: Resource, b: Resource): number {
  const refA = topLevelRef(a)
  const refB = topLevelRef(b)
  return (
    rankOfKind(refA) - rankOfKind(refB) ||
    rankOfDataplaneRef(refA) - rankOfDataplaneRef(refB) ||
    rankOfOrigin(a) - rankOfOrigin(b) ||
    rankOfRole(a) - rankOfRole(b)
  )
}

/** The display name that sorts first comes last. Display names may be equal, names are not. */
export function compareNames(a: Resource, b: Resource): number {
  return compareText(displayName(b), displayName(a)) || compareText(b.name, a.name)
}

function rankOfKind(ref: TargetRef): number {
  return KINDS.indexOf(ref.kind)
}

/** Labels are less specific than a name; a section is more specific than the whole. */
function rankOfDataplaneRef(ref: TargetRef): number {
  if (ref.kind !== 'Dataplane') return 0
  return (ref.name === undefined ? 0 : 2) + (ref.sectionName === undefined ? 0 : 1)
}

function rankOfOrigin(policy: Resource): number {
  return policy.labels['kuma.io/origin'] === 'global' ? 0 : 1
}

/** Kubernetes gives roles; on VMs they come with policies from elsewhere. */
function rankOfRole(policy: Resource): number {
  return Math.max(0, ROLES.indexOf(policy.labels['kuma.io/policy-role'] ?? ''))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
