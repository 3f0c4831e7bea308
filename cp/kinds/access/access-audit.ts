/** AccessAudit of Kong Mesh: which changes and requests are written to the audit log (kuma-api 7.6). Flat, global. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { accessSchema } from './accesses.ts'

const ruleSchema = z.object({
  types: optional(z.array(z.string()), 'Types of resources that are audited.', {
    default: 'all but the insights, which the control plane writes itself',
  }),
  mesh: optional(
    z.string(),
    'Only what is in this mesh, the mesh itself, and tokens and looks of its data planes.',
    {
      default: 'all meshes',
    },
  ),
  access: optional(z.array(accessSchema), 'What is audited.', { rule: 'this or accessAll' }),
  accessAll: optional(z.boolean(), 'Everything that `access` can say is audited.', {
    default: 'false',
    rule: 'this or access',
  }),
})

const accessAuditSchema = z.object({
  rules: optional(z.array(ruleSchema), 'What is audited: what one of them says.', { rule: 'at least one' }),
})

export type AccessAuditSpec = z.infer<typeof accessAuditSchema>
export type AuditRule = z.infer<typeof ruleSchema>

export const accessAudit = defineKind<AccessAuditSpec>({
  type: 'AccessAudit',
  path: 'accessaudits',
  scope: 'Global',
  encoding: 'flat',
  computedLabels: 'none',
  doc:
    'An AccessAudit says which changes of resources, which tokens and which looks into data planes are written to ' +
    'the audit log, with the user who did it: JSON lines in the file of `access.audit.file.path`. Of tokens and ' +
    'secrets only ids, claims and names are written.',
  schema: accessAuditSchema,
  check: ({ rules = [] }) =>
    rules.length === 0
      ? [violation('rules', 'must have at least one element')]
      : rules.flatMap((rule, i) => ruleViolations(rule, itemAt('rules', i))),
})

function ruleViolations(
  { types = [], access = [], accessAll = false }: AuditRule,
  path: string,
): Violation[] {
  const empty = types.flatMap((type, i) =>
    type === '' ? [violation(itemAt(fieldAt(path, 'types'), i), 'cannot be empty')] : [],
  )
  if (accessAll && access.length > 0) {
    return [...empty, violation(path, 'either access or accessAll can be specified')]
  }
  if (accessAll || access.length > 0) return empty
  return [
    ...empty,
    violation(fieldAt(path, 'access'), 'must have at least one element, or accessAll be true'),
  ]
}
