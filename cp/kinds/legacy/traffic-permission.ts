/** TrafficPermission: who may call whom, by tags (kuma-api 4.10). Flat, mesh. */
import { z } from 'zod'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { directionFields, inboundViolations } from './selectors.ts'

const trafficPermissionSchema = z.object(directionFields)

export type TrafficPermissionSpec = z.infer<typeof trafficPermissionSchema>

export const trafficPermission = defineLegacyPolicy<TrafficPermissionSpec>({
  type: 'TrafficPermission',
  doc:
    'A TrafficPermission allows the data planes that its sources select to call the inbounds that its destinations ' +
    'select, in a mesh with mTLS. MeshTrafficPermission is its successor.',
  schema: trafficPermissionSchema,
  check: spec => inboundViolations(spec),
})
