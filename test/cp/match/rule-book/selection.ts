/**
 * The rule book read literally, 2.2 to 2.4: which inbounds of a data plane a policy selects, and the order of policies.
 * Slow, and without a line of cp/match: what differs is a fault here, there, or in the book.
 */
export type Tags = Readonly<Record<string, string>>

export interface Ref {
  readonly kind: string
  readonly name?: string
  readonly tags?: Tags
  readonly labels?: Tags
  readonly sectionName?: string
  readonly proxyTypes?: readonly string[]
}

export interface Entry {
  readonly targetRef?: Ref
  readonly matches?: readonly object[]
  readonly default?: unknown
  /** Of a MeshHTTPRoute or MeshTCPRoute: in place of `default`. */
  readonly rules?: readonly RouteRule[]
}

export interface RouteRule {
  readonly matches?: readonly object[]
  readonly default: unknown
}

export interface Policy {
  readonly type: string
  readonly name: string
  readonly labels: Tags
  readonly creationTime: string
  readonly spec: {
    readonly targetRef?: Ref
    readonly default?: unknown
    readonly to?: readonly Entry[]
    readonly from?: readonly Entry[]
    readonly rules?: readonly Entry[]
  }
}

export interface Inbound {
  readonly name?: string
  readonly port: number
  readonly state?: string
  readonly tags: Tags
}

export interface DataPlane {
  readonly name: string
  readonly labels: Tags
  readonly spec: {
    readonly networking: {
      readonly inbound?: readonly Inbound[]
      readonly outbound?: readonly { readonly port: number; readonly tags?: Tags }[]
      readonly gateway?: { readonly type?: string; readonly tags: Tags }
    }
  }
}

/** What of a data plane a policy selects. */
export interface Selection {
  readonly isSelected: boolean
  readonly inbounds: readonly Inbound[]
}

const NOTHING: Selection = { isSelected: false, inbounds: [] }

/** 2.3. @param routes where a top-level MeshHTTPRoute is looked up */
export function select(policy: Policy, proxy: DataPlane, routes: readonly Policy[]): Selection {
  const ref = policy.spec.targetRef ?? { kind: 'Mesh' }
  if (policy.labels['kuma.io/effect'] === 'shadow') return NOTHING
  if (ref.kind !== 'MeshHTTPRoute') return selectByRef(ref, proxy)
  const route = routes.find(one => one.name === ref.name)
  return route === undefined ? NOTHING : selectByRef(route.spec.targetRef ?? { kind: 'Mesh' }, proxy)
}

function selectByRef(ref: Ref, proxy: DataPlane): Selection {
  const { gateway, inbound = [] } = proxy.spec.networking
  const proxyType = gateway === undefined ? 'Sidecar' : 'Gateway'
  if (ref.proxyTypes !== undefined && !ref.proxyTypes.includes(proxyType)) return NOTHING
  if (gateway !== undefined) {
    // a section is an inbound, and gateways have none
    const isByProxy = ref.sectionName === undefined && selectsProxy(ref, proxy)
    return { isSelected: selectsTags(ref, gateway.tags) || isByProxy, inbounds: [] }
  }
  const inbounds = inbound.filter(one => {
    if (one.state === 'Ignored') return false
    return ref.kind === 'Dataplane'
      ? selectsProxy(ref, proxy) && isSection(one, ref.sectionName)
      : selectsTags(ref, one.tags)
  })
  return { isSelected: inbounds.length > 0, inbounds }
}

function selectsTags(ref: Ref, tags: Tags): boolean {
  switch (ref.kind) {
    case 'Mesh':
      return true
    case 'MeshSubset':
      return hasAll(tags, ref.tags)
    case 'MeshService':
      return tags['kuma.io/service'] === ref.name
    case 'MeshServiceSubset':
      return tags['kuma.io/service'] === ref.name && hasAll(tags, ref.tags)
    default:
      return false
  }
}

function selectsProxy(ref: Ref, proxy: DataPlane): boolean {
  if (ref.kind !== 'Dataplane') return false
  if (ref.name !== undefined && ref.name !== proxy.name) return false
  return hasAll(proxy.labels, ref.labels)
}

function isSection(inbound: Inbound, section: string | undefined): boolean {
  return section === undefined || inbound.name === section || String(inbound.port) === section
}

function hasAll(tags: Tags, wanted: Tags = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => tags[key] === value)
}

/** 2.2, the column of 2.14. */
const KINDS: Readonly<Record<string, number>> = {
  Mesh: 1,
  Dataplane: 2,
  MeshSubset: 3,
  MeshGateway: 4,
  MeshService: 5,
  MeshExternalService: 6,
  MeshMultiZoneService: 7,
  MeshServiceSubset: 8,
  MeshHTTPRoute: 9,
}

const ROLES = ['system', 'producer', 'consumer', 'workload-owner']

/** 2.4, without the name: a later one has precedence. */
export function compareByAttributes(a: Policy, b: Policy): number {
  const refs = [a.spec.targetRef ?? { kind: 'Mesh' }, b.spec.targetRef ?? { kind: 'Mesh' }] as const
  const kind = (KINDS[refs[0].kind] ?? 0) - (KINDS[refs[1].kind] ?? 0)
  if (kind !== 0) return kind
  if (refs[0].kind === 'Dataplane') {
    const byName = Number(refs[0].name !== undefined) - Number(refs[1].name !== undefined)
    if (byName !== 0) return byName
    const bySection = Number(refs[0].sectionName !== undefined) - Number(refs[1].sectionName !== undefined)
    if (bySection !== 0) return bySection
  }
  const origin = (policy: Policy): number => Number(policy.labels['kuma.io/origin'] !== 'global')
  const role = (policy: Policy): number => ROLES.indexOf(policy.labels['kuma.io/policy-role'] ?? 'system')
  return origin(a) - origin(b) || role(a) - role(b)
}

/** The smallest display name comes last and wins; of equal ones the smallest name, since no two are the same. */
export function compareByName(a: Policy, b: Policy): number {
  const descending = (one: string, other: string): number => (one === other ? 0 : one < other ? 1 : -1)
  return descending(displayName(a), displayName(b)) || descending(a.name, b.name)
}

function displayName(policy: Policy): string {
  return policy.labels['kuma.io/display-name'] ?? policy.name
}

/** Weakest first. */
export function inOrder(policies: readonly Policy[]): readonly Policy[] {
  return policies.toSorted((a, b) => compareByAttributes(a, b) || compareByName(a, b))
}
