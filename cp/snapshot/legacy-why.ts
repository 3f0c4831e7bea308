/**
 * What the older policies say, those without a targetRef, where they act: one for each part, and only what the policies that
 * took their place leave to it (Kuma semantics 1.5, 1.7, 2.13). Told by what was compiled: parts name their author.
 */
import type { ClusterDraft, Draft, InboundDraft, OutboundDraft } from '../compile/draft.ts'
import type { Kind, Resource } from '../kinds/kind.ts'
import type { DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import { kindByType } from '../kinds/registry.ts'
import { inboundPolicies, outboundPolicy, selectorsOf } from '../match/legacy/connection.ts'
import { selectedPolicies, serviceConf } from '../match/selection.ts'
import type { MeshView } from '../match/view.ts'
import { type Narrowed, type SaidOf, saidOf } from '../match/why/said.ts'

type Dataplane = Resource<DataplaneSpec>
type Conf = Readonly<Record<string, unknown>>

/** What it says of routing and of calls, then what it says of the service's endpoints. */
export function legacySaidOfOutbound(
  view: MeshView,
  dataplane: Dataplane,
  target: OutboundDraft,
  draft: Draft,
): readonly SaidOf[] {
  const { service } = target.outbound
  const cluster = draft.clusters.get(target.listener.cluster)
  return [
    ...(target.routedBy === 'nobody' ? saidOfService(view, dataplane, 'TrafficRoute', service) : []),
    ...(isLeft(view, 'MeshRetry', dataplane, service)
      ? saidOfService(view, dataplane, 'Retry', service)
      : []),
    ...(cluster === undefined ? [] : legacySaidOfCluster(view, dataplane, cluster)),
  ]
}

/** Of a service to which routes send calls. */
export function legacySaidOfCluster(
  view: MeshView,
  dataplane: Dataplane,
  { cluster, destination: { service } }: ClusterDraft,
): readonly SaidOf[] {
  const authorOf = (part: { readonly policy: string } | null | undefined, type: string): boolean =>
    part?.policy.startsWith(`${type}/`) ?? false
  const newer = confFor(view, 'MeshHealthCheck', dataplane, service)
  const isPanicSaid = PANIC.some(field => newer?.[field] !== undefined)
  const isThresholdSaid = isPanicSaid || authorOf(cluster.panic, 'MeshCircuitBreaker')
  return [
    ...(isLeft(view, 'MeshTimeout', dataplane, service)
      ? saidOfService(view, dataplane, 'Timeout', service)
      : []),
    ...saidOfService(
      view,
      dataplane,
      'HealthCheck',
      service,
      ({ healthyPanicThreshold, failTrafficOnPanic, ...probe }) => ({
        ...probe,
        ...(!isThresholdSaid && { healthyPanicThreshold }),
        ...(!isPanicSaid && { failTrafficOnPanic }),
      }),
    ),
    ...saidOfService(view, dataplane, 'CircuitBreaker', service, ({ thresholds, ...detection }) => ({
      ...(authorOf(cluster.outliers, 'CircuitBreaker') && detection),
      ...(authorOf(cluster.limits, 'CircuitBreaker') && { thresholds }),
    })),
  ]
}

const PANIC = ['healthyPanicThreshold', 'failTrafficOnPanic'] as const

/** For the clients that each source of a policy names. */
export function legacySaidOfInbound(view: MeshView, { inbound, listener }: InboundDraft): readonly SaidOf[] {
  // they limit requests and make them fail: there are none in TCP
  if (listener.protocol === 'tcp') return []
  return ['FaultInjection', 'RateLimit'].flatMap(type =>
    inboundPolicies(view, type, inbound).flatMap(policy =>
      selectorsOf(policy, 'sources').flatMap(({ match = {} }) =>
        saidBy(policy, undefined, { clients: match }),
      ),
    ),
  )
}

/** On an inbound that a policy of the older kind selects, that kind alone acts. */
const OLDER_ALONE: Readonly<Record<string, string>> = {
  MeshFaultInjection: 'FaultInjection',
  MeshRateLimit: 'RateLimit',
}

/** A policy with a targetRef has no say about an inbound: an older one has, or it is about requests where there are none. */
export function isSilentOn(view: MeshView, { type }: Kind, { inbound, listener }: InboundDraft): boolean {
  const older = OLDER_ALONE[type]
  if (older !== undefined && inboundPolicies(view, older, inbound).length > 0) return true
  return type === 'MeshFaultInjection' && listener.protocol === 'tcp'
}

/** No policy of the kind that took its place speaks of the service. */
function isLeft(view: MeshView, type: string, dataplane: Dataplane, service: string): boolean {
  return confFor(view, type, dataplane, service) === undefined
}

function confFor(view: MeshView, type: string, dataplane: Dataplane, service: string): Conf | undefined {
  return serviceConf(view, selectedPolicies(view, type, dataplane), service)?.conf as Conf | undefined
}

function saidOfService(
  view: MeshView,
  dataplane: Dataplane,
  type: string,
  service: string,
  acting: (conf: Conf) => Conf = conf => conf,
): readonly SaidOf[] {
  const policy = outboundPolicy(view, type, dataplane, service)
  return policy === undefined ? [] : saidBy(policy, acting)
}

function saidBy(
  policy: Resource,
  acting: (conf: Conf) => Conf = conf => conf,
  narrowed: Narrowed = {},
): readonly SaidOf[] {
  const kind = kindByType(policy.type)
  const conf = acting((policy.spec as { readonly conf?: Conf }).conf ?? {})
  const isEmpty = Object.values(conf).every(value => value === undefined)
  return kind === undefined || isEmpty ? [] : saidOf(kind, [{ policy, ruleIndex: null, conf }], narrowed)
}
