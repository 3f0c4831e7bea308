/** MeshTrafficPermission as the snapshot has it: rules in order, the first that matches decides, no match denies. */
import type { Permission, PermissionRule } from '#contract/listener.ts'

/** `uris`: URI names of the client's certificate. */
export function decide(
  permission: Permission,
  uris: readonly string[],
): Pick<PermissionRule, 'action' | 'policy'> {
  return permission.rules.find(one => one.principals.every(principal => uris.includes(principal))) ?? NO_RULE
}

const NO_RULE = { action: 'deny', policy: '' } as const
