/** A resource as a Kubernetes manifest, for `?format=kubernetes` of exports and the GUI (kuma-api 1.7): a rendering only. */
import type { Kind, Resource } from '../kinds/kind.ts'
import { sortedLabels } from '../kinds/meta.ts'

const NAMESPACE = 'kuma-system'
const MESH_LABEL = 'kuma.io/mesh'

export function kubernetesManifest(kind: Kind, resource: Resource): Readonly<Record<string, unknown>> {
  const isFlat = kind.encoding === 'flat'
  const labels = isFlat ? {} : labelsOf(kind, resource)
  return {
    kind: resource.type,
    apiVersion: 'kuma.io/v1alpha1',
    ...(isFlat && kind.scope === 'Mesh' ? { mesh: resource.mesh } : {}),
    metadata: {
      name: resource.name,
      ...(kind.scope === 'Mesh' ? { namespace: NAMESPACE } : {}),
      // whole seconds
      creationTimestamp: resource.creationTime.replace(/\.\d+Z$/, 'Z'),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
    spec: resource.spec ?? {},
  }
}

/** Of the computed ones only the mesh, which has no other place in a manifest. */
function labelsOf(kind: Kind, { labels, mesh }: Resource): Readonly<Record<string, string>> {
  const own = Object.entries(labels).filter(([key]) => !COMPUTED.has(key))
  return sortedLabels({
    ...Object.fromEntries(own),
    ...(kind.scope === 'Mesh' ? { [MESH_LABEL]: mesh } : {}),
  })
}

const COMPUTED: ReadonlySet<string> = new Set(['kuma.io/env', MESH_LABEL, 'kuma.io/origin', 'kuma.io/zone'])
