/**
 * User × action → allowed, or the sentence of the 403 (kuma-api 1.3). Stricter than Kuma (decisions "Who may what"):
 * anonymous callers write nothing, and read resources only where `anonymousRead` is set. Secrets and tokens are for
 * admins.
 */
import type { Kind } from '../kinds/kind.ts'
import { isAdmin, UNAUTHENTICATED, type User, userText } from './user.ts'

export type Action =
  | { readonly type: 'read' | 'write'; readonly kind: Pick<Kind, 'type' | 'adminOnly'> }
  | { readonly type: 'dataplane-token' | 'user-token' }
  | { readonly type: 'zone-token'; readonly zone: string }
  /** Reads something that is not a resource, named for the sentence: `config`, `config dump`. */
  | { readonly type: 'view'; readonly what: string }

export interface AccessSettings {
  readonly anonymousRead: boolean
}

/** null: allowed; else the `detail` of the answer. */
export function accessRefusal(user: User, action: Action, settings: AccessSettings): string | null {
  if (isAdmin(user)) return null
  const who = `user ${JSON.stringify(userText(user))}`
  switch (action.type) {
    case 'dataplane-token':
      return `${who} cannot access generate dataplane token`
    case 'zone-token':
      return `${who} cannot access generate zone token for zone '${action.zone}'`
    case 'user-token':
      return 'action not allowed'
    case 'view':
      return isAnonymous(user) ? `${who} cannot access ${action.what}` : null
    case 'read':
      if (!action.kind.adminOnly && (settings.anonymousRead || !isAnonymous(user))) return null
      return `${who} cannot access the resource of type ${JSON.stringify(action.kind.type)}`
    case 'write':
      if (!action.kind.adminOnly && !isAnonymous(user)) return null
      return `${who} cannot access the resource of type ${JSON.stringify(action.kind.type)}`
  }
}

function isAnonymous(user: User): boolean {
  return user.groups.includes(UNAUTHENTICATED)
}
