/** TrafficTrace: which data planes send traces, and to which backend of the Mesh (kuma-api 4.10). Flat, mesh. */
import { z } from 'zod'
import { optional } from '../schema/doc.ts'
import { defineLegacyPolicy } from './legacy-policy.ts'
import { selectorsField, selectorsViolations } from './selectors.ts'

const trafficTraceSchema = z.object({
  selectors: selectorsField('Data planes that send traces: those with these tags.'),
  conf: optional(
    z.object({
      backend: optional(z.string(), 'Name of a backend in `tracing.backends` of the Mesh.', {
        default: '`tracing.defaultBackend` of the Mesh',
      }),
    }),
    'Where traces go.',
  ),
})

export type TrafficTraceSpec = z.infer<typeof trafficTraceSchema>

export const trafficTrace = defineLegacyPolicy<TrafficTraceSpec>({
  type: 'TrafficTrace',
  doc:
    'A TrafficTrace makes the data planes that it selects send traces of their calls to a tracing backend. ' +
    'MeshTrace is its successor.',
  schema: trafficTraceSchema,
  notEnforced: { message: 'no traces are sent', refusesTraffic: false },
  check: ({ selectors }) => selectorsViolations(selectors, 'selectors'),
})
