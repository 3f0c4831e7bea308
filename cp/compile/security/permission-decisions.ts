/**
 * What permissions decide about the clients of one inbound, in the order in which they are asked: denials of `rules`, then
 * `from` items from the last in precedence to the first (Kuma semantics 2.7), then what `rules` allow. Where no
 * MeshTrafficPermission selects the inbound the TrafficPermission does that fits it best (2.13, 3.7). Whom no decision fits is
 * denied.
 */
import type { Resource } from '../../kinds/kind.ts'
import type { Match } from '../../kinds/policy.ts'
import type { DataplaneInbound, DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { inboundItems } from '../../match/inbound.ts'
import { inboundPolicy, selectorsOf } from '../../match/legacy/connection.ts'
import { policiesOfInbound } from '../../match/proxy.ts'
import type { MeshView } from '../../match/view.ts'

export type Action = 'Allow' | 'Deny' | 'AllowWithShadowDeny'

/** With neither `clients` nor `match` it is about everybody. */
export interface PermissionDecision {
  /** About clients that carry these tags. */
  readonly clients?: Readonly<Record<string, string>>
  /** About clients that match. */
  readonly match?: Match
  readonly action: Action
  readonly policy: Resource
  /** Of the item in `from` or `rules`; null: of a policy without such a list. */
  readonly ruleIndex: number | null
}

export function permissionDecisions(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): readonly PermissionDecision[] {
  const policies = policiesOfInbound(view, TYPE, dataplane, inbound)
  if (policies.length === 0) return legacyDecisions(view, inbound)
  const decisions = [
    ...matched(policies, 'deny', 'Deny'),
    ...fromItems(view, dataplane, inbound),
    ...matched(policies, 'allow', 'Allow'),
    ...matched(policies, 'allowWithShadowDeny', 'AllowWithShadowDeny'),
  ]
  // one about everybody hides all that follow
  const last = decisions.findIndex(isAboutAll)
  return last < 0 ? decisions : decisions.slice(0, last + 1)
}

const TYPE = 'MeshTrafficPermission'

type RuleConf = Readonly<Partial<Record<'deny' | 'allow' | 'allowWithShadowDeny', readonly Match[]>>>

interface RulesSpec {
  readonly rules?: readonly { readonly default?: RuleConf }[]
}

function matched(policies: readonly Resource[], list: keyof RuleConf, action: Action): PermissionDecision[] {
  return policies.flatMap(policy =>
    ((policy.spec as RulesSpec).rules ?? []).flatMap((rule, ruleIndex) =>
      (rule.default?.[list] ?? []).map(match => ({ match, action, policy, ruleIndex })),
    ),
  )
}

function fromItems(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): PermissionDecision[] {
  return inboundItems<{ readonly action: Action }>(view, TYPE, dataplane, inbound)
    .toReversed()
    .map(({ clientTags, conf, policy, ruleIndex }) => ({
      clients: clientTags,
      action: conf.action,
      policy,
      ruleIndex,
    }))
}

function legacyDecisions(view: MeshView, inbound: DataplaneInbound): readonly PermissionDecision[] {
  const policy = inboundPolicy(view, 'TrafficPermission', inbound.tags)
  if (policy === undefined) return []
  return selectorsOf(policy, 'sources').map(({ match = {} }) => ({
    // a wildcard is no demand of a member
    clients: Object.fromEntries(Object.entries(match).filter(([, value]) => value !== '*')),
    action: 'Allow',
    policy,
    ruleIndex: null,
  }))
}

function isAboutAll({ clients, match }: PermissionDecision): boolean {
  if (match !== undefined) return match.spiffeID === undefined && match.sni === undefined
  return Object.keys(clients ?? {}).length === 0
}
