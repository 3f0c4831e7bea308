/**
 * What a Dataplane has to fulfil beyond its shape, in Kuma's order and words (kuma-api 4.5): networking, address,
 * gateway, inbounds, outbounds, listeners, admin, metrics, probes.
 */
import { didYouMean } from '#base/text/nearest.ts'
import { fieldAt, itemAt, keyAt } from '../field-path.ts'
import {
  addressViolations,
  canonicalAddress,
  ipViolations,
  PROTOCOL_TAG,
  PROTOCOLS,
  portViolations,
  positiveDurationViolations,
  positiveViolations,
  repeated,
  type Tags,
  tagViolations,
  violation,
  ZONE_TAG,
} from '../fields.ts'
import type { Violation } from '../kind.ts'
import { prometheusViolations } from '../mesh/prometheus.ts'
import { SERVICE_TAG } from '../spiffe.ts'
import type { DataplaneSpec, ServiceProbeSpec } from './dataplane-schema.ts'

type Networking = NonNullable<DataplaneSpec['networking']>
type Inbound = NonNullable<Networking['inbound']>[number]
type Outbound = NonNullable<Networking['outbound']>[number]

const LOCALHOST = '127.0.0.1'

export function dataplaneViolations(spec: DataplaneSpec): Violation[] {
  const { networking } = spec
  if (networking === undefined) return [violation('networking', 'must be defined')]
  const advertised = networking.advertisedAddress ?? ''
  return [
    ...addressViolations(networking.address, 'networking.address'),
    ...(advertised === '' ? [] : addressViolations(advertised, 'networking.advertisedAddress')),
    ...gatewayViolations(spec),
    ...(networking.inbound ?? []).flatMap((inbound, i) =>
      inboundViolations(inbound, networking, itemAt('networking.inbound', i)),
    ),
    ...(networking.outbound ?? []).flatMap((outbound, i) =>
      outboundViolations(outbound, itemAt('networking.outbound', i)),
    ),
    ...listenerViolations(networking),
    ...nameViolations(networking),
    ...collisionViolations(networking),
    ...adminViolations(networking),
    ...metricsViolations(spec),
    ...probesViolations(spec),
  ]
}

function gatewayViolations({ networking, probes }: DataplaneSpec): Violation[] {
  const gateway = networking?.gateway
  if (gateway === undefined) return []
  const violations: Violation[] = []
  const isBuiltin = gateway.type === 'BUILTIN'
  const kind = isBuiltin ? 'builtin' : 'delegated'
  const refuse = (field: string, name: string): void => {
    violations.push(violation(field, `${name} cannot be defined for ${kind} gateways`))
  }
  if (networking?.inbound?.length) refuse('networking.inbound', 'inbound')
  if (networking?.listeners?.length) refuse('networking.listeners', 'listeners')
  if (isBuiltin && networking?.outbound?.length) refuse('networking.outbound', 'outbound')
  if (isBuiltin && probes !== undefined) refuse('probes', 'probes')
  const path = 'networking.gateway.tags'
  const protocol = gateway.tags?.[PROTOCOL_TAG]
  violations.push(...ownTagViolations(gateway.tags ?? {}, path))
  if (protocol !== undefined && protocol !== 'tcp') {
    const message = `other values than tcp are not allowed, provided value ${JSON.stringify(protocol)}`
    violations.push(violation(keyAt(path, PROTOCOL_TAG), message))
  }
  return violations
}

function inboundViolations(inbound: Inbound, networking: Networking, path: string): Violation[] {
  const tags = inbound.tags ?? {}
  const protocolTag = tags[PROTOCOL_TAG]
  const violations = portViolations(inbound.port, fieldAt(path, 'port'))
  if (inbound.servicePort)
    violations.push(...portViolations(inbound.servicePort, fieldAt(path, 'servicePort')))
  violations.push(
    ...ipViolations(inbound.serviceAddress, fieldAt(path, 'serviceAddress'), 'serviceAddress'),
    ...selfCallViolations(inbound, networking, path),
    ...ipViolations(inbound.address, fieldAt(path, 'address'), 'address'),
  )
  if (inbound.protocol && !isProtocol(inbound.protocol)) {
    const message = `has an invalid value ${JSON.stringify(inbound.protocol)}. Allowed values: ${PROTOCOLS.join(', ')}${didYouMean(inbound.protocol, PROTOCOLS)}`
    violations.push(violation(fieldAt(path, 'protocol'), message))
  }
  violations.push(...ownTagViolations(tags, fieldAt(path, 'tags')))
  if (protocolTag !== undefined && protocolTag !== '' && !isProtocol(protocolTag)) {
    const message = `tag "${PROTOCOL_TAG}" has an invalid value ${JSON.stringify(protocolTag)}. Allowed values: ${PROTOCOLS.join(', ')}${didYouMean(protocolTag, PROTOCOLS)}`
    violations.push(violation(keyAt(fieldAt(path, 'tags'), PROTOCOL_TAG), message))
  }
  return [...violations, ...probeViolations(inbound, fieldAt(path, 'serviceProbe'))]
}

/** An inbound whose application is the inbound itself would call itself for ever. */
function selfCallViolations(inbound: Inbound, networking: Networking, path: string): Violation[] {
  const listens = canonicalAddress(inbound.address || networking.address)
  const calls = canonicalAddress(inbound.serviceAddress || LOCALHOST)
  const isSame = listens === calls && (inbound.servicePort || inbound.port) === inbound.port
  if (!isSame || inbound.port === 0) return []
  const message = 'serviceAddress and servicePort has to differ from address and port'
  return [violation(fieldAt(path, 'serviceAddress'), message)]
}

function probeViolations({ serviceProbe }: Inbound, path: string): Violation[] {
  return [
    ...positiveDurationViolations(serviceProbe?.interval, fieldAt(path, 'interval')),
    ...positiveDurationViolations(serviceProbe?.timeout, fieldAt(path, 'timeout')),
    ...positiveViolations(serviceProbe?.unhealthyThreshold, fieldAt(path, 'unhealthyThreshold')),
    ...positiveViolations(serviceProbe?.healthyThreshold, fieldAt(path, 'healthyThreshold')),
    ...(serviceProbe === undefined ? [] : probeKindViolations(serviceProbe, path)),
  ]
}

const PROBE_KINDS = ['tcp', 'http', 'grpc', 'exec', 'systemd'] as const
const UNIT_NAME = /^[A-Za-z0-9_:.@\\][A-Za-z0-9_:.@\\-]{0,254}$/

function probeKindViolations(probe: ServiceProbeSpec, path: string): Violation[] {
  const { http, exec, systemd } = probe
  const given = PROBE_KINDS.filter(kind => probe[kind] !== undefined)
  if (given.length > 1) {
    return [violation(path, `only one of ${PROBE_KINDS.join(', ')} can be defined: ${given.join(', ')} are`)]
  }
  const statuses = http?.expectedStatuses ?? []
  return [
    ...(http?.path === undefined || http.path.startsWith('/')
      ? []
      : [violation(fieldAt(path, 'http.path'), 'must start with /')]),
    ...statuses.flatMap((status, i) =>
      status >= 100 && status <= 599
        ? []
        : [violation(itemAt(fieldAt(path, 'http.expectedStatuses'), i), 'must be in the range [100, 599]')],
    ),
    ...(exec !== undefined && !exec.command?.[0]
      ? [violation(fieldAt(path, 'exec.command'), 'must name a program')]
      : []),
    ...(systemd !== undefined && !UNIT_NAME.test(systemd.unit)
      ? [violation(fieldAt(path, 'systemd.unit'), 'must be the name of a unit: letters, digits and :_.@\\-')]
      : []),
  ]
}

/** Tags of a workload: none, or with the service among them. The zone is there in any case once it was stored. */
function ownTagViolations(tags: Tags, path: string): Violation[] {
  const isNamed = Object.keys(tags).every(tag => tag === ZONE_TAG) || Object.hasOwn(tags, SERVICE_TAG)
  return [
    ...(isNamed ? [] : [violation(keyAt(path, SERVICE_TAG), 'tag has to exist')]),
    ...tagViolations(tags, path),
  ]
}

function outboundViolations(outbound: Outbound, path: string): Violation[] {
  const { backendRef, tags } = outbound
  const violations = [
    ...portViolations(outbound.port, fieldAt(path, 'port')),
    ...ipViolations(outbound.address, fieldAt(path, 'address'), 'address'),
  ]
  if (backendRef !== undefined) {
    if (tags !== undefined && Object.keys(tags).length > 0) {
      return [...violations, violation(path, 'both backendRef and tags/service cannot be defined')]
    }
    return [...violations, ...backendRefViolations(backendRef, fieldAt(path, 'backendRef'))]
  }
  if (tags === undefined || !Object.hasOwn(tags, SERVICE_TAG)) {
    violations.push(violation(fieldAt(path, 'tags'), `mandatory tag "${SERVICE_TAG}" is missing`))
  }
  return [...violations, ...tagViolations(tags ?? {}, fieldAt(path, 'tags'))]
}

const BACKEND_KINDS = ['MeshService', 'MeshExternalService', 'MeshMultiZoneService']

function backendRefViolations(ref: NonNullable<Outbound['backendRef']>, path: string): Violation[] {
  const violations: Violation[] = []
  if (!BACKEND_KINDS.includes(ref.kind)) {
    const message = `invalid value. Available values are: ${BACKEND_KINDS.join(',')}`
    violations.push(violation(fieldAt(path, 'kind'), message))
  }
  const hasLabels = Object.keys(ref.labels ?? {}).length > 0
  if (!ref.name && !hasLabels) violations.push(violation(fieldAt(path, 'name'), 'cannot be empty'))
  if (ref.name && hasLabels) violations.push(violation(path, 'either name or labels can be specified'))
  if (ref.kind !== 'MeshExternalService' || ref.port) {
    violations.push(...portViolations(ref.port, fieldAt(path, 'port')))
  }
  return violations
}

function listenerViolations({ listeners = [] }: Networking): Violation[] {
  return listeners.flatMap((listener, i) => {
    const path = itemAt('networking.listeners', i)
    return [
      ...portViolations(listener.port, fieldAt(path, 'port')),
      ...ipViolations(listener.address, fieldAt(path, 'address'), 'address'),
    ]
  })
}

/** Names of inbounds and listeners are one set. */
function nameViolations({ inbound = [], listeners = [] }: Networking): Violation[] {
  const owners = [
    ...inbound.map((one, i) => ({ name: one.name ?? '', path: itemAt('networking.inbound', i) })),
    ...listeners.map((one, i) => ({ name: one.name ?? '', path: itemAt('networking.listeners', i) })),
  ].filter(owner => owner.name !== '')
  const isRepeated = repeated(owners.map(owner => owner.name))
  return owners.flatMap((owner, i) =>
    isRepeated[i] === true ? [violation(fieldAt(owner.path, 'name'), 'name must be unique')] : [],
  )
}

/** Stricter than Kuma, where the proxy refuses such a Dataplane later: one address and port, one listener. */
function collisionViolations(networking: Networking): Violation[] {
  const own = networking.address
  const places = [
    ...listenersIn('networking.inbound', networking.inbound ?? [], own),
    ...listenersIn('networking.listeners', networking.listeners ?? [], own),
    ...listenersIn('networking.outbound', networking.outbound ?? [], LOCALHOST),
  ]
  const taken = new Map<string, string>()
  return places.flatMap(({ path, place, isPort }) => {
    const owner = taken.get(place)
    if (owner !== undefined && isPort) {
      return [violation(fieldAt(path, 'port'), `${place} is the address and port of ${owner} already`)]
    }
    taken.set(place, path)
    return []
  })
}

function listenersIn(
  list: string,
  items: readonly { readonly address?: string | undefined; readonly port: number }[],
  defaultAddress: string,
) {
  return items.map((item, i) => ({
    path: itemAt(list, i),
    place: `${canonicalAddress(item.address || defaultAddress)}:${item.port}`,
    isPort: item.port > 0,
  }))
}

function adminViolations({ admin, address, inbound = [], outbound = [] }: Networking): Violation[] {
  const port = admin?.port
  if (!port) return []
  const uses = (own: string, used: number): boolean => canonicalAddress(own) === LOCALHOST && used === port
  const field = 'networking.admin.port'
  return [
    ...portViolations(port, field),
    ...(inbound.some(one => uses(one.address || address, one.port))
      ? [violation(field, 'must differ from inbound')]
      : []),
    ...(outbound.some(one => uses(one.address || LOCALHOST, one.port))
      ? [violation(field, 'must differ from outbound')]
      : []),
  ]
}

function metricsViolations({ metrics }: DataplaneSpec): Violation[] {
  if (metrics === undefined) return []
  if (metrics.type !== 'prometheus') {
    return [violation('metrics.type', 'unknown backend type. Available backends: "prometheus"')]
  }
  return prometheusViolations(metrics.conf, 'metrics.conf')
}

function probesViolations({ probes }: DataplaneSpec): Violation[] {
  if (probes === undefined) return []
  return [
    ...portViolations(probes.port, 'probes.port'),
    ...(probes.endpoints ?? []).flatMap((endpoint, i) => {
      const path = itemAt('probes.endpoints', i)
      return [
        ...portViolations(endpoint.inboundPort, fieldAt(path, 'inboundPort')),
        ...(['inboundPath', 'path'] as const).flatMap(name =>
          endpoint[name].startsWith('/')
            ? []
            : [violation(fieldAt(path, name), 'should be a valid URL Path')],
        ),
      ]
    }),
  ]
}

function isProtocol(text: string): boolean {
  return PROTOCOLS.some(protocol => protocol === text)
}
