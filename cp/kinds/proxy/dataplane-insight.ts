/** DataplaneInsight: what the control plane knows of a data plane (kuma-api 4.6). It writes them; nobody else does. */
import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { subscriptionsField, TIME } from './subscription.ts'

export const dataplaneInsightSchema = z.object({
  subscriptions: subscriptionsField,
  mTLS: optional(
    z.object({
      certificateExpirationTime: optional(z.string(), 'When the certificate ends.', TIME),
      lastCertificateRegeneration: optional(z.string(), 'When it was issued.', TIME),
      certificateRegenerations: optional(z.int(), 'How many were issued.', { default: '0' }),
      issuedBackend: optional(z.string(), 'Backend that issued it.'),
      supportedBackends: optional(z.array(z.string()), 'Backends whose certificates the data plane accepts.'),
    }),
    'The certificate of the data plane.',
  ),
  metadata: optional(z.record(z.string(), z.unknown()), 'What the data plane says about itself.', {
    isStruct: true,
  }),
  openTelemetry: optional(z.unknown(), 'State of its OpenTelemetry backends.'),
})

export type DataplaneInsightSpec = z.infer<typeof dataplaneInsightSchema>

export const dataplaneInsight = defineKind<DataplaneInsightSpec>({
  type: 'DataplaneInsight',
  path: 'dataplane-insights',
  singular: 'dataplane-insight',
  scope: 'Mesh',
  encoding: 'flat',
  readOnly: true,
  computedLabels: 'none',
  doc: 'A DataplaneInsight tells what the control plane knows of the data plane of the same name. It is read only.',
  schema: dataplaneInsightSchema,
})
