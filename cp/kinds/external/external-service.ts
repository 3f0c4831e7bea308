/**
 * ExternalService: a service outside of the mesh, with its address and how to reach it over TLS (kuma-api 4.9). Flat,
 * mesh. MeshExternalService is its successor.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { didYouMean } from '#base/text/nearest.ts'
import { dataSourceSchema, dataSourceViolations } from '../data-source.ts'
import { keyAt } from '../field-path.ts'
import {
  isDnsName,
  PROTOCOL_TAG,
  PROTOCOLS,
  portViolations,
  tagsSchema,
  tagViolations,
  violation,
} from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { SERVICE_TAG } from '../legacy/selectors.ts'
import { optional, text } from '../schema/doc.ts'

const tlsSchema = z.object({
  enabled: optional(z.boolean(), 'The service is called over TLS.', { default: 'false' }),
  caCert: optional(dataSourceSchema, 'CA certificate that the certificate of the service has to come from.', {
    default: 'the CAs of the machine',
  }),
  clientCert: optional(dataSourceSchema, 'Certificate that is shown to the service.', {
    default: 'none',
    rule: 'together with clientKey',
  }),
  clientKey: optional(dataSourceSchema, 'Private key of clientCert.', { rule: 'together with clientCert' }),
  allowRenegotiation: optional(z.boolean(), 'The service may negotiate TLS again on a live connection.', {
    default: 'false',
    keepsZero: true,
  }),
  serverName: optional(z.string(), 'Name that is asked for (SNI) and that the certificate has to have.', {
    default: 'the host of networking.address',
    rule: 'not empty',
    keepsZero: true,
  }),
  skipHostnameVerification: optional(z.boolean(), 'The certificate may have any name.', {
    default: 'false',
    keepsZero: true,
  }),
})

const externalServiceSchema = z.object({
  networking: optional(
    z.object({
      address: text('Where the service is.', { rule: 'HOST:PORT, the host an IP address or a DNS name' }),
      tls: optional(tlsSchema, 'TLS to the service.', { default: 'plain text' }),
      disableHostDNSEntry: optional(
        z.boolean(),
        'No DNS name of the mesh is made from the host of `address`; its `kuma.io/service` keeps its name.',
        { default: 'false' },
      ),
    }),
    'How the service is reached.',
    { rule: 'must be there' },
  ),
  tags: optional(tagsSchema, 'Tags of the service; `kuma.io/zone` lets only that zone call it.', {
    rule: `with ${SERVICE_TAG}; ${PROTOCOL_TAG} is one of ${PROTOCOLS.join(', ')}`,
  }),
})

export type ExternalServiceSpec = z.infer<typeof externalServiceSchema>
type Tls = z.infer<typeof tlsSchema>

export const externalService = defineKind<ExternalServiceSpec>({
  type: 'ExternalService',
  path: 'external-services',
  singular: 'external-service',
  scope: 'Mesh',
  encoding: 'flat',
  computedLabels: 'mesh',
  doc:
    'An ExternalService is a service outside of the mesh that its members call by a `kuma.io/service` tag like any ' +
    'other. MeshExternalService is its successor.',
  schema: externalServiceSchema,
  notEnforced: {
    message:
      'data planes do not route to it; applications reach the service by its own address, past the mesh',
    refusesTraffic: false,
  },
  check: ({ networking, tags = {} }) => [
    ...(networking === undefined
      ? [violation('networking', 'should have networking')]
      : [
          ...addressViolations(networking.address, 'networking.address'),
          ...tlsViolations(networking.tls, 'networking.tls'),
        ]),
    ...protocolViolations(tags[PROTOCOL_TAG], keyAt('tags', PROTOCOL_TAG)),
    ...tagViolations(tags, 'tags'),
    ...(Object.hasOwn(tags, SERVICE_TAG)
      ? []
      : [violation('tags', `mandatory tag "${SERVICE_TAG}" is missing`)]),
  ],
})

/** Each step of reading an address is said on its own, as Kuma does: `x` has four faults. */
function addressViolations(address: string, field: string): Violation[] {
  if (address === '') return [violation(field, "address can't be empty")]
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(address)
  const host = parts?.[1] ?? parts?.[2] ?? ''
  const port = parts?.[3] ?? ''
  const isNumber = /^\d{1,9}$/.test(port)
  return [
    ...(parts === null ? [violation(field, 'unable to parse address')] : []),
    ...(isIP(host) !== 0 || isDnsName(host)
      ? []
      : [violation(field, 'address has to be a valid IP address or a domain name')]),
    ...(isNumber ? [] : [violation(field, 'unable to parse port in address')]),
    ...portViolations(isNumber ? Number(port) : 0, field),
  ]
}

function tlsViolations(tls: Tls | undefined, path: string): Violation[] {
  if (tls === undefined) return []
  const { caCert, clientCert, clientKey, serverName } = tls
  return [
    ...(serverName === '' ? [violation(`${path}.serverName`, 'cannot be empty')] : []),
    ...dataSourceViolations(caCert, `${path}.caCert`),
    ...dataSourceViolations(clientCert, `${path}.clientCert`),
    ...dataSourceViolations(clientKey, `${path}.clientKey`),
  ]
}

function protocolViolations(protocol: string | undefined, field: string): Violation[] {
  if (protocol === undefined || PROTOCOLS.some(known => known === protocol)) return []
  const message = `tag "${PROTOCOL_TAG}" has an invalid value ${JSON.stringify(protocol)}. Allowed values: ${PROTOCOLS.join(', ')}${didYouMean(protocol, PROTOCOLS)}`
  return [violation(field, message)]
}
