/** TrafficPermission and MeshTrafficPermission → the permission of each inbound with mTLS (Kuma semantics 3.7). */
import type { ClientMatch } from '#contract/client-match.ts'
import type { PermissionRule } from '#contract/listener.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { Match } from '../../kinds/policy.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { uriOfTag } from '../../kinds/spiffe.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'
import { type Action, type PermissionDecision, permissionDecisions } from './permission-decisions.ts'

const ACTIONS: Readonly<Record<Action, PermissionRule['action']>> = {
  Allow: 'allow',
  Deny: 'deny',
  AllowWithShadowDeny: 'shadow-deny',
}

export function compileTrafficPermission(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  for (const target of draft.inbounds) {
    const { tls } = target.listener
    if (tls === null) continue
    const decisions = permissionDecisions(view, dataplane, target.inbound)
    const rules = decisions.map(decision => ruleOf(view.mesh.name, decision))
    target.listener = { ...target.listener, tls: { ...tls, permission: { rules } } }
  }
}

function ruleOf(mesh: string, { clients = {}, match, action, policy }: PermissionDecision): PermissionRule {
  return {
    principals: principalsOf(mesh, clients),
    ...(match && clientOf(match)),
    action: ACTIONS[action],
    policy: `${policy.type}/${policy.name}`,
  }
}

/** Of `spiffeID` and `sni`. */
export function clientOf({ spiffeID, sni }: Match): ClientMatch {
  return {
    ...(spiffeID?.type === 'Exact' && { principals: [spiffeID.value] }),
    ...(spiffeID?.type === 'Prefix' && { prefixes: [spiffeID.value] }),
    ...(sni !== undefined && { sni: sni.value }),
  }
}

function principalsOf(mesh: string, tags: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(tags)
    .map(([tag, value]) => uriOfTag(mesh, tag, value))
    .sort()
}
