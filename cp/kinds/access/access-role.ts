/**
 * AccessRole of Kong Mesh: what somebody may do through the API, until an AccessRoleBinding gives it to people
 * (kuma-api 7.5). Flat, global.
 */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { selectorViolations, tagsSchema, violation } from '../fields.ts'
import { defineKind, type Violation } from '../kind.ts'
import { optional } from '../schema/doc.ts'
import { TARGET_KINDS, type TargetRefRules, targetRefSchema, targetRefViolations } from '../target-ref.ts'
import { accessSchema } from './accesses.ts'

const matchSchema = z.object({
  match: optional(tagsSchema, 'Tags that have to be there; `*` in a value stands for any text.', {
    rule: 'at least one tag',
  }),
})
const itemsSchema = z.object({
  targetRef: optional(targetRefSchema, 'What each item is for.', { rule: 'must be there' }),
})

const whenSchema = z.object({
  targetRef: optional(targetRefSchema, 'The policy is for this.', { default: 'anything' }),
  to: optional(itemsSchema, 'Items of its `to` are for this; it has none of `from` and `rules`.', {
    default: 'anything, unless `from` is given',
  }),
  from: optional(
    itemsSchema,
    'Items of its `from` are for this, `rules` being for `kind: Mesh`; it has none of `to`.',
    { default: 'anything, unless `to` is given' },
  ),
  sources: optional(matchSchema, 'All its sources have these tags (legacy policies).', {
    default: 'anything',
  }),
  destinations: optional(matchSchema, 'All its destinations have these tags (legacy policies).', {
    default: 'anything',
  }),
  selectors: optional(matchSchema, 'All its selectors have these tags (legacy policies).', {
    default: 'anything',
  }),
  dpToken: optional(
    z.object({
      tags: optional(
        z.array(
          z.object({
            name: optional(z.string(), 'Name of the tag.', { rule: 'not empty' }),
            value: optional(z.string(), 'Its value; `*` in it stands for any text.', { rule: 'not empty' }),
          }),
        ),
        'Tags that the token has.',
        { rule: 'at least one' },
      ),
    }),
    'The data plane token is for these tags (GENERATE_DATAPLANE_TOKEN).',
    { default: 'any' },
  ),
})

const ruleSchema = z.object({
  types: optional(
    z.array(z.string()),
    'Types of resources that it is for. Secret, GlobalSecret, AccessRole, AccessRoleBinding and AccessAudit have to ' +
      'be named: who may write an AccessRole can give himself everything. Tokens and looks have no type.',
    { default: 'all others' },
  ),
  names: optional(
    z.array(z.string()),
    'Names of resources that it is for, or those in tokens, or of the data planes looked at.',
    { default: 'all' },
  ),
  mesh: optional(
    z.string(),
    'Only what is in this mesh, the mesh itself, and tokens and looks of its data planes; `*` for any mesh.',
    { default: 'any mesh, and what is in none' },
  ),
  access: optional(
    z.array(accessSchema),
    'What may be done. Users read without a role, except secrets: those only with a rule that names their type.',
    { rule: 'at least one' },
  ),
  when: optional(
    z.array(whenSchema),
    'Only when one of these holds for the content, before and after the change; with several items in `to` or ' +
      '`from`, one for each. Of tokens only those of data planes can be narrowed by it, looks cannot: such a rule ' +
      'gives none of the others.',
    { default: 'always', rule: 'each with at least one field' },
  ),
})

const accessRoleSchema = z.object({
  rules: optional(z.array(ruleSchema), 'What may be done: what one of them allows.', {
    rule: 'at least one',
  }),
})

export type AccessRoleSpec = z.infer<typeof accessRoleSchema>
export type AccessRule = z.infer<typeof ruleSchema>
export type AccessCondition = z.infer<typeof whenSchema>

const ANY_TARGET: TargetRefRules = { kinds: TARGET_KINDS, isInbound: true, hasGatewayTags: true }
const NO_ELEMENT = 'must have at least one element'

export const accessRole = defineKind<AccessRoleSpec>({
  type: 'AccessRole',
  path: 'access-roles',
  singular: 'access-role',
  scope: 'Global',
  encoding: 'flat',
  computedLabels: 'none',
  doc:
    'An AccessRole says what may be done through the API: which changes to which resources, which tokens, which ' +
    'looks into data planes. It has an effect for those whom an AccessRoleBinding gives it, unless the control plane ' +
    'runs with `access.type: static`. Admins (user or group mesh-system:admin) need none, callers without a token get ' +
    'nothing from any.',
  schema: accessRoleSchema,
  check: ({ rules = [] }) =>
    rules.length === 0
      ? [violation('rules', NO_ELEMENT)]
      : rules.flatMap((rule, i) => ruleViolations(rule, itemAt('rules', i))),
})

function ruleViolations(
  { types = [], names = [], access = [], when = [] }: AccessRule,
  path: string,
): Violation[] {
  return [
    ...emptyTextViolations(types, fieldAt(path, 'types')),
    ...emptyTextViolations(names, fieldAt(path, 'names')),
    ...(access.length === 0 ? [violation(fieldAt(path, 'access'), NO_ELEMENT)] : []),
    ...when.flatMap((condition, i) => conditionViolations(condition, itemAt(fieldAt(path, 'when'), i))),
  ]
}

/** An empty name is for nothing: a slip that would hide what was meant. */
function emptyTextViolations(texts: readonly string[], path: string): Violation[] {
  return texts.flatMap((text, i) => (text === '' ? [violation(itemAt(path, i), 'cannot be empty')] : []))
}

function conditionViolations(condition: AccessCondition, path: string): Violation[] {
  const { targetRef, to, from, dpToken } = condition
  // one without any field would hold always
  if (Object.values(condition).every(value => value === undefined))
    return [violation(path, 'cannot be empty')]
  const target = (ref: AccessCondition['targetRef'], name: string): Violation[] => {
    const field = fieldAt(path, name)
    return ref === undefined
      ? [violation(field, 'must be defined')]
      : targetRefViolations(ref, field, ANY_TARGET)
  }
  return [
    ...(targetRef === undefined ? [] : target(targetRef, 'targetRef')),
    ...(to === undefined ? [] : target(to.targetRef, 'to.targetRef')),
    ...(from === undefined ? [] : target(from.targetRef, 'from.targetRef')),
    ...(['sources', 'destinations', 'selectors'] as const).flatMap(name => {
      const found = condition[name]
      return found === undefined ? [] : tagsViolations(found.match, fieldAt(path, `${name}.match`))
    }),
    ...(dpToken === undefined ? [] : tokenViolations(dpToken.tags ?? [], fieldAt(path, 'dpToken.tags'))),
  ]
}

/** As a selector, and `*` may be anywhere in a value. */
function tagsViolations(tags: z.infer<typeof tagsSchema> | undefined, path: string): Violation[] {
  const plain = Object.entries(tags ?? {}).map(([name, value]) => [name, value.replaceAll('*', 'x')])
  return selectorViolations(Object.fromEntries(plain), path)
}

function tokenViolations(
  tags: readonly { readonly name?: string | undefined; readonly value?: string | undefined }[],
  path: string,
): Violation[] {
  if (tags.length === 0) return [violation(path, NO_ELEMENT)]
  return tags.flatMap(({ name = '', value = '' }, i) => [
    ...(name === '' ? [violation(fieldAt(itemAt(path, i), 'name'), 'cannot be empty')] : []),
    ...(value === '' ? [violation(fieldAt(itemAt(path, i), 'value'), 'cannot be empty')] : []),
  ])
}
