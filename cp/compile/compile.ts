/**
 * (mesh view, data plane) → what that data plane runs. Pure: no I/O, no clock; the same input gives the same
 * sections, and values that many data planes share are the same objects.
 */
import type { Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import type { MeshView } from '../match/view.ts'
import { Draft } from './draft.ts'
import { compileIdentity } from './identity.ts'
import { compileInbounds } from './inbound.ts'
import { compileOutbounds } from './outbound.ts'
import { policyCompilers } from './policies.ts'

/** Section values by name. */
export function compile(view: MeshView, dataplane: Resource<DataplaneSpec>): ReadonlyMap<string, object> {
  return draftOf(view, dataplane).sections()
}

/** As `compile`, with what the sections came from. */
export function draftOf(view: MeshView, dataplane: Resource<DataplaneSpec>): Draft {
  const draft = new Draft()
  compileIdentity(view, dataplane, draft)
  compileInbounds(view, dataplane, draft)
  compileOutbounds(view, dataplane, draft)
  for (const policy of policyCompilers) policy.compile(view, dataplane, draft)
  return draft
}
