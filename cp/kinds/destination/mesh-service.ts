/** MeshService: a destination inside the mesh, with its own ports and names (kuma-api 4.13). Stored, not enforced yet. */
import { z } from 'zod'
import { itemAt } from '../field-path.ts'
import { PROTOCOLS, tagsSchema, violation } from '../fields.ts'
import { defineKind } from '../kind.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { intOrString } from '../values.ts'
import { isProtocol, MAX_SERVICE_NAME, nameWarnings, portListViolations, snisOf } from './service-name.ts'

const selectorSchema = z.object({
  dataplaneTags: optional(tagsSchema, 'Data planes with an inbound that has all of these tags.'),
  dataplaneRef: optional(
    z.object({ name: optional(z.string(), 'Name of the Dataplane.') }),
    'One data plane.',
  ),
  dataplaneLabels: optional(
    z.object({ matchLabels: optional(tagsSchema, 'Labels of the Dataplane and their values.') }),
    'Data planes that have all of these labels.',
  ),
})

const portSchema = z.object({
  port: required(z.int(), 'Port that clients call.', { rule: '1 to 65535, each once' }),
  targetPort: optional(intOrString, 'Port of the inbound that serves it, or the name of the inbound.', {
    default: 'the port',
    typeText: 'number or text',
  }),
  appProtocol: filled(z.string().default('tcp'), 'Protocol of the application.', {
    default: 'tcp',
    rule: PROTOCOLS.join(', '),
  }),
  name: optional(z.string(), 'Name of the port, for `sectionName` of policies and routes.', {
    default: 'the port number',
    rule: 'each once',
  }),
})

export const meshServiceSchema = z.object({
  state: filled(
    z.enum(['Available', 'Unavailable']).default('Unavailable'),
    'Whether an endpoint is healthy. Written by the control plane.',
    { default: 'Unavailable' },
  ),
  selector: filled(selectorSchema.default({}), 'The data planes that serve it.', {
    default: 'none',
    rule: 'at most one of its fields',
  }),
  ports: optional(z.array(portSchema), 'Its ports.', { default: 'none' }),
  identities: optional(
    z.array(
      z.object({
        type: required(z.enum(['ServiceTag', 'SpiffeID']), 'What the value is.'),
        value: required(z.string(), 'Value of the tag kuma.io/service, or a SPIFFE id.'),
      }),
    ),
    'Who the servers prove to be. Written by the control plane.',
  ),
})

export type MeshServiceSpec = z.infer<typeof meshServiceSchema>

export const meshService = defineKind<MeshServiceSpec>({
  type: 'MeshService',
  path: 'meshservices',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'msvc',
  maxNameLength: MAX_SERVICE_NAME,
  doc:
    'A MeshService is a destination inside the mesh: the data planes that it selects serve its ports, whatever ' +
    'their tags are called.',
  schema: meshServiceSchema,
  check({ selector, ports = [] }) {
    const selectors = [selector.dataplaneTags, selector.dataplaneRef, selector.dataplaneLabels]
    const isAmbiguous = selectors.filter(one => one !== undefined).length > 1
    const message = 'must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels'
    return [...portListViolations(ports, 'ports'), ...(isAmbiguous ? [violation('selector', message)] : [])]
  },
  warnings({ ports = [] }, { name }) {
    const unknown = ports.flatMap(({ appProtocol }, i) =>
      isProtocol(appProtocol)
        ? []
        : [
            `${itemAt('spec.ports', i)}.appProtocol ${JSON.stringify(appProtocol)} is none of ` +
              `${PROTOCOLS.join(', ')}: it counts as tcp`,
          ],
    )
    return [...nameWarnings('MeshService', name), ...unknown]
  },
  computed: resource => snisOf('msvc', resource, resource.spec.ports ?? []),
  notEnforced: {
    message:
      'outbounds and routes find services by the tag kuma.io/service of Dataplanes; a MeshService gets no address and no host name',
    refusesTraffic: false,
  },
  emptyStatus: { tls: {}, dataplaneProxies: {} },
})
