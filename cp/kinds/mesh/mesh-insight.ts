/** MeshInsight: numbers of a mesh (kuma-api 4.6). Computed when it is asked for; read only. */
import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { optional } from '../schema/doc.ts'

const COUNT = { default: '0' }

const countersSchema = z.object({
  total: optional(z.int(), 'How many.', COUNT),
  online: optional(z.int(), 'Connected, with all inbounds ready.', COUNT),
  offline: optional(z.int(), 'Not connected.', COUNT),
  partiallyDegraded: optional(z.int(), 'Connected, with some inbounds not ready.', COUNT),
})

const byName = (description: string) => optional(z.record(z.string(), countersSchema), description)
const totals = (description: string) =>
  optional(z.record(z.string(), z.object({ total: optional(z.int(), 'How many.', COUNT) })), description)

export const meshInsightSchema = z.object({
  dataplanes: optional(countersSchema, 'All data planes.'),
  policies: totals('Policies by type.'),
  dpVersions: optional(
    z.object({
      kumaDp: byName('Data planes by version of the daemon; `unknown`: never connected.'),
      envoy: byName('Data planes by version of the proxy.'),
    }),
    'Versions.',
  ),
  mTLS: optional(
    z.object({
      issuedBackends: byName('Data planes by the backend that issued their certificate.'),
      supportedBackends: byName('Data planes by the backends whose certificates they accept.'),
    }),
    'Certificates.',
  ),
  services: optional(
    z.object({
      total: optional(z.int(), 'All services.', COUNT),
      internal: optional(z.int(), 'Services of data planes, gateways among them.', COUNT),
      external: optional(z.int(), 'ExternalServices.', COUNT),
    }),
    'Services.',
  ),
  dataplanesByType: optional(
    z.object({
      standard: optional(countersSchema, 'Data planes with inbounds.'),
      gateway: optional(countersSchema, 'Gateways of both types.'),
      gatewayBuiltin: optional(countersSchema, 'Builtin gateways.'),
      gatewayDelegated: optional(countersSchema, 'Delegated gateways.'),
    }),
    'Data planes by type.',
  ),
  resources: totals('Resources of the mesh by type.'),
})

export type MeshInsightSpec = z.infer<typeof meshInsightSchema>

export const meshInsight = defineKind<MeshInsightSpec>({
  type: 'MeshInsight',
  path: 'mesh-insights',
  singular: 'mesh-insight',
  scope: 'Global',
  encoding: 'flat',
  readOnly: true,
  computedLabels: 'none',
  doc: 'A MeshInsight counts what is in the mesh of the same name. It is read only.',
  schema: meshInsightSchema,
})
