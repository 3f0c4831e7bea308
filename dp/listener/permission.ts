/** The permission of an inbound as the snapshot has it: rules in order, the first that fits decides, none denies. */
import type { Permission, PermissionRule } from '#contract/listener.ts'
import { fitsClient } from './client-match.ts'

/** `uris`: URI names of the client's certificate. `sni`: the server name that it asked for; ''. */
export function decide(
  permission: Permission,
  uris: readonly string[],
  sni = '',
): Pick<PermissionRule, 'action' | 'policy'> {
  return permission.rules.find(one => fitsClient(one, uris, sni)) ?? NO_RULE
}

const NO_RULE = { action: 'deny', policy: '' } as const
