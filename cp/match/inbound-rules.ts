/**
 * What policies say about the inbounds of a data plane, as the inspect API shows it: `from` items as rules by the tags of
 * clients, `rules` as entries by their matches (Kuma semantics 2.6, 2.9). Policies whose `from` means the whole mesh show
 * it as an entry too.
 */
import type { Resource } from '../kinds/kind.ts'
import { type DataplaneInbound, type DataplaneSpec, inboundsOf } from '../kinds/proxy/dataplane.ts'
import { itemsOf, mergeItems, type Origin, taggedItems } from './items.ts'
import { policiesOfInbound } from './proxy.ts'
import { type SubsetRule, subsetRules } from './subset.ts'
import type { MeshView } from './view.ts'

export interface RulesOfInbound<Rule> {
  readonly inbound: DataplaneInbound
  /** Not empty. */
  readonly rules: readonly Rule[]
}

/** What holds for clients that match; `match` undefined: for all. */
export interface MatchRule {
  readonly conf: unknown
  readonly match: unknown
  readonly origin: Origin
}

interface Match {
  readonly spiffeID?: { readonly type: string } | undefined
  readonly sni?: unknown
}

export function fromRules(
  view: MeshView,
  type: string,
  dataplane: Resource<DataplaneSpec>,
): readonly RulesOfInbound<SubsetRule>[] {
  return perInbound(dataplane, inbound => fromRulesOf(view, type, dataplane, inbound))
}

/** Of one inbound. */
export function fromRulesOf(
  view: MeshView,
  type: string,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): readonly SubsetRule[] {
  const policies = policiesOfInbound(view, type, dataplane, inbound)
  return subsetRules(taggedItems(view, itemsOf(policies, 'from')), false)
}

/** @param isFromAsRules see PolicyTraits */
export function matchRules(
  view: MeshView,
  type: string,
  dataplane: Resource<DataplaneSpec>,
  isFromAsRules: boolean,
): readonly RulesOfInbound<MatchRule>[] {
  return perInbound(dataplane, inbound => matchRulesOf(view, type, dataplane, inbound, isFromAsRules))
}

/** Of one inbound. @param isFromAsRules see PolicyTraits */
export function matchRulesOf(
  view: MeshView,
  type: string,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
  isFromAsRules: boolean,
): readonly MatchRule[] {
  return policiesOfInbound(view, type, dataplane, inbound)
    .flatMap(policy => [...entriesOf(policy), ...(isFromAsRules ? entriesOfFrom(policy) : [])])
    .toSorted((a, b) => weightOf(b.match) - weightOf(a.match))
}

/** What holds for all clients of an inbound: the entries without match, merged; undefined: there are none. */
export function catchAllConf(rules: readonly MatchRule[]): unknown {
  return mergeItems(catchAllItems(rules))
}

/** What that is merged of, lowest precedence first. */
export function catchAllItems(
  rules: readonly MatchRule[],
): readonly { readonly policy: Resource; readonly conf: unknown }[] {
  return rules
    .filter(({ match }) => match === undefined)
    .map(({ conf, origin }) => ({ policy: origin.policy, conf }))
}

function perInbound<Rule>(
  dataplane: Resource<DataplaneSpec>,
  rulesOf: (inbound: DataplaneInbound) => readonly Rule[],
): readonly RulesOfInbound<Rule>[] {
  return inboundsOf(dataplane.spec)
    .map(inbound => ({ inbound, rules: rulesOf(inbound) }))
    .filter(({ rules }) => rules.length > 0)
}

/** One for each match of a rule. */
function entriesOf(policy: Resource): readonly MatchRule[] {
  const { rules = [] } = policy.spec as {
    rules?: readonly { readonly matches?: readonly Match[]; readonly default?: unknown }[]
  }
  return rules.flatMap(({ matches, default: conf = {} }, ruleIndex) => {
    const origin = { policy, ruleIndex }
    const all: readonly (Match | undefined)[] =
      matches === undefined || matches.length === 0 ? [undefined] : matches
    return all.map(match => ({ conf, match, origin }))
  })
}

function entriesOfFrom(policy: Resource): readonly MatchRule[] {
  return itemsOf([policy], 'from')
    .filter(({ targetRef }) => targetRef.kind === 'Mesh')
    .map(({ conf, ruleIndex }) => ({ conf, match: undefined, origin: { policy, ruleIndex } }))
}

/** Identity before none, exact before prefix, server name before none. */
function weightOf(match: unknown): number {
  const { spiffeID, sni } = (match ?? {}) as Match
  const identity = spiffeID === undefined ? 0 : spiffeID.type === 'Exact' ? 4 : 2
  return identity + (sni === undefined ? 0 : 1)
}
