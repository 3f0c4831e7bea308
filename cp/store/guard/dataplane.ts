/**
 * What the control plane says about a Dataplane that is written: what kind of proxy it is (kuma-api 4.2), and by the
 * constraints of the mesh whether it may be a member (4.4).
 */
import { fieldAt, itemAt } from '../../kinds/field-path.ts'
import type { Labels, Resource, ResourceDraft, Violation } from '../../kinds/kind.ts'
import { constraintViolation, type MeshSpec } from '../../kinds/mesh/mesh.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'

/** Those that follow from the spec. A delegated gateway is a sidecar. */
export function labelsOfDataplane(spec: DataplaneSpec): Labels {
  const { gateway, listeners = [] } = spec.networking ?? {}
  const has = (type: string): boolean => listeners.some(listener => listener.type === type)
  return {
    'kuma.io/proxy-type': gateway?.type === 'BUILTIN' ? 'gateway' : 'sidecar',
    ...(has('ZoneIngress') ? { 'kuma.io/listener-zoneingress': 'enabled' } : {}),
    ...(has('ZoneEgress') ? { 'kuma.io/listener-zoneegress': 'enabled' } : {}),
  }
}

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
