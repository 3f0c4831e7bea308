/** ServiceInsight: state of one service of a mesh (kuma-api 4.6). Computed when it is asked for; read only. */
import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { optional } from '../schema/doc.ts'

const COUNT = { default: '0' }

export const serviceInsightSchema = z.object({
  status: optional(
    z.enum(['online', 'partially_degraded', 'offline', 'not_available']),
    'online: all instances are; partially_degraded: some; offline: none; not_available: nobody knows (external).',
  ),
  dataplanes: optional(
    z.object({
      total: optional(z.int(), 'Data planes that offer it.', COUNT),
      online: optional(z.int(), 'Those that are connected and ready.', COUNT),
      offline: optional(z.int(), 'The others.', COUNT),
    }),
    'Its data planes.',
  ),
  issuedBackends: optional(
    z.record(z.string(), z.int()),
    'Its data planes by the backend of their certificate.',
  ),
  serviceType: optional(
    z.enum(['internal', 'external', 'gateway_delegated', 'gateway_builtin']),
    'What it is.',
    {
      default: 'internal',
      zero: 'internal',
    },
  ),
  addressPort: optional(
    z.string(),
    'Name and port for transparent proxies; the address of an external service.',
  ),
  zones: optional(z.array(z.string()), 'Zones of its data planes.'),
})

export type ServiceInsightSpec = z.infer<typeof serviceInsightSchema>

export const serviceInsight = defineKind<ServiceInsightSpec>({
  type: 'ServiceInsight',
  path: 'service-insights',
  singular: 'service-insight',
  scope: 'Mesh',
  encoding: 'flat',
  readOnly: true,
  computedLabels: 'none',
  doc: 'A ServiceInsight tells how a service does. It is read only.',
  schema: serviceInsightSchema,
})
