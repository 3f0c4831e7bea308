/** Hash policies of a MeshLoadBalancingStrategy (kuma-api 4.12): what of a request decides on its endpoint. */
import { z } from 'zod'
import { fieldAt, itemAt } from '../field-path.ts'
import { goDuration, violation } from '../fields.ts'
import type { Violation } from '../kind.ts'
import { optional, required } from '../schema/doc.ts'

const name = (description: string) => required(z.string().min(1), description, { rule: 'not empty' })

const hashPolicySchema = z.object({
  type: required(
    z.enum(['Header', 'Cookie', 'Connection', 'SourceIP', 'QueryParameter', 'FilterState']),
    'What the hash is made of; the field of that name says more. SourceIP is the older name of Connection.',
  ),
  terminal: optional(z.boolean(), 'Leave out the rest of the list if there is a hash by now.', {
    default: 'false',
  }),
  header: optional(z.object({ name: name('Name of the header.') }), 'A header of the request.', {
    rule: 'with type Header',
  }),
  cookie: optional(
    z.object({
      name: name('Name of the cookie.'),
      ttl: optional(goDuration, 'Life of a cookie that is made where the request has none.', {
        default: 'none is made',
        unit: 'duration such as 1m30s',
      }),
      path: optional(z.string(), 'Path of that cookie.', { rule: 'starts with `/`' }),
    }),
    'A cookie of the request.',
    { rule: 'with type Cookie' },
  ),
  connection: optional(
    z.object({ sourceIP: optional(z.boolean(), 'Whether the address of the client counts.') }),
    'The connection of the client.',
    { rule: 'with type Connection or SourceIP' },
  ),
  queryParameter: optional(
    z.object({ name: name('Name of the parameter; upper and lower case differ.') }),
    'A parameter of the query.',
    { rule: 'with type QueryParameter' },
  ),
  filterState: optional(z.object({ key: name('Key of the state.') }), 'State that another filter left.', {
    rule: 'with type FilterState',
    unenforced: { message: 'there is no such state: calls have no hash of it' },
  }),
})

type HashPolicy = z.infer<typeof hashPolicySchema>

/** A field for a list of them. */
export function hashPoliciesField(description: string, rule: string) {
  return optional(z.array(hashPolicySchema), description, { rule })
}

/** @param path of the list */
export function hashPoliciesViolations(
  policies: readonly HashPolicy[] | undefined,
  path: string,
): Violation[] {
  return (policies ?? []).flatMap((policy, i) => {
    const section = SECTIONS[policy.type]
    if (section !== null && policy[section] === undefined) {
      return [violation(fieldAt(itemAt(path, i), section), 'must be defined')]
    }
    const { cookie } = policy
    const isRelative = cookie?.path !== undefined && !cookie.path.startsWith('/')
    return policy.type === 'Cookie' && isRelative
      ? [violation(fieldAt(itemAt(path, i), 'cookie.path'), 'must be an absolute path')]
      : []
  })
}

/** Warnings of the older type name. @param path of the list */
export function hashPoliciesWarnings(policies: readonly HashPolicy[] | undefined, path: string): string[] {
  return (policies ?? []).flatMap(({ type }, i) =>
    type === 'SourceIP'
      ? [`SourceIP type for '${fieldAt(itemAt(path, i), 'type')}' is deprecated, use Connection instead`]
      : [],
  )
}

/** Which field goes with a type; SourceIP says enough by itself: documents of 2.5 have nothing more. */
const SECTIONS = {
  Header: 'header',
  Cookie: 'cookie',
  Connection: 'connection',
  SourceIP: null,
  QueryParameter: 'queryParameter',
  FilterState: 'filterState',
} as const
