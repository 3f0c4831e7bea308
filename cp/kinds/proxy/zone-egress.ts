/** ZoneEgress: the proxy through which calls leave the zone (kuma-api 4.7). Flat, global. */
import { z } from 'zod'
import { addressViolations, portViolations } from '../fields.ts'
import { defineKind } from '../kind.ts'
import { number, optional } from '../schema/doc.ts'
import { adminSchema, adminViolations } from './zone-proxy-admin.ts'

const zoneEgressSchema = z.object({
  zone: optional(z.string(), 'Zone of the egress.', { default: 'the zone of this control plane' }),
  networking: optional(
    z.object({
      address: optional(z.string(), 'Address on which it listens.', { rule: 'an IP address or a DNS name' }),
      port: number('Port on which it listens.', { rule: '1 to 65535' }),
      admin: adminSchema,
    }),
    'Addresses and ports.',
  ),
})

export type ZoneEgressSpec = z.infer<typeof zoneEgressSchema>

export const zoneEgress = defineKind<ZoneEgressSpec>({
  type: 'ZoneEgress',
  path: 'zoneegresses',
  plural: 'zoneegresses',
  scope: 'Global',
  encoding: 'flat',
  shortName: 'ze',
  doc: 'A ZoneEgress is the proxy through which calls to other zones and external services leave this one.',
  schema: zoneEgressSchema,
  notEnforced: { message: 'calls leave the zone without passing it', refusesTraffic: false },
  check({ networking }) {
    const { address = '', port = 0 } = networking ?? {}
    return [
      ...(address === '' ? [] : addressViolations(address, 'networking.address')),
      ...portViolations(port, 'networking.port'),
      ...adminViolations(networking?.admin?.port, port),
    ]
  },
})
