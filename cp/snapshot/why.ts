/**
 * Why a data plane runs what it runs: for every part of it the values that policies gave, each with the policy and the item
 * that had the last word. Made of the draft that is compiled and of the functions that the compilers ask.
 */
import { draftOf } from '../compile/compile.ts'
import type { ClusterDraft, Draft, InboundDraft, OutboundDraft } from '../compile/draft.ts'
import { permissionDecisions } from '../compile/security/permission-decisions.ts'
import type { Kind, Resource } from '../kinds/kind.ts'
import { sortedLabels } from '../kinds/meta.ts'
import type { DataplaneInbound, DataplaneOutbound, DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import { kindByType } from '../kinds/registry.ts'
import { isProxyWide, isRoute, traitsOf } from '../kinds/schema/policy-traits.ts'
import { inboundItems } from '../match/inbound.ts'
import { type MatchRule, matchRulesOf } from '../match/inbound-rules.ts'
import type { RouteRule } from '../match/items.ts'
import { matchesHash } from '../match/route-matches.ts'
import { hasTags } from '../match/select.ts'
import { ruleConf, selectedPolicies, serviceConf } from '../match/selection.ts'
import type { MeshView } from '../match/view.ts'
import { type SaidOf, saidOf } from '../match/why/said.ts'
import { type Said, type TracedValue, traced } from '../match/why/trace.ts'
import { isSilentOn, legacySaidOfCluster, legacySaidOfInbound, legacySaidOfOutbound } from './legacy-why.ts'

export interface Why {
  /** What holds for the whole data plane. */
  readonly proxy: readonly SaidOf[]
  readonly inbounds: readonly { readonly inbound: DataplaneInbound; readonly said: readonly SaidOf[] }[]
  readonly outbounds: readonly { readonly outbound: DataplaneOutbound; readonly said: readonly SaidOf[] }[]
  /** Services without an outbound, to which routes send calls. By name. */
  readonly destinations: readonly { readonly service: string; readonly said: readonly SaidOf[] }[]
}

type Dataplane = Resource<DataplaneSpec>

/** @param kinds policies with a targetRef, in the order in which they are told */
export function whyOf(view: MeshView, dataplane: Dataplane, kinds: readonly Kind[]): Why {
  const draft = draftOf(view, dataplane)
  const ofService = (service: string, of: readonly Kind[]): readonly SaidOf[] =>
    of.flatMap(kind => saidOf(kind, serviceItems(view, kind, dataplane, service)))
  const ofOutbounds = kinds.filter(kind => traitsOf(kind).hasTo)
  return {
    proxy: kinds.filter(isProxyWide).flatMap(kind => {
      const policies = selectedPolicies(view, kind.type, dataplane)
      return saidOf(
        kind,
        policies.map(policy => ({ policy, ruleIndex: null, conf: defaultOf(policy) })),
      )
    }),
    inbounds: draft.inbounds.map(target => ({
      inbound: target.inbound,
      said: [
        ...kinds
          .filter(kind => !isSilentOn(view, kind, target))
          .flatMap(kind => saidOfInbound(view, kind, dataplane, target)),
        ...legacySaidOfInbound(view, target),
      ],
    })),
    outbounds: draft.outbounds.map(target => ({
      outbound: target.outbound,
      said: [
        ...ofService(
          target.outbound.service,
          ofOutbounds.filter(kind => mayRoute(kind, target)),
        ),
        ...saidOfRules(view, ofOutbounds, dataplane, target),
        ...legacySaidOfOutbound(view, dataplane, target, draft),
      ],
    })),
    destinations: clustersBesides(draft).map(cluster => ({
      service: cluster.destination.service,
      said: [
        ...ofService(
          cluster.destination.service,
          ofOutbounds.filter(kind => !isRoute(kind)),
        ),
        ...legacySaidOfCluster(view, dataplane, cluster),
      ],
    })),
  }
}

/** Route policies give way to each other as the compilers say. */
function mayRoute({ type }: Kind, { routedBy, listener }: OutboundDraft): boolean {
  if (type === 'MeshHTTPRoute') return listener.protocol !== 'tcp'
  return type !== 'MeshTCPRoute' || routedBy !== 'rules'
}

function serviceItems(view: MeshView, kind: Kind, dataplane: Dataplane, service: string): readonly Said[] {
  return serviceConf(view, selectedPolicies(view, kind.type, dataplane), service)?.items ?? []
}

function defaultOf(policy: Resource): unknown {
  return (policy.spec as { readonly default?: unknown }).default
}

function saidOfInbound(
  view: MeshView,
  kind: Kind,
  dataplane: Dataplane,
  target: InboundDraft,
): readonly SaidOf[] {
  if (kind.type === 'MeshTrafficPermission') return saidOfPermissions(view, dataplane, target)
  const { inbound } = target
  const { hasFrom, hasRules, isFromAsRules } = traitsOf(kind)
  const ofClients = hasFrom && !isFromAsRules ? saidOfClients(view, kind, dataplane, inbound) : []
  if (!hasRules) return ofClients
  const rules = matchRulesOf(view, kind.type, dataplane, inbound, isFromAsRules)
  const items = (of: readonly MatchRule[]): readonly Said[] =>
    of.map(({ conf, origin }) => ({ conf, ...origin }))
  const forSome = rules.filter(({ match }) => match !== undefined)
  return [
    ...ofClients,
    ...forSome.flatMap(rule => saidOf(kind, items([rule]), { match: rule.match })),
    ...saidOf(kind, items(rules.filter(({ match }) => match === undefined))),
  ]
}

/** Of both dialects, in the order in which they are asked. Without mTLS nobody is: no client is known. */
function saidOfPermissions(
  view: MeshView,
  dataplane: Dataplane,
  { inbound, listener }: InboundDraft,
): readonly SaidOf[] {
  if (listener.tls === null) return []
  return permissionDecisions(view, dataplane, inbound).flatMap(
    ({ clients, match, action, policy, ruleIndex }) => {
      const kind = kindByType(policy.type)
      const isForSome = match !== undefined && Object.keys(match).length > 0
      const narrowed = isForSome ? { match } : { clients: clients ?? {} }
      return kind === undefined
        ? []
        : [{ kind, ...narrowed, values: [{ path: 'action', value: action, policy, ruleIndex }] }]
    },
  )
}

/** For clients with the tags of each item: all items that fit them. What adds nothing to what holds for all is left out. */
function saidOfClients(
  view: MeshView,
  kind: Kind,
  dataplane: Dataplane,
  inbound: DataplaneInbound,
): readonly SaidOf[] {
  const items = inboundItems(view, kind.type, dataplane, inbound)
  const of = (tags: Readonly<Record<string, string>>): readonly Said[] =>
    items.filter(({ clientTags }) => hasTags(tags, clientTags))
  const forAll = of({})
  const sets = new Map(
    items.toReversed().map(({ clientTags }) => [JSON.stringify(sortedLabels(clientTags)), clientTags]),
  )
  return [...sets.values()].flatMap(clients => {
    const fitting = of(clients)
    const isForAll = Object.keys(clients).length === 0
    const addsNothing = !isForAll && sameValues(traced(fitting), traced(forAll))
    return addsNothing ? [] : saidOf(kind, fitting, { clients })
  })
}

/** The same words of the same authors. */
function sameValues(some: readonly TracedValue[], others: readonly TracedValue[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, i) => {
      const other = others[i]
      return one.path === other?.path && one.policy === other.policy && one.ruleIndex === other.ruleIndex
    })
  )
}

/** What holds for requests that a rule of a MeshHTTPRoute takes, in place of what holds for the service. */
function saidOfRules(
  view: MeshView,
  kinds: readonly Kind[],
  dataplane: Dataplane,
  { outbound: { service }, routedBy }: OutboundDraft,
): readonly SaidOf[] {
  if (routedBy !== 'rules') return []
  const routes = serviceConf(view, selectedPolicies(view, 'MeshHTTPRoute', dataplane), service)
  const { rules = [] } = (routes?.conf ?? {}) as { readonly rules?: readonly RouteRule[] }
  return kinds
    .filter(kind => !isRoute(kind))
    .flatMap(kind =>
      rules.flatMap(({ matches = [] }) => {
        const policies = selectedPolicies(view, kind.type, dataplane)
        const items = ruleConf(view, policies, service, matchesHash(matches))?.items ?? []
        return saidOf(kind, items, { match: matches })
      }),
    )
}

/** One for each service that is called by routes alone. By name. */
function clustersBesides({ clusters, outbounds }: Draft): readonly ClusterDraft[] {
  const called = new Set(outbounds.map(({ outbound }) => outbound.service))
  const others = [...clusters.values()].filter(({ destination }) => !called.has(destination.service))
  const byService = new Map(others.map(cluster => [cluster.destination.service, cluster]))
  return [...byService.keys()].sort().flatMap(service => byService.get(service) ?? [])
}
