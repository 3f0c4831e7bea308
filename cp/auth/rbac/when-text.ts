/**
 * Rules whose `when` is what stands between a user and a change or a token → the words of a refusal that say so, with
 * the clauses as they could stand in the AccessRole.
 */
import type { Rule } from './roles.ts'

/** More are only counted: roles may be long, answers not. */
const RULES_NAMED = 3
const CLAUSES_NAMED = 3
const LONGEST_CLAUSE = 200

/** `the role api-owner has it only when {targetRef: {kind: MeshService, name: api}}`. */
export function whenText(rules: readonly Rule[]): string {
  const named = rules.slice(0, RULES_NAMED).map(({ role, when }) => {
    const clauses = when.slice(0, CLAUSES_NAMED).map(clause => shortened(flowText(clause)))
    const more = when.length > CLAUSES_NAMED ? [`${when.length - CLAUSES_NAMED} more`] : []
    return `the role ${role} has it only when ${[...clauses, ...more].join(' or ')}`
  })
  const more = rules.length > RULES_NAMED ? [`${rules.length - RULES_NAMED} more rules have conditions`] : []
  return [...named, ...more].join(', ')
}

function shortened(text: string): string {
  return text.length > LONGEST_CLAUSE ? `${text.slice(0, LONGEST_CLAUSE)}…` : text
}

/** YAML on one line. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => `${flowText(key)}: ${flowText(field)}`)
    return `{${fields.join(', ')}}`
  }
  return typeof value === 'string' && PLAIN.test(value) ? value : (JSON.stringify(value) ?? 'null')
}

const PLAIN = /^[A-Za-z][\w./-]*$/
