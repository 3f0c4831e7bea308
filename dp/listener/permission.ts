/** MeshTrafficPermission as the snapshot has it: rules in order, the first that matches decides, no match denies. */
import type { Permission, PermissionRule } from '#contract/listener.ts'

/** `uris`: URI names of the client's certificate. */
export function decide(permission: Permission, uris: readonly string[]): PermissionRule['action'] {
  const rule = permission.rules.find(one => one.principals.every(principal => uris.includes(principal)))
  return rule?.action ?? 'deny'
}
