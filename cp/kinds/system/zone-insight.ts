/** ZoneInsight: what a global control plane knows of a zone's (kuma-api 4.6). Never written by one that works alone. */
import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { subscriptionsField, TIME } from '../proxy/subscription.ts'
import { optional } from '../schema/doc.ts'

const zoneInsightSchema = z.object({
  subscriptions: subscriptionsField,
  healthCheck: optional(
    z.object({ time: optional(z.string(), 'When the zone last showed that it lives.', TIME) }),
    'Life signs of the zone.',
  ),
})

export const zoneInsight = defineKind<z.infer<typeof zoneInsightSchema>>({
  type: 'ZoneInsight',
  path: 'zone-insights',
  singular: 'zone-insight',
  scope: 'Global',
  encoding: 'flat',
  readOnly: true,
  computedLabels: 'none',
  doc: 'A ZoneInsight tells what is known of the control plane of a zone. It is read only.',
  schema: zoneInsightSchema,
})
