/** MeshMultiZoneService: equal MeshServices of several zones as one destination (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { PROTOCOLS, tagsSchema, violation } from '../fields.ts'
import { defineKind } from '../kind.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { isProtocol, MAX_SERVICE_NAME, nameWarnings, portListViolations, snisOf } from './service-name.ts'

const portSchema = z.object({
  port: required(z.int(), 'Port that clients call.', { rule: '1 to 65535, each once' }),
  name: optional(z.string(), 'Name of the port, for `sectionName` of policies and routes.', {
    default: 'the port number',
    rule: 'not empty, each once',
  }),
  appProtocol: filled(z.string().default('tcp'), 'Protocol of the application.', {
    default: 'tcp',
    rule: PROTOCOLS.join(', '),
  }),
})

export const meshMultiZoneServiceSchema = z.object({
  selector: required(
    z.object({
      meshService: required(
        z.object({
          matchLabels: required(tagsSchema, 'Labels of the MeshService and their values.', {
            rule: 'not empty',
          }),
        }),
        'MeshServices that have all of these labels, in any zone.',
      ),
    }),
    'The MeshServices that serve it.',
  ),
  ports: optional(z.array(portSchema).min(1), 'Its ports.', { rule: 'at least one' }),
})

export type MeshMultiZoneServiceSpec = z.infer<typeof meshMultiZoneServiceSchema>

export const meshMultiZoneService = defineKind<MeshMultiZoneServiceSpec>({
  type: 'MeshMultiZoneService',
  path: 'meshmultizoneservices',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mzsvc',
  maxNameLength: MAX_SERVICE_NAME,
  computedLabels: 'mesh',
  doc: 'A MeshMultiZoneService is one destination for the MeshServices of several zones that have the same labels.',
  schema: meshMultiZoneServiceSchema,
  check({ selector, ports = [] }) {
    const isEmpty = Object.keys(selector.meshService.matchLabels).length === 0
    return [
      ...(isEmpty ? [violation('selector.meshService.matchLabels', 'cannot be empty')] : []),
      ...(ports.length === 0 ? [violation('ports', 'cannot be empty')] : []),
      ...portListViolations(ports, 'ports'),
      ...ports.flatMap(({ appProtocol }, i) =>
        isProtocol(appProtocol)
          ? []
          : [
              violation(
                fieldAt(itemAt('ports', i), 'appProtocol'),
                `must be one of [${PROTOCOLS.join(', ')}]`,
              ),
            ],
      ),
    ]
  },
  warnings: (_, { name }) => nameWarnings('MeshMultiZoneService', name),
  computed: resource => snisOf('mzsvc', resource, resource.spec.ports ?? []),
  notEnforced: {
    message:
      'MeshServices are not gathered; outbounds find services by the tag kuma.io/service, and it gets no address and no host name',
    refusesTraffic: false,
  },
  emptyStatus: {},
})
