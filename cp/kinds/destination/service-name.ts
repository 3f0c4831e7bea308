/**
 * What MeshService, MeshExternalService and MeshMultiZoneService have in common: names that become part of DNS names
 * (kuma-api 1.7, 4.2), the SNI of each port (1.8, 4.13), and the rules of port lists.
 */
import { fieldAt, itemAt } from '../field-path.ts'
import { PROTOCOLS, repeated, violation } from '../fields.ts'
import type { Resource, Violation } from '../kind.ts'
import { DNS_LABEL_RULE, displayName, isDnsLabel, ZONE_LABEL } from '../meta.ts'

/** Names of destinations are one part of a DNS name. */
export const MAX_SERVICE_NAME = 63

export interface ServicePort {
  readonly port: number
  /** Left out: the port number. */
  readonly name?: string | undefined
}

/** Kuma's warning for names that are no DNS label. */
export function nameWarnings(type: string, name: string): string[] {
  if (isDnsLabel(name)) return []
  const what = `Invalid ${type} resource name: '${name}'. It does not conform to the DNS format (RFC 1035)`
  return [`${what}. This is deprecated. Errors: ${DNS_LABEL_RULE}`]
}

/** The key `snis`: what a client names in TLS to reach each port. Empty where there is no port. */
export function snisOf(
  shortName: string,
  resource: Pick<Resource, 'mesh' | 'name' | 'labels'>,
  ports: readonly ServicePort[],
): { readonly snis?: readonly { readonly port: number; readonly sni: string }[] } {
  if (ports.length === 0) return {}
  const zone = resource.labels[ZONE_LABEL]
  const service = [
    'sni',
    shortName,
    resource.mesh,
    ...(zone === undefined ? [] : [zone]),
    displayName(resource),
  ]
  return { snis: ports.map(port => ({ port: port.port, sni: [...service, portName(port)].join('.') })) }
}

/** Numbers out of range, and numbers and names that are there twice: a call names one of them. */
export function portListViolations(ports: readonly ServicePort[], path: string): Violation[] {
  const isUsedNumber = repeated(ports.map(({ port }) => port))
  const names = ports.map(portName)
  const isUsedName = repeated(names)
  return ports.flatMap(({ port, name }, i) => {
    const at = (field: string): string => fieldAt(itemAt(path, i), field)
    const violations: Violation[] = []
    if (port < 1 || port > 65_535) violations.push(violation(at('port'), 'port must be a valid (1-65535)'))
    if (name === '') violations.push(violation(at('name'), 'must not be empty'))
    if (isUsedNumber[i] === true) violations.push(violation(at('port'), `port ${port} is there already`))
    else if (isUsedName[i] === true) {
      violations.push(violation(at('name'), `name ${JSON.stringify(names[i])} is there already`))
    }
    return violations
  })
}

export function isProtocol(text: string): boolean {
  return PROTOCOLS.some(protocol => protocol === text)
}

function portName({ port, name }: ServicePort): string {
  return name === undefined || name === '' ? String(port) : name
}
