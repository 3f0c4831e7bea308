/**
 * MeshGateway: on which ports, under which names and certificates builtin gateways take calls from outside (kuma-api
 * 4.9). Flat, mesh.
 */
import { z } from 'zod'
import { dataSourceSchema, dataSourceViolations } from '../data-source.ts'
import { fieldAt, itemAt, keyAt } from '../field-path.ts'
import {
  PROTOCOL_TAG,
  portViolations,
  selectorViolations,
  sortedKeys,
  tagsSchema,
  violation,
  ZONE_TAG,
} from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { SERVICE_TAG, selectorsField, selectorsViolations } from '../legacy/selectors.ts'
import { number, optional } from '../schema/doc.ts'
import { uint32 } from '../values.ts'

/** Tags that say what a data plane is; a gateway has them from its Dataplane. */
const DATAPLANE_TAGS = ['kuma.io/external-service-name', PROTOCOL_TAG, SERVICE_TAG, ZONE_TAG]
const TAGS_RULE = `none of ${DATAPLANE_TAGS.join(', ')}`

const tlsSchema = z.object({
  mode: optional(
    z.enum(['NONE', 'TERMINATE', 'PASSTHROUGH']),
    'TERMINATE: the gateway ends TLS with its certificates. PASSTHROUGH: the TLS connection goes on to the service.',
    { rule: 'not NONE', zero: 'NONE', protoEnum: 'kuma.mesh.v1alpha1.MeshGateway.TLS.Mode' },
  ),
  certificates: optional(
    z.array(dataSourceSchema),
    'Certificate chains with their private keys, PEM, the server certificate first: one with an RSA and one with an ' +
      'ECDSA key at most.',
    { rule: '1 or 2 in mode TERMINATE' },
  ),
  options: optional(z.object({}), 'Reserved.'),
})

const listenerSchema = z.object({
  hostname: optional(z.string(), 'Name that is asked for; may begin with `*.`.', { default: '*' }),
  port: number('Port that is listened on.', { rule: '1 to 65535' }),
  protocol: optional(z.enum(['NONE', 'TCP', 'UDP', 'TLS', 'HTTP', 'HTTPS']), 'What clients speak.', {
    rule: 'not NONE and UDP; the same for all listeners of a port',
    zero: 'NONE',
    protoEnum: 'kuma.mesh.v1alpha1.MeshGateway.Listener.Protocol',
  }),
  tls: optional(tlsSchema, 'TLS of the listener.', { rule: 'must be there for HTTPS; empty with crossMesh' }),
  tags: optional(tagsSchema, 'Tags of the listener, besides those of the gateway, for MeshGatewayRoutes.', {
    rule: TAGS_RULE,
  }),
  crossMesh: optional(z.boolean(), 'Only members of other meshes may call.', {
    default: 'false',
    rule: 'not for HTTPS',
  }),
  resources: optional(
    z.object({
      connectionLimit: optional(uint32, 'How many connections are open at most.', {
        default: 'no limit',
        rule: 'the same for all listeners of a port',
      }),
    }),
    'Limits of the listener.',
  ),
})

const meshGatewaySchema = z.object({
  selectors: selectorsField('Builtin gateways: Dataplanes whose gateway has these tags.'),
  tags: optional(tagsSchema, 'Tags of all listeners, for MeshGatewayRoutes.', { rule: TAGS_RULE }),
  conf: optional(
    z.object({
      listeners: optional(z.array(listenerSchema), 'Ports and names.', {
        rule: 'at least one; each name once a port',
      }),
    }),
    'What the gateways listen on.',
    { rule: 'must be there' },
  ),
})

export type MeshGatewaySpec = z.infer<typeof meshGatewaySchema>
type Listener = z.infer<typeof listenerSchema>
type Tls = z.infer<typeof tlsSchema>

export const meshGateway = defineKind<MeshGatewaySpec>({
  type: 'MeshGateway',
  path: 'meshgateways',
  scope: 'Mesh',
  encoding: 'flat',
  shortName: 'mgw',
  doc:
    'A MeshGateway says on which ports and for which host names builtin gateways take calls from outside of the mesh; ' +
    'MeshGatewayRoute, MeshHTTPRoute and MeshTCPRoute say where the calls go.',
  schema: meshGatewaySchema,
  notEnforced: {
    message: 'no port is opened for it; a Dataplane with a builtin gateway takes no calls',
    refusesTraffic: false,
  },
  check({ selectors = [], tags, conf }) {
    const listeners = conf?.listeners ?? []
    const isCrossMesh = listeners.some(listener => listener.crossMesh === true)
    return [
      ...selectorsViolations(selectors, 'selectors', { needsService: true }),
      ...(isCrossMesh
        ? selectors
            .slice(1)
            .map((_, i) => violation(itemAt('selectors', i + 1), 'there can be at most one selector'))
        : []),
      ...ownTagViolations(tags, 'tags'),
      ...(conf === undefined
        ? [violation('conf', 'cannot be empty')]
        : listenersViolations(listeners, 'conf.listeners')),
    ]
  },
})

function ownTagViolations(tags: Listener['tags'], path: string): Violation[] {
  if (tags === undefined || Object.keys(tags).length === 0) return []
  const taken = sortedKeys(tags).filter(tag => DATAPLANE_TAGS.includes(tag))
  return [
    ...taken.map(tag => violation(keyAt(path, tag), `tag name must not be ${JSON.stringify(tag)}`)),
    ...selectorViolations(tags, path),
  ]
}

function listenersViolations(listeners: readonly Listener[], path: string): Violation[] {
  if (listeners.length === 0) return [violation(path, 'cannot be empty')]
  const ports = Map.groupBy(listeners, listener => listener.port)
  const portUses = new Map([...ports].map(([port, onPort]) => [port, usesOf(onPort)]))
  return [
    ...listeners.flatMap((listener, i) => listenerViolations(listener, itemAt(path, i))),
    ...listeners.flatMap((listener, i) => {
      const uses = portUses.get(listener.port)
      return uses === undefined ? [] : conflictViolations(listener, uses, itemAt(path, i))
    }),
  ]
}

function listenerViolations(listener: Listener, path: string): Violation[] {
  const { hostname = '', port, tls, tags, crossMesh = false } = listener
  return [
    ...hostnameViolations(hostname, fieldAt(path, 'hostname')),
    ...portViolations(port, fieldAt(path, 'port')),
    ...protocolViolations(listener, path),
    ...(tls === undefined ? [] : tlsViolations(tls, crossMesh, fieldAt(path, 'tls'))),
    ...ownTagViolations(tags, fieldAt(path, 'tags')),
  ]
}

function protocolViolations(
  { protocol = 'NONE', tls, crossMesh = false }: Listener,
  path: string,
): Violation[] {
  const field = fieldAt(path, 'protocol')
  if (protocol === 'NONE') return [violation(field, 'cannot be empty')]
  if (protocol === 'UDP') return [violation(field, 'protocol type is not supported')]
  if (protocol !== 'HTTPS') return []
  if (crossMesh) return [violation(field, 'protocol is not supported with crossMesh')]
  if (tls === undefined) return [violation(fieldAt(path, 'tls'), 'cannot be empty')]
  return tls.mode === 'PASSTHROUGH'
    ? [violation(fieldAt(path, 'tls.mode'), 'mode is not supported on HTTPS listeners')]
    : []
}

function tlsViolations(
  { mode = 'NONE', certificates = [] }: Tls,
  isCrossMesh: boolean,
  path: string,
): Violation[] {
  if (isCrossMesh) {
    return mode === 'NONE' && certificates.length === 0
      ? []
      : [violation(path, 'must be empty with crossMesh')]
  }
  if (mode === 'NONE') return [violation(fieldAt(path, 'mode'), 'cannot be empty')]
  const field = fieldAt(path, 'certificates')
  const sources = certificates.flatMap((source, i) => dataSourceViolations(source, itemAt(field, i)))
  if (mode === 'PASSTHROUGH') return sources
  if (certificates.length === 0) return [violation(field, 'cannot be empty in TLS termination mode')]
  return certificates.length > 2
    ? [violation(field, 'cannot have more than 2 certificates'), ...sources]
    : sources
}

/** What the listeners of a port say. */
interface PortUses {
  readonly protocols: ReadonlySet<string | undefined>
  readonly limits: ReadonlySet<number>
  /** How many listeners each name has. */
  readonly names: ReadonlyMap<string, number>
}

function usesOf(listeners: readonly Listener[]): PortUses {
  const names = new Map<string, number>()
  for (const { hostname } of listeners) names.set(hostname || '*', (names.get(hostname || '*') ?? 0) + 1)
  return {
    protocols: new Set(listeners.map(listener => listener.protocol)),
    limits: new Set(listeners.map(limitOf).filter(limit => limit !== 0)),
    names,
  }
}

function limitOf({ resources }: Listener): number {
  return resources?.connectionLimit ?? 0
}

/** A port has one protocol, one listener for each name, one limit. */
function conflictViolations(listener: Listener, uses: PortUses, path: string): Violation[] {
  return [
    ...(uses.protocols.size > 1
      ? [violation(path, 'protocol conflicts with other listeners on this port')]
      : []),
    ...((uses.names.get(listener.hostname || '*') ?? 0) > 1
      ? [violation(path, 'multiple listeners for hostname on this port')]
      : []),
    ...(limitOf(listener) !== 0 && uses.limits.size > 1
      ? [violation(fieldAt(path, 'resources.connectionLimit'), 'conflicting values for this port')]
      : []),
  ]
}

/** `*`, `*.DOMAIN` or a domain, in lower case. */
function hostnameViolations(hostname: string, field: string): Violation[] {
  if (hostname === '' || hostname === '*') return []
  if (hostname.length > 253) return [violation(field, 'must be at most 253 characters')]
  const isWildcard = hostname.startsWith('*.')
  const domain = isWildcard ? hostname.slice(2) : hostname
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(domain)) return []
  return [violation(field, isWildcard ? 'invalid wildcard domain' : 'invalid hostname')]
}
