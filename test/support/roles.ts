/** AccessRoles and bindings as they are stored, in short. */
import type { AccessRule } from '../../cp/kinds/access/access-role.ts'
import type { ResourceDraft } from '../../cp/kinds/kind.ts'
import type { Store } from '../../cp/store/store.ts'

export type Draft = ResourceDraft

export function roleDraft(name: string, rules: readonly AccessRule[]): Draft {
  return { type: 'AccessRole', mesh: '', name, labels: {}, spec: { rules } }
}

/** @param subjects `User ann`, `Group team-a` */
export function bindingDraft(name: string, subjects: readonly string[], roles: readonly string[]): Draft {
  const list = subjects.map(subject => {
    const [type, subjectName] = subject.split(' ')
    return { type, name: subjectName }
  })
  return { type: 'AccessRoleBinding', mesh: '', name, labels: {}, spec: { subjects: list, roles } }
}

/** Past all checks. */
export async function putRoles(store: Store, ...drafts: readonly Draft[]): Promise<void> {
  await store.commit(drafts.map(resource => ({ op: 'put', resource })))
}
