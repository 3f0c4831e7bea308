/**
 * What policies may name and nothing stands for yet: gateways, destinations that are resources of their own, and clients
 * that certificates do not tell. Paths as in the representation.
 */
import { fieldAt, itemAt } from '../field-path.ts'
import type { Unenforced } from '../kind.ts'
import type { PolicySpec } from '../policy.ts'
import type { Schema } from '../schema/doc.ts'
import { unenforcedFields } from '../schema/unenforced.ts'
import type { TargetRef } from '../target-ref.ts'
import type { BackendRef } from './backend-ref.ts'

/**
 * Of a policy with `to` or `from`: who it is for, its destinations and clients, and the fields that its schema flags.
 * @param holdsForRoutes of those in `to`
 */
export function unenforcedParts(
  schema: Schema,
  spec: PolicySpec<unknown>,
  holdsForRoutes = false,
): Unenforced[] {
  const { targetRef, to = [], from = [] } = spec
  const pathIn = (list: string, i: number): string => fieldAt(itemAt(`spec.${list}`, i), 'targetRef')
  return [
    ...unenforcedTop(targetRef),
    ...to.flatMap((item, i) => unenforcedTarget(item.targetRef, pathIn('to', i), holdsForRoutes)),
    ...from.flatMap((item, i) => unenforcedClient(item.targetRef, pathIn('from', i))),
    ...unenforcedFields(schema, spec, 'spec'),
  ]
}

export function unenforcedTop(top: TargetRef | undefined): Unenforced[] {
  return top?.kind === 'MeshGateway' ? [unenforced('spec.targetRef', 'there are no builtin gateways')] : []
}

/** @param path of the targetRef */
export function unenforcedTarget(ref: TargetRef, path: string, holdsForRoutes = false): Unenforced[] {
  if (ref.kind === 'Mesh') return []
  if (ref.kind === 'MeshHTTPRoute')
    return holdsForRoutes
      ? []
      : [unenforced(path, 'it holds for services and the mesh, not for single routes')]
  return isResource(ref)
    ? [unenforced(path, 'outbounds name services by tags: kind MeshService with a name')]
    : []
}

/** @param path of the targetRef */
function unenforcedClient(ref: TargetRef, path: string): Unenforced[] {
  if (ref.proxyTypes !== undefined)
    return [unenforced(fieldAt(path, 'proxyTypes'), 'it holds for all: certificates do not tell them apart')]
  const isNamed = ref.kind !== 'MeshService' || !isResource(ref)
  return isNamed ? [] : [unenforced(path, 'clients are known by their tags: kind MeshService with a name')]
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
