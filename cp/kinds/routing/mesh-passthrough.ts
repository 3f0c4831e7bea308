/** MeshPassthrough: which hosts outside the mesh a transparent proxy lets calls to (kuma-api 4.12). */
import { isIP } from 'node:net'
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { isDnsName, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { topTargetRef } from '../policy.ts'
import { filled, optional, required } from '../schema/doc.ts'
import { targetRefViolations, topLevelWarnings } from '../target-ref.ts'

const matchSchema = z.object({
  type: required(z.enum(['Domain', 'IP', 'CIDR']), 'What the value is.'),
  value: required(z.string(), 'Host name, address or range of addresses.', {
    rule: 'Domain: a DNS name, `*.` may stand for its first labels',
  }),
  port: optional(z.int(), 'Port of the calls.', {
    default: 'all ports',
    rule: '1 to 65535; must be set with protocol mysql, and with http, http2, grpc for a domain with `*`',
  }),
  protocol: filled(
    z.enum(['tcp', 'tls', 'grpc', 'http', 'http2', 'mysql']).default('tcp'),
    'Protocol of the calls.',
    {
      default: 'tcp',
      rule: 'Domain: not tcp and not mysql; one of grpc, http and http2 a port',
    },
  ),
})

const passthroughSchema = z.object({
  targetRef: topTargetRef('Mesh, MeshSubset, Dataplane'),
  default: optional(
    z.object({
      passthroughMode: optional(
        z.enum(['All', 'Matched', 'None']),
        'Calls to all hosts, to those of the list, or to none.',
        { default: 'Matched' },
      ),
      appendMatch: optional(z.array(matchSchema), 'Hosts; the lists of several policies are joined.', {
        rule: 'with mode Matched; no entry twice',
      }),
    }),
    'What passes.',
  ),
})

export type MeshPassthroughSpec = z.infer<typeof passthroughSchema>
type Match = z.infer<typeof matchSchema>

export const meshPassthrough = defineKind<MeshPassthroughSpec>({
  type: 'MeshPassthrough',
  path: 'meshpassthroughs',
  scope: 'Mesh',
  encoding: 'spec',
  shortName: 'mp',
  isPolicy: true,
  notEnforced: {
    message: 'there is no transparent proxy: calls to hosts outside the mesh do not pass a data plane',
    refusesTraffic: false,
  },
  doc:
    'A MeshPassthrough says to which hosts outside the mesh a transparent proxy lets calls pass. Data planes without ' +
    'transparent proxy take calls on the ports of their outbounds only, and it has no effect on them.',
  schema: passthroughSchema,
  check({ targetRef, default: conf }) {
    const matches = conf?.appendMatch ?? []
    const earlier: Earlier = { entries: new Set(), httpProtocols: new Map() }
    return [
      ...(targetRef === undefined
        ? []
        : targetRefViolations(targetRef, 'targetRef', { kinds: ['Mesh', 'MeshSubset', 'Dataplane'] })),
      ...matches.flatMap((match, i) => matchViolations(match, earlier, itemAt('default.appendMatch', i))),
    ]
  },
  warnings: spec => topLevelWarnings(spec.targetRef),
})

const HTTP_FAMILY: readonly string[] = ['grpc', 'http', 'http2']

/** What the entries so far have taken; sets, since the list may be long. */
interface Earlier {
  /** Port, protocol and value of each. */
  readonly entries: Set<string>
  /** Protocol of the HTTP family by port. */
  readonly httpProtocols: Map<number, string>
}

/** @param earlier is told of the match */
function matchViolations(match: Match, earlier: Earlier, path: string): Violation[] {
  const { port, protocol, value } = match
  const violations: Violation[] = []
  const add = (field: string, message: string): void => {
    violations.push(violation(fieldAt(path, field), message))
  }
  if (protocol === 'mysql' && port === undefined) add('port', 'port must be defined for Mysql protocol')
  if (port !== undefined && (port < 1 || port > 65535)) add('port', 'port must be a valid (1-65535)')
  if (port !== undefined && HTTP_FAMILY.includes(protocol)) {
    const first = earlier.httpProtocols.get(port) ?? protocol
    earlier.httpProtocols.set(port, first)
    if (first !== protocol) {
      add(
        'port',
        'using the same port in multiple matches requires the same protocol for the following protocols: [grpc http http2]',
      )
    }
  }
  const entry = `${port ?? ''} ${protocol} ${value}`
  if (earlier.entries.has(entry)) add('value', `value ${value} is already defiend for this port and protocol`)
  earlier.entries.add(entry)
  return [...violations, ...valueViolations(match, path)]
}

function valueViolations(match: Match, path: string): Violation[] {
  const field = fieldAt(path, 'value')
  switch (match.type) {
    case 'CIDR':
      return isCidr(match.value) ? [] : [violation(field, 'provided CIDR has incorrect value')]
    case 'IP':
      return isIP(match.value) !== 0 ? [] : [violation(field, 'provided IP has incorrect value')]
    case 'Domain':
      return domainViolations(match, path)
  }
}

function domainViolations({ value, port, protocol }: Match, path: string): Violation[] {
  const field = fieldAt(path, 'value')
  const violations: Violation[] = []
  if (protocol === 'tcp' || protocol === 'mysql') {
    const message = `protocol ${protocol} is not supported for a domain`
    violations.push(violation(fieldAt(path, 'protocol'), message))
  }
  if (/^\*[^.]/.test(value)) {
    const message = 'provided DNS has incorrect value, partial wildcard is currently not supported'
    violations.push(violation(field, message))
  } else if (value !== '*' && !isDnsName(value.replace(/^\*\./, ''))) {
    violations.push(violation(field, 'provided DNS has incorrect value'))
  }
  if (port === undefined && value.startsWith('*') && HTTP_FAMILY.includes(protocol)) {
    const message = "wildcard domains doesn't work for all ports and layer 7 protocol"
    violations.push(violation(fieldAt(path, 'port'), message))
  }
  return violations
}

function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const family = isIP(address)
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128)
}
