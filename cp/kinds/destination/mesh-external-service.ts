/** MeshExternalService: a destination outside the mesh (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { isHost, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { externalTlsSchema, externalTlsViolations } from './external-tls.ts'
import { MAX_SERVICE_NAME, nameWarnings, snisOf } from './service-name.ts'

const port = z.int().min(1).max(65_535)

const endpointSchema = z.object({
  address: required(z.string().min(1), 'Where the service is.', { rule: 'IP address or DNS name' }),
  port: required(port, 'Its port.', { rule: '1 to 65535' }),
  priority: optional(
    z.int().min(0).max(128),
    'Endpoints of a higher number are called when all of a lower are unhealthy.',
    {
      default: '0',
      rule: '0 to 128',
    },
  ),
})

export const meshExternalServiceSchema = z.object({
  match: required(
    z.object({
      type: filled(z.enum(['HostnameGenerator']).default('HostnameGenerator'), 'How clients name it.', {
        default: 'HostnameGenerator',
      }),
      port: required(port, 'Port that clients call.', { rule: '1 to 65535' }),
      protocol: filled(
        z.enum(['tcp', 'grpc', 'http', 'http2']).default('tcp'),
        'Protocol that clients speak.',
        { default: 'tcp' },
      ),
    }),
    'Which calls go there.',
  ),
  extension: optional(
    z.object({
      type: required(z.string(), 'Type of the extension.', { rule: 'not empty' }),
      config: optional(z.unknown(), 'Its settings.'),
    }),
    'An extension that finds the endpoints itself.',
    { rule: 'endpoints and tls are not checked then' },
  ),
  endpoints: optional(z.array(endpointSchema), 'The servers.'),
  tls: optional(externalTlsSchema, 'TLS to the endpoints.', { default: 'off' }),
})

export type MeshExternalServiceSpec = z.infer<typeof meshExternalServiceSchema>

export const meshExternalService = defineKind<MeshExternalServiceSpec>({
  type: 'MeshExternalService',
  path: 'meshexternalservices',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'extsvc',
  maxNameLength: MAX_SERVICE_NAME,
  doc: 'A MeshExternalService is a destination outside the mesh that members call by a name of the mesh, with policies and TLS.',
  schema: meshExternalServiceSchema,
  check({ extension, endpoints = [], tls }) {
    if (extension !== undefined) {
      return extension.type === '' ? [violation('extension.type', 'must not be empty')] : []
    }
    return [
      ...endpoints.flatMap(({ address }, i): Violation[] => {
        const field = fieldAt(itemAt('endpoints', i), 'address')
        return isHost(address) ? [] : [violation(field, 'address has to be a valid IP or hostname')]
      }),
      ...(tls === undefined ? [] : externalTlsViolations(tls, 'tls')),
    ]
  },
  warnings: (_, { name }) => nameWarnings('MeshExternalService', name),
  computed: resource => snisOf('extsvc', resource, [{ port: resource.spec.match.port }]),
  notEnforced: {
    message:
      'no outbound leads to it, and it gets no address and no host name; applications call the server themselves',
    refusesTraffic: false,
  },
  emptyStatus: { vip: {} },
})
