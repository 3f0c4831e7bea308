/** MeshZoneAddress: where other zones reach this one (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { isHost, violation } from '../fields.ts'
import { defineKind } from '../kind.ts'
import { required } from '../schema/doc.ts'

export const meshZoneAddressSchema = z.object({
  address: required(z.string().min(1), 'Address of the zone ingress, as other zones call it.', {
    rule: 'IP address or DNS name, not 0.0.0.0 or ::',
  }),
  port: required(z.int().min(1).max(65_535), 'Its port.', { rule: '1 to 65535' }),
})

export const meshZoneAddress = defineKind<z.infer<typeof meshZoneAddressSchema>>({
  type: 'MeshZoneAddress',
  path: 'meshzoneaddresses',
  plural: 'meshzoneaddresses',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mza',
  doc: 'A MeshZoneAddress is the public address and port of the zone ingress of a mesh.',
  schema: meshZoneAddressSchema,
  check({ address }) {
    if (address === '0.0.0.0' || address === '::') return [violation('address', 'must not be 0.0.0.0 or ::')]
    return isHost(address) ? [] : [violation('address', 'must be a valid IP address or domain name')]
  },
  notEnforced: {
    message: 'this control plane works alone: no other zone is told of it',
    refusesTraffic: false,
  },
})
