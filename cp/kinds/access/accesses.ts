/** What may be granted to people and what may be audited: the actions of Kong Mesh (kuma-api 7.5, 7.6). */
import { z } from 'zod'

/** `CREATE`, `UPDATE`, `DELETE` are of resources; the others of the endpoints that they are named for. */
export const ACCESSES = [
  'CREATE',
  'UPDATE',
  'DELETE',
  'GENERATE_DATAPLANE_TOKEN',
  'GENERATE_USER_TOKEN',
  'GENERATE_ZONE_CP_TOKEN',
  'GENERATE_ZONE_TOKEN',
  'VIEW_CONFIG_DUMP',
  'VIEW_STATS',
  'VIEW_CLUSTERS',
  'VIEW_CONTROL_PLANE_METADATA',
] as const

export type Access = (typeof ACCESSES)[number]

export const accessSchema = z.enum(ACCESSES)
