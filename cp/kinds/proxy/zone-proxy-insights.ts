/** ZoneIngressInsight and ZoneEgressInsight: sessions of zone proxies (kuma-api 4.6). Read only. */
import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { subscriptionsField } from './subscription.ts'

const schema = z.object({ subscriptions: subscriptionsField })
type Spec = z.infer<typeof schema>

const shared = {
  scope: 'Global',
  encoding: 'flat',
  readOnly: true,
  computedLabels: 'none',
  schema,
} as const

export const zoneIngressInsight = defineKind<Spec>({
  ...shared,
  type: 'ZoneIngressInsight',
  path: 'zone-ingress-insights',
  singular: 'zone-ingress-insight',
  doc: 'A ZoneIngressInsight tells what is known of the proxy of a ZoneIngress. It is read only.',
})

export const zoneEgressInsight = defineKind<Spec>({
  ...shared,
  type: 'ZoneEgressInsight',
  path: 'zoneegressinsights',
  singular: 'zoneegressinsight',
  doc: 'A ZoneEgressInsight tells what is known of the proxy of a ZoneEgress. It is read only.',
})
