/**
 * The identifier of a resource (KRI): `kri_SHORT_MESH_ZONE_NAMESPACE_NAME_SECTION`, where parts that do not apply are
 * empty (kuma-api 1.8).
 */
import type { Kind, Resource } from './kind.ts'
import { displayName, ZONE_LABEL } from './meta.ts'

export interface Identifier {
  readonly shortName: string
  readonly mesh: string
  readonly zone: string
  readonly namespace: string
  readonly name: string
  readonly section: string
}

/** null for kinds without a short name. */
export function kriOf(
  kind: Pick<Kind, 'shortName'>,
  resource: Pick<Resource, 'mesh' | 'name' | 'labels'>,
): string | null {
  if (kind.shortName === '') return null
  const zone = resource.labels[ZONE_LABEL] ?? ''
  return formatKri({
    shortName: kind.shortName,
    mesh: resource.mesh,
    zone,
    namespace: '',
    name: displayName(resource),
    section: '',
  })
}

export function formatKri({ shortName, mesh, zone, namespace, name, section }: Identifier): string {
  return ['kri', shortName, mesh, zone, namespace, name, section].join('_')
}

/** null for what is not of that form. */
export function parseKri(text: string): Identifier | null {
  const parts = text.split('_')
  const [kri, shortName = '', mesh = '', zone = '', namespace = '', name = '', section = ''] = parts
  if (parts.length !== 7 || kri !== 'kri') return null
  return { shortName, mesh, zone, namespace, name, section }
}
