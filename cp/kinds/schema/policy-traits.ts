/**
 * What can be read off a policy kind about how it is matched: by targetRef with lists `to`, `from` and `rules`, or by
 * the selectors of the legacy policies (Kuma semantics 1.4, 2.1). One place for matching and for what the API tells.
 */
import type { Kind } from '../kind.ts'
import { shapeOf } from './doc.ts'

export interface PolicyTraits {
  readonly isTargetRef: boolean
  readonly hasTo: boolean
  readonly hasFrom: boolean
  readonly hasRules: boolean
  /** `from` for the whole mesh means the same as an entry of `rules`. */
  readonly isFromAsRules: boolean
  /** null: matched by targetRef, or not by data plane at all. */
  readonly legacy: LegacyMatching | null
}

/**
 * What a legacy policy is for, and how many act: `outbound` (one for each address), `service` (one for each called
 * service), `inbound` (one for each), `inbound-all` (all that match), `dataplane` (one).
 */
export type LegacyMatching = 'outbound' | 'service' | 'inbound' | 'inbound-all' | 'dataplane'

export function traitsOf(kind: Kind): PolicyTraits {
  let traits = known.get(kind)
  if (traits === undefined) {
    const isTargetRef = kind.isPolicy && kind.encoding === 'spec'
    traits = {
      isTargetRef,
      hasTo: isTargetRef && hasField(kind, 'to'),
      hasFrom: isTargetRef && hasField(kind, 'from'),
      hasRules: isTargetRef && hasField(kind, 'rules'),
      isFromAsRules: FROM_AS_RULES.has(kind.type),
      legacy: isTargetRef ? null : (LEGACY[kind.type] ?? null),
    }
    known.set(kind, traits)
  }
  return traits
}

/** Policies with a targetRef that hold for the whole data plane: without lists. */
export function isProxyWide(kind: Kind): boolean {
  const { isTargetRef, hasTo, hasFrom, hasRules } = traitsOf(kind)
  return isTargetRef && !hasTo && !hasFrom && !hasRules
}

/** Policies with a targetRef that say where calls go. */
export function isRoute({ type }: Kind): boolean {
  return type === 'MeshHTTPRoute' || type === 'MeshTCPRoute'
}

const known = new WeakMap<Kind, PolicyTraits>()

const FROM_AS_RULES: ReadonlySet<string> = new Set([
  'MeshAccessLog',
  'MeshCircuitBreaker',
  'MeshRateLimit',
  'MeshTLS',
  'MeshTimeout',
])

const LEGACY: Readonly<Record<string, LegacyMatching>> = {
  TrafficRoute: 'outbound',
  Timeout: 'outbound',
  TrafficLog: 'service',
  HealthCheck: 'service',
  CircuitBreaker: 'service',
  Retry: 'service',
  TrafficPermission: 'inbound',
  FaultInjection: 'inbound-all',
  RateLimit: 'inbound-all',
  TrafficTrace: 'dataplane',
  ProxyTemplate: 'dataplane',
  OPAPolicy: 'dataplane',
}

function hasField(kind: Kind, name: string): boolean {
  const shape = shapeOf(kind.schema)
  return shape.type === 'object' && Object.hasOwn(shape.fields, name)
}
