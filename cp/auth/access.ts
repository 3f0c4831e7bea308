/**
 * User × action → allowed, or the sentence of the 403 (kuma-api 1.3). This is the static rule (`access.type: static`):
 * secrets, roles and tokens are for admins, the rest for users. What holds beyond it for all rules: anonymous callers write
 * nothing, and read resources only where `anonymousRead` is set (decisions "Who may what").
 */
import { CodedError } from '#base/errors.ts'
import type { Access } from '../kinds/access/accesses.ts'
import type { Kind, Resource, ResourceDraft } from '../kinds/kind.ts'
import { isAdmin, isAnonymous, type User, userText } from './user.ts'

export type Action =
  /** Of one resource, or of a list: then without `name`, and without `mesh` when it is of all meshes. */
  | ({ readonly type: 'read'; readonly kind: KindOfAction } & Place)
  /** Some change of some resource of a kind: for what is to be refused before anything is looked at. */
  | { readonly type: 'write'; readonly kind: KindOfAction }
  | Change
  | {
      readonly type: 'dataplane-token'
      readonly mesh: string
      readonly name: string
      readonly tags: Readonly<Record<string, readonly string[]>>
    }
  | { readonly type: 'user-token'; readonly name: string; readonly groups: readonly string[] }
  | { readonly type: 'zone-token'; readonly zone: string; readonly scope: readonly string[] }
  /** A look at what is not a resource; at a proxy, its `proxy` is the type of that. */
  | ({ readonly type: 'view'; readonly what: View; readonly proxy?: string } & Place)

/** This change of one resource: `before` null when it is new, `after` null when it goes. */
export interface Change {
  readonly type: 'change'
  readonly kind: KindOfAction
  readonly before: Resource | null
  readonly after: ResourceDraft | null
}

type KindOfAction = Pick<Kind, 'type' | 'adminOnly'>

interface Place {
  readonly mesh?: string | undefined
  readonly name?: string | undefined
}

/**
 * Whoever may write these can give himself everything, or cover up what he did: for admins, and for roles that name
 * the type. A rule for all types is not for them.
 */
export const GUARDED_TYPES: ReadonlySet<string> = new Set([
  'Secret',
  'GlobalSecret',
  'AccessRole',
  'AccessRoleBinding',
  'AccessAudit',
])

/** As the sentence names them, with what roles and audits call them. */
export const VIEWS = {
  'config dump': 'VIEW_CONFIG_DUMP',
  stats: 'VIEW_STATS',
  clusters: 'VIEW_CLUSTERS',
  'control plane metadata': 'VIEW_CONTROL_PLANE_METADATA',
} as const satisfies Record<string, Access>

export type View = keyof typeof VIEWS

/** What roles and audits call a token for these scopes: that of a zone's control plane has a right of its own. */
export function zoneTokenAccess(scope: readonly string[]): readonly Access[] {
  const others = scope.length === 0 || scope.some(one => one !== 'cp')
  return [
    ...(scope.includes('cp') ? ['GENERATE_ZONE_CP_TOKEN' as const] : []),
    ...(others ? ['GENERATE_ZONE_TOKEN' as const] : []),
  ]
}

export interface AccessRefusal {
  /** Kuma's sentence, the `detail` of the answer. */
  readonly detail: string
  /** What would be needed; null: nothing can be said. */
  readonly advice: string | null
}

export interface AccessControl {
  /** null: allowed. Answers at once and looks at what is stored in this moment. */
  refusal(user: User, action: Action): AccessRefusal | null
}

export interface AccessSettings {
  readonly anonymousRead: boolean
}

export function staticAccess(settings: AccessSettings): AccessControl {
  return {
    refusal(user, action) {
      const detail = accessRefusal(user, action, settings)
      return detail === null ? null : { detail, advice: null }
    },
  }
}

/** null: allowed; else the `detail` of the answer. */
export function accessRefusal(user: User, action: Action, settings: AccessSettings): string | null {
  if (isAdmin(user)) return null
  const refused = refusalSentence(user, action)
  switch (action.type) {
    case 'view':
      return isAnonymous(user) ? refused : null
    case 'read':
      return !action.kind.adminOnly && (settings.anonymousRead || !isAnonymous(user)) ? null : refused
    case 'write':
    case 'change':
      return !GUARDED_TYPES.has(action.kind.type) && !isAnonymous(user) ? null : refused
    default:
      return refused
  }
}

/** In Kuma's words. */
export function refusalSentence(user: User, action: Action): string {
  const who = `user ${JSON.stringify(userText(user))}`
  switch (action.type) {
    case 'dataplane-token':
      return `${who} cannot access generate dataplane token`
    case 'zone-token':
      return `${who} cannot access generate zone token for zone '${action.zone}'`
    case 'user-token':
      return 'action not allowed'
    case 'view':
      return `${who} cannot access ${action.what}`
    default:
      return `${who} cannot access the resource of type ${JSON.stringify(action.kind.type)}`
  }
}

/** For those who find out in the middle of a write; the API makes the 403 of it. */
export class AccessDenied extends CodedError {
  readonly refusal: AccessRefusal

  constructor(refusal: AccessRefusal) {
    super('auth.denied', refusal.detail)
    this.refusal = refusal
  }
}
