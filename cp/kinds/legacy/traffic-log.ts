/** TrafficLog: which calls are written to an access log, and to which backend of the Mesh (kuma-api 4.10). Flat, mesh. */
import { z } from 'zod'
import { optional } from '../schema/doc.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { directionFields, outboundViolations } from './selectors.ts'

const trafficLogSchema = z.object({
  ...directionFields,
  conf: optional(
    z.object({
      backend: optional(z.string(), 'Name of a backend in `logging.backends` of the Mesh.', {
        default: '`logging.defaultBackend` of the Mesh',
      }),
    }),
    'Where the log goes.',
  ),
})

export type TrafficLogSpec = z.infer<typeof trafficLogSchema>

export const trafficLog = defineLegacyPolicy<TrafficLogSpec>({
  type: 'TrafficLog',
  doc:
    'A TrafficLog writes the calls from its sources to its destinations to the access log of a logging backend. ' +
    'MeshAccessLog is its successor.',
  schema: trafficLogSchema,
  notEnforced: { message: 'no access log is written', refusesTraffic: false },
  check: spec => outboundViolations(spec),
})
