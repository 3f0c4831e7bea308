/**
 * What policies for outgoing calls may name and nothing stands for yet: gateways, and destinations that are resources of
 * their own. Paths as in the representation.
 */
import type { Unenforced } from '../kind.ts'
import type { TargetRef } from '../target-ref.ts'
import type { BackendRef } from './backend-ref.ts'

export function unenforcedTop(top: TargetRef | undefined): Unenforced[] {
  return top?.kind === 'MeshGateway' ? [unenforced('spec.targetRef', 'there are no builtin gateways')] : []
}

/** @param path of the targetRef */
export function unenforcedTarget(ref: TargetRef, path: string): Unenforced[] {
  if (ref.kind === 'Mesh') return []
  if (ref.kind === 'MeshHTTPRoute')
    return [unenforced(path, 'it holds for services and the mesh, not for single routes')]
  return isResource(ref)
    ? [unenforced(path, 'outbounds name services by tags: kind MeshService with a name')]
    : []
}

/** @param path of the backendRef */
export function unenforcedBackend(ref: BackendRef, path: string): Unenforced[] {
  const message =
    'it leads to nobody: services are named by tags, kind MeshService or MeshServiceSubset with a name'
  return isResource(ref) || ref.port !== undefined ? [unenforced(path, message)] : []
}

function isResource({ kind, name, sectionName }: TargetRef): boolean {
  if (kind !== 'MeshService' && kind !== 'MeshServiceSubset') return true
  return (name ?? '') === '' || (sectionName ?? '') !== ''
}

function unenforced(field: string, message: string): Unenforced {
  return { field, message, refusesTraffic: false }
}
