/**
 * TrafficPermission and MeshTrafficPermission → the permission of each inbound with mTLS (Kuma semantics 3.7, 2.13). The
 * contract's rules stand in the order in which they decide: denials of `rules`, then `from` items from the last in
 * precedence to the first (2.7), then what `rules` allow. Where no MeshTrafficPermission selects the inbound the
 * TrafficPermission does that fits it best; without either everybody is denied.
 */
import type { ClientMatch } from '#contract/client-match.ts'
import type { Permission, PermissionRule } from '#contract/listener.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { Match } from '../../kinds/policy.ts'
import type { DataplaneInbound, DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { uriOfTag } from '../../kinds/spiffe.ts'
import { type InboundItem, inboundItems } from '../../match/inbound.ts'
import { inboundPolicy, selectorsOf } from '../../match/legacy/connection.ts'
import { policiesOfInbound } from '../../match/proxy.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'

type Action = 'Allow' | 'Deny' | 'AllowWithShadowDeny'

const ACTIONS: Readonly<Record<Action, PermissionRule['action']>> = {
  Allow: 'allow',
  Deny: 'deny',
  AllowWithShadowDeny: 'shadow-deny',
}

type RuleConf = Readonly<Partial<Record<'deny' | 'allow' | 'allowWithShadowDeny', readonly Match[]>>>

interface RulesSpec {
  readonly rules?: readonly { readonly default?: RuleConf }[]
}

export function compileTrafficPermission(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  for (const target of draft.inbounds) {
    const { tls } = target.listener
    if (tls === null) continue
    const permission = permissionOf(view, dataplane, target.inbound)
    target.listener = { ...target.listener, tls: { ...tls, permission } }
  }
}

function permissionOf(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  inbound: DataplaneInbound,
): Permission {
  const policies = policiesOfInbound(view, 'MeshTrafficPermission', dataplane, inbound)
  if (policies.length === 0) return { rules: legacyRules(view, inbound) }
  const items = inboundItems<{ readonly action: Action }>(view, 'MeshTrafficPermission', dataplane, inbound)
  const rules = [
    ...matched(policies, 'deny', 'deny'),
    ...fromRules(view.mesh.name, items),
    ...matched(policies, 'allow', 'allow'),
    ...matched(policies, 'allowWithShadowDeny', 'shadow-deny'),
  ]
  // a rule for everybody hides all that follow
  const last = rules.findIndex(isForAll)
  return { rules: last < 0 ? rules : rules.slice(0, last + 1) }
}

function fromRules(
  mesh: string,
  items: readonly InboundItem<{ readonly action: Action }>[],
): PermissionRule[] {
  return items.toReversed().map(({ clientTags, conf, policy }) => ({
    principals: principalsOf(mesh, clientTags),
    action: ACTIONS[conf.action],
    policy: `MeshTrafficPermission/${policy.name}`,
  }))
}

function matched(
  policies: readonly Resource[],
  list: keyof RuleConf,
  action: PermissionRule['action'],
): PermissionRule[] {
  return policies.flatMap(({ name, spec }) =>
    ((spec as RulesSpec).rules ?? []).flatMap(rule =>
      (rule.default?.[list] ?? []).map(match => ({
        principals: [],
        ...clientOf(match),
        action,
        policy: `MeshTrafficPermission/${name}`,
      })),
    ),
  )
}

/** Of `spiffeID` and `sni`. */
export function clientOf({ spiffeID, sni }: Match): ClientMatch {
  return {
    ...(spiffeID?.type === 'Exact' && { principals: [spiffeID.value] }),
    ...(spiffeID?.type === 'Prefix' && { prefixes: [spiffeID.value] }),
    ...(sni !== undefined && { sni: sni.value }),
  }
}

function legacyRules(view: MeshView, inbound: DataplaneInbound): readonly PermissionRule[] {
  const policy = inboundPolicy(view, 'TrafficPermission', inbound.tags)
  if (policy === undefined) return []
  return selectorsOf(policy, 'sources').map(({ match }) => ({
    // a wildcard is no demand of a member
    principals: principalsOf(
      view.mesh.name,
      Object.fromEntries(Object.entries(match ?? {}).filter(([, value]) => value !== '*')),
    ),
    action: 'allow',
    policy: `TrafficPermission/${policy.name}`,
  }))
}

function principalsOf(mesh: string, tags: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(tags)
    .map(([tag, value]) => uriOfTag(mesh, tag, value))
    .sort()
}

function isForAll({ principals, prefixes, sni }: PermissionRule): boolean {
  return principals.length === 0 && prefixes === undefined && sni === undefined
}
