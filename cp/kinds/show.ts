/** A stored resource → its REST representation (kuma-api 1.8), and what to say about what is not enforced. */

import { keyAt } from './field-path.ts'
import { kriOf } from './identifier.ts'
import type { Kind, Resource, ResourceDraft, Unenforced } from './kind.ts'
import { EFFECT_LABEL, sortedLabels } from './meta.ts'
import { isObject } from './schema/decode.ts'

/** Keys in the order type, mesh, name, times, labels, kri, what the kind computes, spec, status. */
export function showResource(kind: Kind, resource: Resource): Readonly<Record<string, unknown>> {
  const kri = kriOf(kind, resource)
  return {
    type: resource.type,
    ...(kind.scope === 'Mesh' ? { mesh: resource.mesh } : {}),
    name: resource.name,
    creationTime: resource.creationTime,
    modificationTime: resource.modificationTime,
    ...(Object.keys(resource.labels).length > 0 ? { labels: sortedLabels(resource.labels) } : {}),
    ...(kri === null ? {} : { kri }),
    ...kind.computed(resource),
    ...(kind.encoding === 'spec' ? { spec: resource.spec } : isObject(resource.spec) ? resource.spec : {}),
    ...(kind.emptyStatus === null ? {} : { status: kind.emptyStatus }),
  }
}

/** Of the kind (the empty path is the whole), the spec and the labels; paths as in the representation. */
export function unenforcedOf(
  kind: Kind,
  resource: Pick<ResourceDraft, 'spec' | 'labels'>,
): readonly Unenforced[] {
  const whole = kind.notEnforced === null ? [] : [{ field: '', ...kind.notEnforced }]
  const found = [...whole, ...kind.unenforced(resource.spec)]
  if (!kind.isPolicy || resource.labels[EFFECT_LABEL] !== 'shadow') return found
  const message = 'the policy has no effect while it has this label'
  return [...found, { field: keyAt('labels', EFFECT_LABEL), message, refusesTraffic: false }]
}
