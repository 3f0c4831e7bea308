/** Which kinds there are, for clients that find out (kuma-api 1.6): `/_resources` and the older `/policies`. */
import type { Kind } from '../../kinds/kind.ts'
import { kinds } from '../../kinds/registry.ts'
import { traitsOf } from '../../kinds/schema/policy-traits.ts'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint, Right } from '../request.ts'

const RIGHT: Right = {
  check: 'before',
  action: { type: 'read', kind: { type: 'ResourceType', adminOnly: false } },
}

export function resourceTypesEndpoint({ isReadOnly }: ApiContext): Endpoint {
  const value = { resources: byName(kinds).map(kind => resourceType(kind, isReadOnly)) }
  return { right: RIGHT, operation: 'Could not list resources', handle: async () => ok(value) }
}

export function policiesEndpoint({ isReadOnly }: ApiContext): Endpoint {
  const policies = kinds.filter(kind => kind.isPolicy)
  const value = { policies: byName(policies).map(kind => policyType(kind, isReadOnly)) }
  return { right: RIGHT, operation: 'Could not list resources', handle: async () => ok(value) }
}

/** `MeshHTTPRoute` → `Mesh HTTP Route`. */
export function displayNameOf(type: string): string {
  return type
    .replaceAll('OpenTelemetry', 'Opentelemetry')
    .replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3 $2$4')
    .replaceAll('Opentelemetry', 'OpenTelemetry')
}

export function pluralOf(displayName: string): string {
  if (/(s|S|sh|ch|x)$/.test(displayName)) return `${displayName}es`
  return /[^aeiou]y$/.test(displayName) ? `${displayName.slice(0, -1)}ies` : `${displayName}s`
}

/** Types that a zone does not give to a global control plane as they are. */
const NOT_FEDERATED: ReadonlySet<string> = new Set([
  'Dataplane',
  'DataplaneInsight',
  'MeshInsight',
  'MeshService',
  'MeshZoneAddress',
  'ServiceInsight',
  'Workload',
  'Zone',
  'ZoneInsight',
  'ZoneIngress',
  'ZoneIngressInsight',
  'ZoneEgress',
  'ZoneEgressInsight',
])

/** Byte order, as Go sorts: `MeshHTTPRoute` before `MeshHealthCheck`. */
function byName(all: readonly Kind[]): readonly Kind[] {
  return all.toSorted((a, b) => (a.type < b.type ? -1 : 1))
}

function resourceType(kind: Kind, isReadOnly: boolean): unknown {
  const traits = traitsOf(kind)
  const policy = {
    isTargetRef: traits.isTargetRef,
    hasToTargetRef: traits.hasTo,
    hasFromTargetRef: traits.hasFrom,
    hasRulesTargetRef: traits.hasRules,
    isFromAsRules: traits.isFromAsRules,
  }
  return {
    name: kind.type,
    scope: kind.scope,
    readOnly: kind.readOnly || isReadOnly,
    path: PATHS[kind.type] ?? kind.path,
    ...displayNames(kind),
    shortName: kind.shortName,
    includeInFederation: !NOT_FEDERATED.has(kind.type),
    ...(kind.isPolicy ? { policy } : {}),
  }
}

/** Where 2.14 names another path than the one that all clients know. */
const PATHS: Readonly<Record<string, string>> = { GlobalSecret: 'globalsecrets' }

function policyType(kind: Kind, isReadOnly: boolean): unknown {
  const { isTargetRef, hasFrom, hasTo } = traitsOf(kind)
  return {
    name: kind.type,
    readOnly: kind.readOnly || isReadOnly,
    path: kind.path,
    ...displayNames(kind),
    isExperimental: false,
    isTargetRefBased: isTargetRef,
    isInbound: hasFrom,
    isOutbound: hasTo,
  }
}

function displayNames(kind: Kind): { singularDisplayName: string; pluralDisplayName: string } {
  const singularDisplayName = displayNameOf(kind.type)
  return { singularDisplayName, pluralDisplayName: pluralOf(singularDisplayName) }
}
