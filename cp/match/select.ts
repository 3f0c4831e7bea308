/**
 * Does a policy select this inbound? The top-level targetRef against one inbound at a time, never against the union
 * of a data plane's inbounds (Kuma semantics 2.3). An absent targetRef is `kind: Mesh`.
 */
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneInbound, DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { TargetRef } from '../kinds/target-ref.ts'

const MESH: TargetRef = { kind: 'Mesh' }

/** The top-level targetRef of any policy's spec. */
export function topLevelRef(policy: Resource): TargetRef {
  const spec = policy.spec as { readonly targetRef?: TargetRef | undefined }
  return spec.targetRef ?? MESH
}

/** `kuma.io/effect: shadow` policies are stored to be looked at, not to act. */
export function isShadow(policy: Resource): boolean {
  return policy.labels['kuma.io/effect'] === 'shadow'
}

export function selectsInbound(
  ref: TargetRef,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): boolean {
  if (inbound.state === 'Ignored') return false
  switch (ref.kind) {
    case 'Mesh':
      return admitsSidecar(ref)
    case 'MeshSubset':
      return admitsSidecar(ref) && hasTags(inbound.tags, ref.tags)
    case 'MeshService':
      return inbound.service === ref.name
    case 'MeshServiceSubset':
      return inbound.service === ref.name && hasTags(inbound.tags, ref.tags)
    case 'Dataplane':
      return selectsDataplane(ref, dataplane) && selectsSection(ref, inbound)
    default:
      return false
  }
}

export function hasTags(
  tags: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(([tag, value]) => tags[tag] === value)
}

/** Data planes with inbounds are sidecars; gateways have none. */
function admitsSidecar(ref: TargetRef): boolean {
  return ref.proxyTypes === undefined || ref.proxyTypes.includes('Sidecar')
}

function selectsDataplane(ref: TargetRef, dataplane: Resource<DataplaneSpec>): boolean {
  if (ref.name !== undefined) return dataplane.name === ref.name
  return hasTags(dataplane.labels, ref.labels)
}

/** A section is an inbound's name, or its port where it has none. */
function selectsSection(ref: TargetRef, inbound: DataplaneInbound): boolean {
  if (ref.sectionName === undefined) return true
  return ref.sectionName === inbound.name || ref.sectionName === String(inbound.port)
}
