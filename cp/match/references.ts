/**
 * targetRef or backendRef → the resources that it means: by name (or display name), by labels, and a section of them,
 * which is a port by name or number.
 */
import type { Labels, Resource } from '../kinds/kind.ts'
import { displayName } from '../kinds/meta.ts'
import type { MeshView } from './view.ts'

export interface Reference {
  readonly kind: string
  readonly name?: string | undefined
  readonly labels?: Labels | undefined
  readonly sectionName?: string | undefined
  readonly port?: number | undefined
}

/** A resource, or one section of it. */
export interface ResourceSection {
  readonly resource: Resource
  /** Name of a port; empty: the whole resource. */
  readonly section: string
}

/** Kinds of destinations that are resources of their own. */
export const DESTINATION_TYPES: readonly string[] = [
  'MeshService',
  'MeshExternalService',
  'MeshMultiZoneService',
]

/** Empty when it means nothing that exists. `kind: Mesh` is the mesh itself. */
export function resolve(view: MeshView, reference: Reference): readonly ResourceSection[] {
  if (reference.kind === 'Mesh') return [{ resource: view.mesh, section: '' }]
  const { sectionName = '', port } = reference
  const wanted = sectionName === '' && port !== undefined ? String(port) : sectionName
  return view
    .resources(reference.kind)
    .filter(resource => isNamed(resource, reference))
    .flatMap(resource => {
      const section = wanted === '' ? '' : sectionOf(resource, wanted)
      return section === undefined ? [] : [{ resource, section }]
    })
    .toSorted((a, b) => (a.resource.name < b.resource.name ? -1 : 1))
}

export function isNamed(resource: Resource, { name, labels }: Pick<Reference, 'name' | 'labels'>): boolean {
  if (name !== undefined && name !== '') return resource.name === name || displayName(resource) === name
  return Object.entries(labels ?? {}).every(([key, value]) => resource.labels[key] === value)
}

export interface DestinationPort {
  readonly port: number
  /** The number where it has no name. */
  readonly name: string
  readonly protocol: string
}

/** Ports of a destination, with their defaults. */
export function portsOf(resource: Resource): readonly DestinationPort[] {
  const spec = resource.spec as {
    readonly ports?: readonly { port?: number; name?: string; appProtocol?: string }[]
    readonly match?: { port?: number; protocol?: string }
  }
  if (resource.type === 'MeshExternalService') {
    const port = spec.match?.port ?? 0
    return [{ port, name: String(port), protocol: spec.match?.protocol ?? 'tcp' }]
  }
  return (spec.ports ?? []).map(({ port = 0, name, appProtocol }) => ({
    port,
    name: name || String(port),
    protocol: appProtocol ?? 'tcp',
  }))
}

/** undefined: it has no such port. */
function sectionOf(resource: Resource, wanted: string): string | undefined {
  return portsOf(resource).find(({ name, port }) => name === wanted || String(port) === wanted)?.name
}
