/**
 * Whether a Dataplane may be a member of its mesh, by the constraints that the mesh states (kuma-api 4.4).
 */
import { fieldAt, itemAt } from '../../kinds/field-path.ts'
import type { Resource, ResourceDraft, Violation } from '../../kinds/kind.ts'
import { constraintViolation, type MeshSpec } from '../../kinds/mesh/mesh.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'

/** One violation for each tag set that keeps it out of the mesh. */
export function membershipViolations(
  mesh: Resource<MeshSpec>,
  draft: ResourceDraft<DataplaneSpec>,
): readonly Violation[] {
  const { gateway, inbound = [] } = draft.spec.networking ?? {}
  const sets = inbound.map((one, index) => ({
    field: fieldAt(itemAt('networking.inbound', index), 'tags'),
    tags: one.tags ?? {},
  }))
  if (gateway !== undefined) sets.push({ field: 'networking.gateway.tags', tags: gateway.tags ?? {} })
  return sets.flatMap(({ field, tags }) => {
    const message = constraintViolation(mesh, [tags])
    return message === null ? [] : [{ field, message }]
  })
}
