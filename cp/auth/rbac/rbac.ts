/**
 * The rule of roles (`access.type: rbac`, kuma-api 7.5): AccessRoles and their bindings say what users may change,
 * which tokens they may make and what they may look into. Admins may do all, anonymous callers nothing but what the
 * static rule lets them read, and everybody with a token reads what is no secret.
 */
import type { Access } from '../../kinds/access/accesses.ts'
import { kindByType } from '../../kinds/registry.ts'
import type { Store } from '../../store/store.ts'
import {
  type AccessControl,
  type AccessRefusal,
  type AccessSettings,
  type Action,
  type Change,
  refusalSentence,
  staticAccess,
  VIEWS,
  zoneTokenAccess,
} from '../access.ts'
import { type Derived, derive } from '../derived.ts'
import { isAdmin, isAnonymous, type User, userText } from '../user.ts'
import {
  allowsOther,
  allowsReading,
  allowsResource,
  type Content,
  isForType,
  Roles,
  type Rule,
  WRITES,
} from './roles.ts'
import { whenText } from './when-text.ts'

/** Roles named in an answer. */
const ROLES_NAMED = 5

export interface StartedAccess {
  readonly control: AccessControl
  stop(): void
}

/** Throws what the store throws. */
export async function startAccess(
  store: Store,
  settings: AccessSettings & { readonly type: 'rbac' | 'static' },
): Promise<StartedAccess> {
  if (settings.type === 'static') return { control: staticAccess(settings), stop: () => undefined }
  const roles = await derive(store, ['AccessRole', 'AccessRoleBinding'], stored => new Roles(stored))
  return { control: rbacAccess(roles, settings), stop: () => roles.stop() }
}

export function rbacAccess(roles: Pick<Derived<Roles>, 'value'>, settings: AccessSettings): AccessControl {
  const fallback = staticAccess(settings)
  return {
    refusal(user, action) {
      if (isAdmin(user)) return null
      if (isAnonymous(user) || (action.type === 'read' && !action.kind.adminOnly))
        return fallback.refusal(user, action)
      const now = roles.value()
      const own = now.of(user)
      return isAllowed(own, action) ? null : refusalOf(user, action, own, now.all)
    },
  }
}

function isAllowed(rules: readonly Rule[], action: Action): boolean {
  switch (action.type) {
    case 'read': {
      const { type } = action.kind
      const mesh = kindByType(type)?.scope === 'Global' ? '' : action.mesh
      return rules.some(rule => allowsReading(rule, { type, mesh, name: action.name }))
    }
    case 'write':
      return rules.some(
        rule => isForType(rule, action.kind.type) && WRITES.some(access => rule.access.has(access)),
      )
    case 'change':
      return contentsOf(action).every(content =>
        rules.some(rule => allowsResource(rule, accessOf(action), content)),
      )
    case 'dataplane-token':
      return rules.some(rule => allowsOther(rule, 'GENERATE_DATAPLANE_TOKEN', action))
    case 'user-token': {
      // roles give parts of an admin's rights, never the whole
      const what = { mesh: '', name: action.name }
      return !isAdmin(action) && rules.some(rule => allowsOther(rule, 'GENERATE_USER_TOKEN', what))
    }
    case 'zone-token': {
      const what = { mesh: '', name: action.zone }
      return zoneTokenAccess(action.scope).every(access =>
        rules.some(rule => allowsOther(rule, access, what)),
      )
    }
    case 'view': {
      const { mesh = '', name = '' } = action
      // as in 2.14: whoever makes tokens of data planes needs to know where they go
      const isSettings = action.what === 'control plane metadata'
      return rules.some(
        rule =>
          allowsOther(rule, VIEWS[action.what], { mesh, name }) ||
          (isSettings && rule.access.has('GENERATE_DATAPLANE_TOKEN')),
      )
    }
  }
}

function accessOf({ before, after }: Change): Access {
  if (before === null) return 'CREATE'
  return after === null ? 'DELETE' : 'UPDATE'
}

/** A change takes something away and puts something there: both have to be allowed. */
function contentsOf({ before, after }: Change) {
  return [before, after].filter(content => content !== null)
}

function refusalOf(user: User, action: Action, own: readonly Rule[], all: readonly Rule[]): AccessRefusal {
  const isWrite = action.type === 'change' || action.type === 'write'
  const detail = isWrite
    ? `user ${JSON.stringify(userText(user))} cannot access the resource`
    : refusalSentence(user, action)
  if (action.type === 'user-token' && isAdmin(action)) {
    return { detail, advice: 'only admins make tokens for the user or the group mesh-system:admin' }
  }
  const held = namesOf(own)
  const enough = [...Map.groupBy(all, ({ role }) => role)]
    .filter(([, rules]) => isAllowed(rules, action))
    .map(([role]) => role)
  const has = held.length === 0 ? 'you have no role' : `you have ${roleText(held)}${unmetText(action, own)}`
  const remedy =
    enough.length === 0
      ? 'no role allows it yet; ask an admin for an AccessRole and its AccessRoleBinding'
      : `${roleText(enough)} would do; ask an admin for an AccessRoleBinding`
  return { detail, advice: `this needs ${needOf(action)}; ${has}; ${remedy}` }
}

/** Of own rules that would do if it were not for their `when`. */
function unmetText(action: Action, own: readonly Rule[]): string {
  const isUnmet = (rule: Rule): boolean =>
    rule.conditions !== null && isAllowed([...own, { ...rule, conditions: null }], action)
  const unmet = own.filter(isUnmet)
  return unmet.length === 0
    ? ''
    : `, but ${whenText(unmet)}, which does not match ${unmatchedText(action, own)}`
}

function unmatchedText(action: Action, own: readonly Rule[]): string {
  if (action.type !== 'change') return 'what was asked for'
  const texts = { before: 'what it says now', after: 'what it shall say' }
  const isMet = (content: Content): boolean =>
    own.some(rule => allowsResource(rule, accessOf(action), content))
  const unmatched = (['before', 'after'] as const).filter(when => {
    const content = action[when]
    return content !== null && !isMet(content)
  })
  return unmatched.map(when => texts[when]).join(' and ')
}

function namesOf(rules: readonly Rule[]): readonly string[] {
  return [...new Set(rules.map(({ role }) => role))]
}

function roleText(names: readonly string[]): string {
  const sorted = names.toSorted()
  const more = sorted.length > ROLES_NAMED ? ` and ${sorted.length - ROLES_NAMED} more` : ''
  return `${sorted.length === 1 ? 'the role' : 'the roles'} ${sorted.slice(0, ROLES_NAMED).join(', ')}${more}`
}

function needOf(action: Action): string {
  switch (action.type) {
    case 'change': {
      const access = accessOf(action)
      const { name, mesh } = action.before ?? action.after ?? { name: '', mesh: '' }
      const both = access === 'UPDATE' ? ', for what it says now and for what it shall say' : ''
      return `${access} of ${action.kind.type} ${name}${mesh === '' ? '' : ` in mesh ${mesh}`}${both}`
    }
    case 'write':
      return `${WRITES.join(', ')} of ${action.kind.type}`
    case 'read':
      return `a role that names the type ${action.kind.type}`
    case 'dataplane-token':
      return `GENERATE_DATAPLANE_TOKEN in mesh ${action.mesh}, for these tags`
    case 'user-token':
      return 'GENERATE_USER_TOKEN'
    case 'zone-token':
      return zoneTokenAccess(action.scope).join(' and ')
    case 'view':
      return VIEWS[action.what]
  }
}
