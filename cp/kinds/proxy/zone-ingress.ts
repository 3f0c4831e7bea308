/** ZoneIngress: the proxy through which calls of other zones come in (kuma-api 4.7). Flat, global. */
import { z } from 'zod'
import { addressViolations, portViolations, tagsSchema, violation } from '../fields.ts'
import { defineKind } from '../kind.ts'
import { number, optional } from '../schema/doc.ts'
import { adminSchema, adminViolations } from './zone-proxy-admin.ts'

const PORT_RULE = { rule: '1 to 65535' }

const serviceSchema = z.object({
  tags: optional(tagsSchema, 'Tags of the instances.'),
  instances: optional(z.int(), 'How many instances have these tags.', { default: '0' }),
  mesh: optional(z.string(), 'Mesh of the service.'),
  externalService: optional(z.boolean(), 'Whether it is an external service.', { default: 'false' }),
})

const zoneIngressSchema = z.object({
  zone: optional(z.string(), 'Zone of the ingress.', { default: 'the zone of this control plane' }),
  networking: optional(
    z.object({
      address: optional(z.string(), 'Address on which it listens.', { rule: 'an IP address or a DNS name' }),
      advertisedAddress: optional(z.string(), 'Address that other zones use, where it differs.', {
        rule: 'only with advertisedPort',
      }),
      port: number('Port on which it listens.', PORT_RULE),
      advertisedPort: optional(z.int(), 'Port that other zones use, where it differs.', {
        rule: 'only with advertisedAddress',
      }),
      admin: adminSchema,
    }),
    'Addresses and ports.',
  ),
  availableServices: optional(z.array(serviceSchema), 'Services behind it.'),
})

export type ZoneIngressSpec = z.infer<typeof zoneIngressSchema>

export const zoneIngress = defineKind<ZoneIngressSpec>({
  type: 'ZoneIngress',
  path: 'zoneingresses',
  aliases: ['zone-ingresses'],
  singular: 'zoneingress',
  plural: 'zoneingresses',
  scope: 'Global',
  encoding: 'flat',
  shortName: 'zi',
  doc: 'A ZoneIngress is the proxy through which calls of other zones reach the services of this one.',
  schema: zoneIngressSchema,
  notEnforced: {
    message: 'this control plane works alone: no calls come from other zones',
    refusesTraffic: false,
  },
  check({ networking }) {
    const { address = '', advertisedAddress = '', advertisedPort = 0, port = 0 } = networking ?? {}
    return [
      ...(advertisedAddress !== '' && advertisedPort === 0
        ? [violation('networking.advertisedAddress', 'has to be defined with advertisedPort')]
        : []),
      ...(advertisedAddress === '' && advertisedPort !== 0
        ? [violation('networking.advertisedPort', 'has to be defined with advertisedAddress')]
        : []),
      ...(address === '' ? [] : addressViolations(address, 'networking.address')),
      ...(advertisedAddress === ''
        ? []
        : addressViolations(advertisedAddress, 'networking.advertisedAddress')),
      ...portViolations(port, 'networking.port'),
      ...(advertisedPort === 0 ? [] : portViolations(advertisedPort, 'networking.advertisedPort')),
      ...adminViolations(networking?.admin?.port, port),
    ]
  },
})
