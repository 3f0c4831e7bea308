/** AccessRoleBinding of Kong Mesh: who has which AccessRoles (kuma-api 7.5). Flat, global. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'

const accessRoleBindingSchema = z.object({
  subjects: optional(
    z.array(
      z.object({
        type: required(z.enum(['User', 'Group']), 'Whether `name` is that of a user or of a group.'),
        name: optional(
          z.string(),
          'Name of the user, or of a group: `mesh-system:authenticated` are all users with a token, ' +
            '`mesh-system:admin` the admins, who need no role.',
          { rule: 'not empty' },
        ),
      }),
    ),
    'Who gets the roles.',
    { rule: 'at least one' },
  ),
  roles: optional(z.array(z.string()), 'Names of AccessRoles.', { rule: 'at least one' }),
})

export type AccessRoleBindingSpec = z.infer<typeof accessRoleBindingSchema>

const NO_ELEMENT = 'must have at least one element'

export const accessRoleBinding = defineKind<AccessRoleBindingSpec>({
  type: 'AccessRoleBinding',
  path: 'access-role-bindings',
  singular: 'access-role-binding',
  scope: 'Global',
  encoding: 'flat',
  computedLabels: 'none',
  doc: 'An AccessRoleBinding gives AccessRoles to users and groups.',
  schema: accessRoleBindingSchema,
  warnings: ({ subjects = [] }) =>
    subjects.some(({ name }) => name === 'mesh-system:unauthenticated' || name === 'mesh-system:anonymous')
      ? ['callers without a token get nothing from roles: they never write']
      : [],
  check: ({ subjects = [], roles = [] }) => [
    ...(subjects.length === 0 ? [violation('subjects', NO_ELEMENT)] : []),
    ...subjects.flatMap(({ name = '' }, i) =>
      name === '' ? [violation(fieldAt(itemAt('subjects', i), 'name'), 'cannot be empty')] : [],
    ),
    ...(roles.length === 0 ? [violation('roles', NO_ELEMENT)] : []),
    ...roles.flatMap((role, i) => (role === '' ? [violation(itemAt('roles', i), 'cannot be empty')] : [])),
  ],
})
