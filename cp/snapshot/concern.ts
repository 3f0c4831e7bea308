/**
 * May a policy have a say about a data plane? Asked before and after a policy changes, to find whom the change can touch:
 * too many is slow, one too few would be wrong.
 */
import type { Resource } from '../kinds/kind.ts'
import { type DataplaneSpec, inboundsOf } from '../kinds/proxy/dataplane.ts'
import { kindByType } from '../kinds/registry.ts'
import { traitsOf } from '../kinds/schema/policy-traits.ts'
import { selectorsOf, tagSetsFor } from '../match/legacy/connection.ts'
import { bestRank, type Selectors } from '../match/legacy/selector.ts'
import { selectsProxy } from '../match/proxy.ts'
import type { MeshView } from '../match/view.ts'

/** True of all data planes where a policy is matched in no way that is known here. */
export function concerns(view: MeshView, policy: Resource, dataplane: Resource<DataplaneSpec>): boolean {
  const kind = kindByType(policy.type)
  if (kind === undefined) return true
  const { isTargetRef, legacy } = traitsOf(kind)
  if (isTargetRef) return selectsProxy(view, policy, dataplane)
  switch (legacy) {
    case 'outbound':
    case 'service':
      return fits(selectorsOf(policy, 'sources'), tagSetsFor(dataplane))
    case 'inbound':
    case 'inbound-all':
      return fits(
        selectorsOf(policy, 'destinations'),
        inboundsOf(dataplane.spec).map(({ tags }) => tags),
      )
    default:
      return true
  }
}

function fits(selectors: Selectors, tagSets: readonly Readonly<Record<string, string>>[]): boolean {
  return bestRank(selectors, tagSets) !== null
}
