/**
 * MeshTrafficPermission `from` items → the permission of each inbound with mTLS. The last item in precedence that a
 * client matches decides (Kuma semantics 2.7); the contract's rules stand the other way round, so that the first
 * match decides. Without any item everybody is denied.
 */
import type { Permission, PermissionRule } from '#contract/listener.ts'
import type { Resource } from '../../kinds/kind.ts'
import type { DataplaneSpec } from '../../kinds/proxy/dataplane.ts'
import { uriOfTag } from '../../kinds/spiffe.ts'
import { type InboundItem, inboundItems } from '../../match/inbound.ts'
import type { MeshView } from '../../match/view.ts'
import type { Draft } from '../draft.ts'

type Action = 'Allow' | 'Deny' | 'AllowWithShadowDeny'

const ACTIONS: Readonly<Record<Action, PermissionRule['action']>> = {
  Allow: 'allow',
  Deny: 'deny',
  AllowWithShadowDeny: 'shadow-deny',
}

export function compileMeshTrafficPermission(
  view: MeshView,
  dataplane: Resource<DataplaneSpec>,
  draft: Draft,
): void {
  for (const target of draft.inbounds) {
    const { tls } = target.listener
    if (tls === null) continue
    const items = inboundItems<{ readonly action: Action }>(
      view,
      'MeshTrafficPermission',
      dataplane,
      target.inbound,
    )
    const permission = permissionOf(view.mesh.name, items)
    target.listener = { ...target.listener, tls: { ...tls, permission } }
  }
}

function permissionOf(mesh: string, items: readonly InboundItem<{ readonly action: Action }>[]): Permission {
  const rules: PermissionRule[] = []
  for (const item of items.toReversed()) {
    const principals = Object.entries(item.clientTags).map(([tag, value]) => uriOfTag(mesh, tag, value))
    rules.push({ principals: principals.sort(), action: ACTIONS[item.conf.action], policy: item.policy.name })
    // a rule for everybody hides all that follow
    if (principals.length === 0) break
  }
  return { rules }
}
