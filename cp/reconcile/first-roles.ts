/**
 * The roles that a store gets once: with them users may write what is no secret, until an operator narrows it. A
 * marker remembers that they were made, so that what was deleted or changed stays so.
 */
import type { Logger } from '#base/log.ts'
import { GUARDED_TYPES } from '../auth/access.ts'
import { WRITES } from '../auth/rbac/roles.ts'
import { AUTHENTICATED } from '../auth/user.ts'
import { type AccessRoleSpec, accessRole } from '../kinds/access/access-role.ts'
import { type AccessRoleBindingSpec, accessRoleBinding } from '../kinds/access/access-role-binding.ts'
import { ACCESSES } from '../kinds/access/accesses.ts'
import type { Kind, ResourceDraft } from '../kinds/kind.ts'
import type { GuardedStore } from '../store/guarded-store.ts'
import type { Store } from '../store/store.ts'

const MARKER = { type: 'Config', mesh: '', name: 'vmesh-first-roles' }

/** What exists is never touched. Throws what the store throws. */
export async function createFirstRoles(options: {
  readonly store: Store
  readonly guarded: GuardedStore
  readonly log: Logger
}): Promise<void> {
  const { store, guarded, log } = options
  if ((await store.get(MARKER)) !== null) return
  const make = async <Spec>(kind: Kind<Spec>, name: string, spec: Spec): Promise<void> => {
    const draft: ResourceDraft<Spec> = { type: kind.type, mesh: '', name, labels: {}, spec }
    if ((await store.get(draft)) === null) await guarded.put(kind, draft, { expectedRevision: 0 })
  }
  await make(accessRole, 'admin', ADMIN)
  await make(accessRole, 'writer', WRITER)
  await make(accessRoleBinding, 'default', DEFAULT)
  await store.commit([{ op: 'put', resource: { ...MARKER, labels: {}, spec: { config: 'made' } } }])
  log.info(
    'made AccessRoles admin and writer; AccessRoleBinding default lets all users write what is no secret',
  )
}

const ADMIN: AccessRoleSpec = {
  rules: [{ access: [...ACCESSES] }, { types: [...GUARDED_TYPES], access: [...WRITES] }],
}

const WRITER: AccessRoleSpec = {
  rules: [{ access: [...WRITES, ...ACCESSES.filter(access => access.startsWith('VIEW_'))] }],
}

const DEFAULT: AccessRoleBindingSpec = {
  subjects: [{ type: 'Group', name: AUTHENTICATED }],
  roles: ['writer'],
}
