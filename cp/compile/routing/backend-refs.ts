/**
 * backendRefs of the route policies → destinations and their shares (Kuma semantics 3.8). Destinations that are resources
 * of their own, among them MeshServices by port or labels, are none yet: such a reference leads to nobody.
 */
import { type Backend, MAX_WEIGHT } from '#contract/route.ts'
import type { BackendRef } from '../../kinds/routing/backend-ref.ts'
import { destinationName } from '../../match/destination-name.ts'
import { type Destination, serviceDestination } from '../cluster.ts'

/** What of a reference is read. */
export type Ref = Partial<BackendRef> & Pick<BackendRef, 'kind'>

export interface Share {
  readonly destination: Destination
  readonly backend: Backend
}

/** Without those whose weight is 0 and those that lead to nobody. */
export function sharesOf(refs: readonly Ref[]): readonly Share[] {
  return refs.flatMap(ref => {
    const destination = destinationOf(ref)
    const { weight = 1 } = ref
    if (destination === null || weight === 0) return []
    const backend = { cluster: destinationName(destination.tags), weight: Math.min(weight, MAX_WEIGHT) }
    return [{ destination, backend }]
  })
}

/** null: nobody. */
export function destinationOf({ kind, name, tags, port, sectionName }: Ref): Destination | null {
  if (name === undefined || name === '') return null
  if (kind === 'MeshServiceSubset') return serviceDestination(name, tags)
  const isResource = kind !== 'MeshService' || port !== undefined || (sectionName ?? '') !== ''
  return isResource ? null : serviceDestination(name)
}
