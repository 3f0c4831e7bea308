/** The small shapes that all answers of the inspect API are made of (kuma-api 1.10), and the order of policy types. */
import { kriOf } from '../../kinds/identifier.ts'
import type { Kind, Resource } from '../../kinds/kind.ts'
import { sortedLabels } from '../../kinds/meta.ts'
import type { DataplaneInbound } from '../../kinds/proxy/dataplane.ts'
import { kindByType, kinds } from '../../kinds/registry.ts'
import { traitsOf } from '../../kinds/schema/policy-traits.ts'
import { showResource } from '../../kinds/show.ts'
import type { Origin } from '../../match/items.ts'
import type { SubsetTag } from '../../match/subset.ts'

/** Kuma's order of the Mesh* policies; types that it does not know come last, by name. */
const ORDER: readonly string[] = [
  'MeshHTTPRoute',
  'MeshTCPRoute',
  'MeshTLS',
  'MeshLoadBalancingStrategy',
  'MeshPassthrough',
  'MeshAccessLog',
  'MeshTrace',
  'MeshFaultInjection',
  'MeshRateLimit',
  'MeshTimeout',
  'MeshTrafficPermission',
  'MeshCircuitBreaker',
  'MeshHealthCheck',
  'MeshRetry',
  'MeshMetric',
  'MeshProxyPatch',
]

/** Kinds of policies with a targetRef, in the order in which answers list them. */
export function targetRefKinds(): readonly Kind[] {
  const rank = (kind: Kind): number => {
    const at = ORDER.indexOf(kind.type)
    return at < 0 ? ORDER.length : at
  }
  return kinds
    .filter(kind => traitsOf(kind).isTargetRef)
    .toSorted((a, b) => rank(a) - rank(b) || (a.type < b.type ? -1 : 1))
}

export function metaOf({ type, mesh, name, labels }: Resource): object {
  return { type, mesh, name, labels: sortedLabels(labels) }
}

/** The resource as lists show it, without what it says. */
export function withoutSpec(resource: Resource): object {
  const kind = kindByType(resource.type)
  if (kind === undefined) return metaOf(resource)
  const { spec: _spec, status: _status, ...meta } = showResource(kind, { ...resource, spec: {} })
  return meta
}

export function kriText(resource: Resource, section = ''): string {
  const kind = kindByType(resource.type)
  const kri = kind === undefined ? null : kriOf(kind, resource)
  return kri === null ? '' : `${kri}${section}`
}

export function kriOrigins(policies: readonly Resource[]): readonly object[] {
  return policies.map(policy => ({ kri: kriText(policy) }))
}

export function ruleOrigin({ policy, ruleIndex }: Origin): object {
  return { resourceMeta: metaOf(policy), ruleIndex }
}

export function matcherOf({ key, value, not }: SubsetTag): object {
  return { key, not, value }
}

/** `name` only where the inbound has one: its port stands in for it otherwise. */
export function inboundOf({ name, port, tags }: DataplaneInbound): object {
  return { ...(name === String(port) ? {} : { name }), port, tags: sortedLabels(tags) }
}
