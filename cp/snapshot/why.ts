/**
 * Why a data plane runs what it runs: for every part of it the values that policies gave, each with the policy and the item
 * that had the last word. Made of the draft that is compiled and of the functions that the compilers ask.
 */
import { draftOf } from '../compile/compile.ts'
import type { Draft, OutboundDraft } from '../compile/draft.ts'
import type { Kind, Resource } from '../kinds/kind.ts'
import { sortedLabels } from '../kinds/meta.ts'
import type { DataplaneInbound, DataplaneOutbound, DataplaneSpec } from '../kinds/proxy/dataplane.ts'
import { kindByType } from '../kinds/registry.ts'
import { isProxyWide, isRoute, traitsOf } from '../kinds/schema/policy-traits.ts'
import { inboundItems } from '../match/inbound.ts'
import { type MatchRule, matchRulesOf } from '../match/inbound-rules.ts'
import { outboundPolicy } from '../match/legacy/connection.ts'
import { hasTags } from '../match/select.ts'
import { selectedPolicies, serviceConf } from '../match/selection.ts'
import type { MeshView } from '../match/view.ts'
import { type Said, type TracedValue, traced } from '../match/why/trace.ts'

/** What the policies of one type say. Not empty. */
export interface SaidOf {
  readonly kind: Kind
  /** Clients that carry these tags; the first that fits a client says what holds for it. */
  readonly clients?: Readonly<Record<string, string>>
  /** Clients that match. */
  readonly match?: unknown
  readonly values: readonly TracedValue[]
}

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
    inbounds: draft.inbounds.map(({ inbound }) => ({
      inbound,
      said: kinds.flatMap(kind => saidOfInbound(view, kind, dataplane, inbound)),
    })),
    outbounds: draft.outbounds.map(target => ({
      outbound: target.outbound,
      said: [
        ...ofService(
          target.outbound.service,
          ofOutbounds.filter(kind => mayRoute(kind, target)),
        ),
        ...saidByTrafficRoute(view, dataplane, target),
      ],
    })),
    destinations: servicesBesides(draft).map(service => ({
      service,
      said: ofService(
        service,
        ofOutbounds.filter(kind => !isRoute(kind)),
      ),
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

function saidOf(
  kind: Kind,
  items: readonly Said[],
  narrowed: Pick<SaidOf, 'clients' | 'match'> = {},
): SaidOf[] {
  const values = traced(items)
  return values.length === 0 ? [] : [{ kind, ...narrowed, values }]
}

function defaultOf(policy: Resource): unknown {
  return (policy.spec as { readonly default?: unknown }).default
}

function saidOfInbound(
  view: MeshView,
  kind: Kind,
  dataplane: Dataplane,
  inbound: DataplaneInbound,
): readonly SaidOf[] {
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

function saidByTrafficRoute(view: MeshView, dataplane: Dataplane, target: OutboundDraft): readonly SaidOf[] {
  const kind = kindByType('TrafficRoute')
  if (kind === undefined || target.routedBy !== 'nobody') return []
  const policy = outboundPolicy(view, kind.type, dataplane, target.outbound.service)
  if (policy === undefined) return []
  const { conf } = policy.spec as { readonly conf?: unknown }
  return saidOf(kind, [{ policy, ruleIndex: null, conf }])
}

function servicesBesides({ clusters, outbounds }: Draft): readonly string[] {
  const called = new Set(outbounds.map(({ outbound }) => outbound.service))
  const all = new Set([...clusters.values()].map(({ destination }) => destination.service))
  return [...all].filter(service => !called.has(service)).sort()
}
