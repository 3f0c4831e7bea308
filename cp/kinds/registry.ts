/** All kinds, in the order in which documents show them, and the ways to find one. */

import type { Kind } from './kind.ts'
import { mesh } from './mesh/mesh.ts'
import { dataplane } from './proxy/dataplane.ts'
import { dataplaneInsight } from './proxy/dataplane-insight.ts'
import { meshTrafficPermission } from './security/mesh-traffic-permission.ts'
import { globalSecret } from './system/global-secret.ts'
import { secret } from './system/secret.ts'

export const kinds: readonly Kind[] = [
  mesh,
  dataplane,
  dataplaneInsight,
  meshTrafficPermission,
  secret,
  globalSecret,
]

const byType = new Map(kinds.map(kind => [kind.type, kind]))
const byPath = new Map(kinds.flatMap(kind => [kind.path, ...kind.aliases].map(path => [path, kind] as const)))
const byArgument = new Map(
  kinds.flatMap(kind =>
    [kind.type, kind.singular, kind.plural, kind.path, ...kind.aliases, kind.shortName]
      .filter(name => name !== '')
      .map(name => [name.toLowerCase(), kind] as const),
  ),
)

/** By the value of `type`. */
export function kindByType(type: string): Kind | undefined {
  return byType.get(type)
}

/** By a segment of an API path. */
export function kindByPath(path: string): Kind | undefined {
  return byPath.get(path)
}

/** By what people type: singular, plural, path, type or short name, in any case. */
export function kindByArgument(argument: string): Kind | undefined {
  return byArgument.get(argument.toLowerCase())
}
